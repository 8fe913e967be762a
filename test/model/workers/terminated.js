/** A thread that is busy, in the way that its data says, until it is terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { network, ones } from './forwardpass.js';

const model = network(64, 3);
const call = model.bind({ batch: 64 });
const x = ones(512 * 64);

/** @type {Record<string, () => void>} */
const ways = {
  run: () => {
    for (;;) model.run(x);
  },
  bound: () => {
    for (;;) call.run();
  },
  async: () => {
    for (let i = 0; i < 8; i++) void again();
  },
  threads: () => {
    const wide = network(256, 2, 4);
    const rows = ones(2048 * 256);
    for (let i = 0; i < 4; i++) void wide.runAsync(rows);
    for (;;) wide.run(rows);
  },
  // Some of the calls in flight when the thread ends were disposed of, and some belong to models that nobody holds.
  mixed: () => {
    for (let i = 0; i < 4; i++) void again();
    for (let i = 0; i < 4; i++) {
      const other = network(64, 3);
      void other.runAsync(x);
      if (i % 2 === 0) other.dispose();
    }
    setImmediate(() => {
      for (;;) call.run();
    });
  },
};

async function again() {
  for (;;) await model.runAsync(x);
}

// Not within the evaluation of this module: from Node 22 on, V8 itself does not survive when that is terminated.
setImmediate(() => {
  parentPort?.postMessage('ready');
  ways[workerData]();
});
