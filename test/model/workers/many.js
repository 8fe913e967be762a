/** One addon in sixteen threads at once, all of which must find the results that the main thread finds. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { define } from './forwardpass.js';

const [width, rows] = [48, 100];
const weight = { shape: [width, width], data: Float32Array.from({ length: width * width }, (_, i) => Math.sin(i)) };
const model = define({ layers: [{ weight, activation: 'tanh' }, { weight }] });
const x = Float32Array.from({ length: rows * width }, (_, i) => Math.cos(i));

async function results() {
  const call = model.bind({ batch: rows });
  call.input.set(x);
  call.run();
  return [model.run(x), await model.runAsync(x), call.output];
}

if (isMainThread) {
  const wanted = model.run(x);
  const workers = Array.from({ length: 16 }, () => new Worker(new URL(import.meta.url)));
  const exits = workers.map((worker) => once(worker, 'exit'));
  const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const [found] of answers) for (const y of found) assert.deepEqual(y, wanted);
  assert.deepEqual(await Promise.all(exits), new Array(16).fill([0]));
} else {
  const found = await results();
  for (let i = 0; i < 20; i++) assert.deepEqual(await results(), found);
  parentPort?.postMessage(found);
}
