/**
 * forwardpass against itself: weights of bf16 and int8, and two threads, as times faster than float32 on one thread.
 * The bound call of every net of the bench at 1 and 256 rows, in turns within one process.
 */
import { load } from '../dist/index.js';
import { duration, times } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { measure } from './lib/measure.js';
import { NETS, randomRows, reluNet } from './lib/nets.js';
import { writeOnnx } from './lib/onnx-writer.js';
import { saveResult } from './lib/results.js';
import { median } from './lib/stats.js';

const EFFORT = { rounds: 9, trialMilliseconds: 10, warmUpMilliseconds: 60 };
const BATCHES = [1, 256];
/** @type {Record<string, import('../dist/index.js').LoadOptions>} */
const VARIANTS = {
  f32: {},
  bf16: { precision: 'bf16' },
  int8: { precision: 'int8' },
  'two threads': { threads: 2 },
};

const cases = [];
for (const net of NETS) {
  for (const batch of BATCHES) cases.push(await measureCase(net, batch));
}
saveResult('variants', { machine: describeMachine(), rounds: EFFORT.rounds, cases });

/** @param {string} name @param {number} batch */
async function measureCase(name, batch) {
  const net = reluNet(name);
  const [onnx, input] = [writeOnnx(net), randomRows(net, batch)];
  const models = await Promise.all(Object.values(VARIANTS).map((options) => load(onnx, options)));
  const candidates = Object.keys(VARIANTS).map((id, i) => {
    const bound = models[i].bind({ batch });
    bound.input.set(input);
    return { id, isAsync: false, call: bound.run };
  });
  const [plain, ...others] = await measure(candidates, EFFORT);
  for (const model of models) model.dispose();
  const results = others.map(({ id, nanoseconds, rounds }) => ({
    id,
    nanoseconds,
    faster: median(rounds.map((time, round) => plain.rounds[round] / time)),
  }));
  const cells = results.map(({ id, faster }) => `${id} ${times(faster)}`.padEnd(20));
  console.log(
    `${name.padEnd(22)}${String(batch).padStart(4)}  f32 ${duration(plain.nanoseconds).padEnd(10)}${cells.join('')}`,
  );
  return { net: name, batch, nanoseconds: plain.nanoseconds, results };
}
