/**
 * forwardpass against itself: weights of bf16 and int8, and two threads, as times faster than float32 on one thread.
 * The bound call of every net of the bench at 1 and 256 rows, in turns within one process.
 *
 * With `--int8` instead float32, int8 and int8 with one scale for all rows, by their processor time, as a table.
 */
import { argv, cpuUsage } from 'node:process';
import { load } from '../dist/index.js';
import { duration, times } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { measure } from './lib/measure.js';
import { NETS, randomRows, reluNet } from './lib/nets.js';
import { writeOnnx } from './lib/onnx-writer.js';
import { saveResult } from './lib/results.js';
import { staticFile } from './lib/static-file.js';
import { median } from './lib/stats.js';

/** @typedef {{ load: import('../dist/index.js').LoadOptions, static?: boolean }} Variant */

const EFFORT = { rounds: 9, trialMilliseconds: 10, warmUpMilliseconds: 60 };
const INT8_EFFORT = { rounds: 15, trialMilliseconds: 20, warmUpMilliseconds: 60 };
/** @type {Record<string, Variant>} */
const VARIANTS = {
  f32: { load: {} },
  bf16: { load: { precision: 'bf16' } },
  int8: { load: { precision: 'int8' } },
  'two threads': { load: { threads: 2 } },
};
const INT8_NETS = ['28-64-64-2', ...NETS.slice(1, -1)];
/** @type {Record<string, Variant>} */
const INT8_VARIANTS = {
  f32: { load: {} },
  int8: { load: { precision: 'int8' } },
  'static int8': { load: {}, static: true },
};

if (argv.includes('--int8')) await compareInt8();
else await compareAll();

async function compareAll() {
  const cases = [];
  for (const name of NETS) {
    for (const batch of [1, 256]) cases.push(await measureCase(name, batch));
  }
  saveResult('variants', { machine: describeMachine(), rounds: EFFORT.rounds, cases });
}

/** @param {string} name @param {number} batch */
async function measureCase(name, batch) {
  const [plain, ...others] = await timesOf(name, batch, VARIANTS, EFFORT);
  const results = others.map(({ id, nanoseconds, rounds }) => ({
    id,
    nanoseconds,
    faster: ratio(plain.rounds, rounds),
  }));
  const cells = results.map(({ id, faster }) => `${id} ${times(faster)}`.padEnd(20));
  console.log(
    `${name.padEnd(22)}${String(batch).padStart(4)}  f32 ${duration(plain.nanoseconds).padEnd(10)}${cells.join('')}`,
  );
  return { net: name, batch, nanoseconds: plain.nanoseconds, results };
}

async function compareInt8() {
  console.log('| net | rows | f32 | int8 | static int8 | times int8 | times f32 |');
  console.log('| --- | --: | --: | --: | --: | --: | --: |');
  for (const name of INT8_NETS) {
    for (const batch of [1, 8, 64, 256]) {
      const [whole, rows, all] = await timesOf(name, batch, INT8_VARIANTS, INT8_EFFORT);
      const cells = [whole, rows, all].map(({ nanoseconds }) => duration(nanoseconds));
      cells.push(times(ratio(rows.rounds, all.rounds)), times(ratio(whole.rounds, all.rounds)));
      console.log(`| ${name} | ${batch} | ${cells.join(' | ')} |`);
    }
  }
}

/** @param {readonly number[]} slow @param {readonly number[]} fast */
function ratio(slow, fast) {
  return median(fast.map((time, round) => slow[round] / time));
}

/**
 * @param {string} name @param {number} batch @param {Record<string, Variant>} variants
 * @param {import('./lib/measure.js').Effort} effort
 */
async function timesOf(name, batch, variants, effort) {
  const net = reluNet(name);
  const [onnx, input] = [writeOnnx(net), randomRows(net, batch)];
  const models = await Promise.all(
    Object.values(variants).map((variant) => load(variant.static ? staticFile(net, onnx) : onnx, variant.load)),
  );
  const candidates = Object.keys(variants).map((id, i) => {
    const bound = models[i].bind({ batch });
    bound.input.set(input);
    return variants === VARIANTS
      ? { id, isAsync: false, call: bound.run }
      : { id, time: async (/** @type {number} */ calls) => processorTime(bound.run, calls) };
  });
  const found = await measure(candidates, effort);
  for (const model of models) model.dispose();
  return found;
}

/** Nanoseconds. @param {() => void} call @param {number} calls */
function processorTime(call, calls) {
  const start = cpuUsage();
  for (let i = 0; i < calls; i++) call();
  const { user, system } = cpuUsage(start);
  return (user + system) * 1000;
}
