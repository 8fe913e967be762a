/**
 * Rounds of up to fifty threads at once, each loading models or attaching to those of others, at work of every kind until
 * it is terminated at some moment; shared models are disposed of meanwhile; and processes that exit with all of that in
 * flight. Ends well if nothing crashes, hangs or finds a wrong result.
 *
 *     node test/model/workers/stress.js --rounds 1000 [--seed 1] [--workers 50] [--seconds 500]
 *
 * Prints what was done. With --seconds it stops after the round in which these are over.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { argv, execPath, exit, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { network, ones, rowsOf } from './forwardpass.js';
import { randomFrom } from './random.js';

/** @typedef {import('../../../lib/index.ts').Model} Model */
/** @typedef {import('../../../lib/index.ts').ModelHandle} ModelHandle */
/** @typedef {ReturnType<typeof startWorker>} Started */

const WAYS = ['run', 'bound', 'async', 'threads', 'mixed', 'attach', 'share'];
const counts = { rounds: 0, workers: 0, terminated: 0, handles: 0, exits: 0 };
const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '50' },
    seconds: { type: 'string', default: 'Infinity' },
    exit: { type: 'boolean', default: false },
  },
});
const most = Number(options.workers);
const random = randomFrom(Number(options.seed));

/** For a round: what the main thread shares. */
function sharedModels() {
  return [network(64, 3), network(256, 2, 2), network(64, 1)];
}

/** @param {readonly ModelHandle[]} handles */
function startWorker(handles) {
  const workerData = { way: WAYS[random(WAYS.length)], seed: random(2 ** 30), handles };
  const worker = new Worker(new URL('stressed.js', import.meta.url), { workerData });
  counts.workers++;
  const ended = once(worker, 'exit').then(([code]) => code);
  const ready = once(worker, 'message');
  return { worker, ready, ended };
}

/** Handles that threads share go to some other thread, which finds a model or learns that there is none. @param {Started[]} started */
function relay(started) {
  for (const { worker } of started) {
    worker.on('message', (/** @type {unknown} */ message) => {
      if (typeof message !== 'object' || message === null) return;
      counts.handles++;
      started[random(started.length)].worker.postMessage(message);
    });
  }
}

/** Starts threads, and returns when all of them are at work. @param {readonly Model[]} models @param {number} count */
async function startRound(models, count) {
  const handles = models.map((model) => model.share());
  const started = Array.from({ length: count }, () => startWorker(handles));
  relay(started);
  await Promise.all(started.map(({ ready }) => ready));
  return started;
}

async function round() {
  const models = sharedModels();
  // Every tenth round is of as many as there may be.
  const started = await startRound(models, counts.rounds % 10 === 0 ? most : 1 + random(Math.min(most, 10)));
  const pending = models.map((model) => model.runAsync(rowsOf(model, 128)));
  const disposing = models.map(async (model) => {
    await sleep(random(40));
    if (random(2) === 0) model.dispose();
  });
  const ending = started.map(async ({ worker, ended }) => {
    await sleep(random(40));
    await worker.terminate();
    counts.terminated++;
    assert.equal(await ended, 1);
  });
  await Promise.all([...ending, ...disposing]);
  for (const y of await Promise.all(pending)) assert.ok(y.every((value) => value === 1));
  for (const model of models) model.dispose();
  counts.rounds++;
}

/** A process of its own ends with threads and calls in flight. */
async function exitProcess() {
  const args = ['--exit', '--workers', String(1 + random(8)), '--seed', String(random(2 ** 30))];
  const child = spawn(execPath, [fileURLToPath(import.meta.url), ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  assert.deepEqual(await once(child, 'exit'), [7, null]);
  counts.exits++;
}

async function exitAtWork() {
  const models = sharedModels();
  await startRound(models, most);
  for (const model of models) for (let i = 0; i < 4; i++) void model.runAsync(rowsOf(model, 512));
  await sleep(random(20));
  if (random(2) === 0) models[random(3)].dispose();
  exit(7);
}

if (options.exit) await exitAtWork();

const end = Date.now() + 1000 * Number(options.seconds);
while (counts.rounds < Number(options.rounds) && Date.now() < end) {
  await round();
  if (counts.rounds % 4 === 0) await exitProcess();
}
const model = network(64, 3);
assert.deepEqual(await model.runAsync(ones(64)), ones(64));
stdout.write(`${JSON.stringify(counts)}\n`);
