/** A thread of stress.js: at work, in the way that its data says, until it is terminated. */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { Model, network, rowsOf } from './forwardpass.js';
import { randomFrom } from './random.js';

/** @typedef {import('../../../lib/index.ts').ModelHandle} ModelHandle */

const random = randomFrom(workerData.seed);
const handles = /** @type {ModelHandle[]} */ (workerData.handles);
const held = /** @type {import('../../../lib/index.ts').Model[]} */ ([]);

/** A model of those that were shared; one of its own if there is none any more. @param {ModelHandle} [handle] */
function attached(handle = handles[random(handles.length)]) {
  try {
    return Model.attach(handle, { threads: 1 + random(2) });
  } catch (error) {
    assert.equal(/** @type {{ code?: string }} */ (error).code, 'HANDLE');
    return network(64, 1);
  }
}

/** @param {ArrayLike<number>} y */
function check(y) {
  for (let i = 0; i < y.length; i++) if (y[i] !== 1) throw new Error(`y[${i}] is ${y[i]}`);
}

/** @param {import('../../../lib/index.ts').Model} model @param {number} rows */
async function again(model, rows) {
  const x = rowsOf(model, rows);
  for (;;) check(await model.runAsync(x));
}

/** @type {Record<string, () => void>} */
const ways = {
  run: () => {
    const model = attached();
    const x = rowsOf(model, 64);
    for (;;) check(model.run(x));
  },
  bound: () => {
    const call = (random(2) === 0 ? attached() : network(64, 3)).bind({ batch: 64 });
    call.input.fill(1);
    for (;;) {
      call.run();
      check(call.output);
    }
  },
  async: () => {
    for (let i = 0; i < 4; i++) void again(attached(), 64);
    for (let i = 0; i < 4; i++) void again(network(64, 2), 64);
  },
  threads: () => {
    const wide = network(256, 2, 2);
    const x = rowsOf(wide, 512);
    for (let i = 0; i < 3; i++) void wide.runAsync(x);
    for (;;) check(wide.run(x));
  },
  // Some of the calls in flight when the thread ends are of models that were disposed of, or that nobody holds.
  mixed: () => {
    for (let i = 0; i < 6; i++) {
      const model = attached();
      void model.runAsync(rowsOf(model, 128));
      if (i % 2 === 0) model.dispose();
    }
    const model = attached();
    setImmediate(() => void again(model, 16));
  },
  // Attached to, run, and left to the collector or disposed of, over and over.
  attach: () => {
    const model = attached();
    check(model.run(rowsOf(model, 2)));
    if (random(2) === 0) void model.runAsync(rowsOf(model, 32)).then(check);
    if (random(2) === 0) model.dispose();
    setImmediate(ways.attach);
  },
  // Shares models of its own, which may be gone before anybody has attached.
  share: () => {
    const model = network(64, 1 + random(3));
    parentPort?.postMessage(model.share());
    held.push(model);
    if (held.length > 4) held.splice(random(4), 1)[0].dispose();
    setTimeout(ways.share, 1);
  },
};

parentPort?.on('message', (handle) => {
  const model = attached(handle);
  check(model.run(rowsOf(model, 1)));
  if (random(2) === 0) void model.runAsync(rowsOf(model, 8)).then(check);
  held.push(model);
});

// Not within the evaluation of this module: from Node 22 on, V8 itself does not survive when that is terminated.
setImmediate(() => {
  parentPort?.postMessage('ready');
  ways[workerData.way]();
});
