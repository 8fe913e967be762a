/** Starts threads that run models and terminates them at work; ends well if the process survives and can still run. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { network, ones } from './forwardpass.js';

const WAYS = ['run', 'bound', 'async', 'threads', 'mixed'];
const rounds = Number(argv[2]);

/** @param {number} round */
async function terminate(round) {
  const worker = new Worker(new URL('terminated.js', import.meta.url), { workerData: WAYS[round % WAYS.length] });
  await once(worker, 'message');
  await sleep((round * 7) % 12);
  assert.equal(await worker.terminate(), 1);
}

let next = 0;
async function terminateInTurn() {
  while (next < rounds) await terminate(next++);
}
await Promise.all([terminateInTurn(), terminateInTurn(), terminateInTurn()]);

const model = network(64, 3);
assert.deepEqual(model.run(ones(64)), ones(64));
assert.deepEqual(await model.runAsync(ones(64)), ones(64));
