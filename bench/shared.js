/**
 * Resident memory of a process whose worker threads run one model of 150 MB: attached to it, or each with its own; and of
 * the same threads without any. Each in its own process, after the garbage is gone. With arguments it is that process.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { byteCount } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { saveResult } from './lib/results.js';

const WIDTH = 6144;
const MOST_MEMORY = 1.1;
const script = fileURLToPath(import.meta.url);
const [way, workers] = process.argv.slice(2);

if (!isMainThread) await work();
else if (way === undefined) measureAll();
else console.log(await measure(way, Number(workers)));

async function makeModel() {
  const { define } = await import('../dist/index.js');
  const data = new Float32Array(WIDTH * WIDTH).fill(1 / WIDTH);
  return define({ layers: [{ weight: { shape: [WIDTH, WIDTH], data } }] }, { precision: 'f32' });
}

/** Until nothing is left that nobody holds. */
async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await sleep(20);
  }
}

async function work() {
  const { define, Model } = await import('../dist/index.js');
  const { handle, way } = workerData;
  const own = way === 'own' ? makeModel() : define({ layers: [{ weight: 1 }] }, { precision: 'f32' });
  const model = handle === undefined ? await own : Model.attach(handle);
  const y = model.run(new Float32Array(model.inputs[0].shape[1]).fill(1));
  if (!y.every((value) => Math.abs(value - 1) < 1e-3)) throw new Error('a wrong result');
  await collect();
  parentPort.postMessage('ready');
  // The thread lives on, with its model.
  parentPort.on('message', () => model.dispose());
}

/** Bytes. @param {string} way @param {number} workers */
async function measure(way, workers) {
  const model = way === 'shared' ? await makeModel() : undefined;
  const options = { workerData: { way, handle: model?.share() } };
  for (let i = 0; i < workers; i++) await once(new Worker(script, options), 'message');
  await collect();
  console.log(process.memoryUsage().rss);
  process.exit();
}

function measureAll() {
  const rss = (way, workers) =>
    Number(execFileSync(process.execPath, ['--expose-gc', script, way, String(workers)], { encoding: 'utf8' }));
  const [none1, none8] = [rss('none', 1), rss('none', 8)];
  const [shared1, shared8, own8] = [rss('shared', 1), rss('shared', 8), rss('own', 8)];
  const model = [shared1 - none1, shared8 - none8, own8 - none8];
  console.log('                                  process   of it the model');
  const row = (title, ...bytes) =>
    console.log(title.padEnd(30), ...bytes.map((count) => byteCount(count).padStart(10)));
  row('1 thread, no model', none1);
  row('8 threads, no model', none8);
  row('1 thread, attached', shared1, model[0]);
  row('8 threads, attached', shared8, model[1]);
  row('8 threads, a model each', own8, model[2]);
  const times = model[1] / model[0];
  console.log(`The model of eight threads takes ${times.toFixed(3)} times that of one (target: under ${MOST_MEMORY}).`);
  saveResult('shared', { machine: describeMachine(), none1, none8, shared1, shared8, own8 });
  process.exitCode = times < MOST_MEMORY ? 0 : 1;
}
