/**
 * Ten thousand loaded models: resident memory against the weights, after dispose, and what loading one from bytes
 * takes once warm. Run with --expose-gc, so that memory is counted without garbage.
 */
import { load } from '../dist/index.js';
import { byteCount, duration, percent } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { reluNet } from './lib/nets.js';
import { writeOnnx } from './lib/onnx-writer.js';
import { saveResult } from './lib/results.js';
import { median, quantile } from './lib/stats.js';

const NET = '64-64-32-1';
const MODELS = 10_000;
const WARM_UP = 2000;
/** Without a change for so long, nothing more will come. */
const QUIET_SECONDS = 8;

if (globalThis.gc === undefined) throw new Error('run with node --expose-gc many-models.js');

const net = reluNet(NET);
const onnx = writeOnnx(net);

for (let i = 0; i < WARM_UP; i++) (await load(onnx)).dispose();
const before = await settledMemory();
const models = [];
const times = [];
for (let i = 0; i < MODELS; i++) {
  const start = process.hrtime.bigint();
  models.push(await load(onnx));
  times.push(Number(process.hrtime.bigint() - start));
}
const loadedBytes = (await settledMemory()) - before;
for (const model of models) model.dispose();
const disposedBytes = (await settledMemory()) - before;
models.length = 0;
const releasedBytes = (await settledMemory()) - before;

const weightBytes = 4 * net.parameterCount * MODELS;
const [p50, p99] = [median(times), quantile(times, 0.99)];
console.log(`${MODELS.toLocaleString('en')} models of ${NET}, loaded from ${byteCount(onnx.length)} of ONNX each

weights                            ${byteCount(weightBytes)}
resident memory, all loaded        ${byteCount(loadedBytes)}, ${percent(loadedBytes / weightBytes)} of the weights (target: 120 %)
after dispose() of each            ${byteCount(disposedBytes)}, with their JavaScript objects
after those have gone too          ${byteCount(releasedBytes)}, ${percent(releasedBytes / loadedBytes)} of what was loaded (target: 1 %)
loading one, once warm             ${duration(p50)}, p99 ${duration(p99)} (target: 100 µs)`);
saveResult('many-models', {
  machine: describeMachine(),
  net: NET,
  models: MODELS,
  weightBytes,
  loadedBytes,
  disposedBytes,
  releasedBytes,
  load: { p50, p99 },
});

/**
 * Resident memory when the collector has nothing left to do: what it finds dead is freed in turns of the event loop,
 * and the room that V8 took for new objects while there were many is given back when the process has been idle.
 */
async function settledMemory() {
  let [least, settled] = [Infinity, 0];
  for (let quiet = 0; quiet < QUIET_SECONDS; quiet++) {
    for (let i = 0; i < 4; i++) globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    settled = process.memoryUsage.rss();
    if (settled < 0.995 * least) [least, quiet] = [settled, 0];
  }
  return settled;
}
