/**
 * What `runAsync` leaves of the event loop: while a batch of about 100 ms runs off it, a timer of 5 ms must fire on
 * time. Prints how late it is, beside an idle loop and beside the same work done by `run`.
 */
import { load } from '../dist/index.js';
import { duration } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { randomRows, reluNet } from './lib/nets.js';
import { writeOnnx } from './lib/onnx-writer.js';
import { saveResult } from './lib/results.js';
import { median, quantile } from './lib/stats.js';

const NET = '1024-1024-512-256-1';
const WORK_MILLISECONDS = 100;
const PERIOD_MILLISECONDS = 5;
const REPEATS = 20;

const net = reluNet(NET);
const model = await load(writeOnnx(net));
const batch = await batchOf(WORK_MILLISECONDS);
const [x, y] = [randomRows(net, batch), new Float32Array(batch)];

const subjects = {
  'an idle loop': () => new Promise((resolve) => setTimeout(resolve, WORK_MILLISECONDS)),
  'runAsync(x, y)': () => model.runAsync(x, y),
  'run(x, y)': async () => model.run(x, y),
};

console.log(
  `${NET}, ${batch} rows a call; how late a timer of ${PERIOD_MILLISECONDS} ms fires during ${REPEATS} calls\n`,
);
console.log(
  `${''.padEnd(16)}${'call'.padStart(10)}${'median'.padStart(10)}${'p99'.padStart(10)}${'worst'.padStart(10)}`,
);
const results = [];
for (const [name, work] of Object.entries(subjects)) {
  const { call, lateness } = await observe(work);
  const result = { name, call, p50: median(lateness), p99: quantile(lateness, 0.99), worst: Math.max(...lateness) };
  const cells = [result.call, result.p50, result.p99, result.worst].map((time) => duration(time).padStart(10));
  console.log(`${name.padEnd(16)}${cells.join('')}`);
  results.push(result);
}
model.dispose();
saveResult('async', { machine: describeMachine(), net: NET, batch, periodMilliseconds: PERIOD_MILLISECONDS, results });

/** Rows that take about so long. @param {number} milliseconds */
async function batchOf(milliseconds) {
  const probe = randomRows(net, 256);
  const output = new Float32Array(256);
  const times = [];
  for (let i = 0; i < 20; i++) {
    const start = process.hrtime.bigint();
    await model.runAsync(probe, output);
    times.push(Number(process.hrtime.bigint() - start));
  }
  return Math.round((256 * milliseconds * 1e6) / median(times));
}

/** Nanoseconds of one call, and by how many each timer was late during the calls. @param {() => Promise<unknown>} work */
async function observe(work) {
  /** @type {number[]} */
  const lateness = [];
  const calls = [];
  for (let i = 0; i < REPEATS; i++) {
    let last = process.hrtime.bigint();
    const onTime = () => {
      const now = process.hrtime.bigint();
      // Timers count whole milliseconds, so that they may fire up to one early.
      lateness.push(Math.max(0, Number(now - last) - PERIOD_MILLISECONDS * 1e6));
      last = now;
    };
    const timer = setInterval(onTime, PERIOD_MILLISECONDS);
    const start = process.hrtime.bigint();
    await work();
    calls.push(Number(process.hrtime.bigint() - start));
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MILLISECONDS)); // the last timer may still be due
    clearInterval(timer);
  }
  return { call: median(calls), lateness };
}
