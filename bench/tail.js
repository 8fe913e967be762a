/**
 * The tail of bound calls at one row: single calls timed for a minute (or --seconds N), by net. Nets whose call is
 * shorter than the clock can time are measured in batches of calls, which hide part of a tail: they are marked.
 */
import { parseArgs } from 'node:util';
import { load } from '../dist/index.js';
import { count, duration, significant } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { randomRows, reluNet } from './lib/nets.js';
import { writeOnnx } from './lib/onnx-writer.js';
import { saveResult } from './lib/results.js';
import { quantile } from './lib/stats.js';

const SUBJECTS = [
  { name: '64-64-32-1', callsPerSample: 20 },
  { name: '256-256-256-10', callsPerSample: 1 },
  { name: '784-512-256-10', callsPerSample: 1 },
];
const WHOLE_SECONDS = 60;
const MOST_SAMPLES = 20_000_000;

const { values: flags } = parseArgs({ options: { seconds: { type: 'string', default: String(WHOLE_SECONDS) } } });
const total = Number(flags.seconds);
const seconds = total / SUBJECTS.length;
if (!(seconds > 0)) throw new Error(`--seconds ${flags.seconds}: expected a number above 0`);

const results = [];
console.log(
  `${''.padEnd(22)}${['samples', 'p50', 'p99', 'p99.9', 'worst', 'p99/p50'].map((name) => name.padStart(10)).join('')}`,
);
for (const { name, callsPerSample } of SUBJECTS) {
  const times = await sample(name, callsPerSample);
  const [p50, p99, p999, worst] = [0.5, 0.99, 0.999, 1].map((q) => quantile(times, q));
  const label = callsPerSample === 1 ? name : `${name} (by ${callsPerSample})`;
  const cells = [count(times.length), ...[p50, p99, p999, worst].map(duration), significant(p99 / p50)];
  console.log(`${label.padEnd(22)}${cells.map((cell) => cell.padStart(10)).join('')}`);
  results.push({ net: name, callsPerSample, samples: times.length, p50, p99, p999, worst });
}
saveResult(total === WHOLE_SECONDS ? 'tail' : 'last', { machine: describeMachine(), seconds: total, results });

/** Nanoseconds a call. @param {string} name @param {number} callsPerSample */
async function sample(name, callsPerSample) {
  const net = reluNet(name);
  const model = await load(writeOnnx(net));
  const call = model.bind({ batch: 1 });
  call.input.set(randomRows(net, 1));
  for (let i = 0; i < 20_000; i++) call.run();

  const times = new Float64Array(MOST_SAMPLES); // beforehand, so that the collector stays out of the tail
  let taken = 0;
  const end = performance.now() + seconds * 1000;
  while (taken < MOST_SAMPLES && performance.now() < end) {
    for (let i = 0; i < 1000 && taken < MOST_SAMPLES; i++) {
      const start = process.hrtime();
      for (let j = 0; j < callsPerSample; j++) call.run();
      const [elapsedSeconds, nanoseconds] = process.hrtime(start);
      times[taken++] = (elapsedSeconds * 1e9 + nanoseconds) / callsPerSample;
    }
  }
  model.dispose();
  return times.subarray(0, taken);
}
