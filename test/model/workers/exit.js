/** Ends the process, in the way that its argument says, while calls are in flight. */
import { argv, exit, stdout } from 'node:process';
import { network, ones } from './forwardpass.js';

const model = network(256, 4, 2);
const x = ones(2000 * 256);
const pending = Array.from({ length: 12 }, () => model.runAsync(x));

/** @type {Record<string, () => unknown>} */
const ways = {
  exit: () => exit(7),
  'exit in a callback': () => pending[0].then(() => exit(7)),
  'exit after dispose': () => {
    model.dispose();
    exit(7);
  },
  throw: () => {
    throw new Error('thrown on purpose');
  },
  reject: () => Promise.reject(new Error('rejected on purpose')),
  // The process lives until all of them are done.
  nothing: () =>
    Promise.all(pending).then((results) => {
      stdout.write(`${results.length} done`);
    }),
};
ways[argv[2]]();
