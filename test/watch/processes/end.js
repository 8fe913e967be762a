/** Watches a file (the first argument) in the way that the second says, and has nothing else to do. */
import { argv, stdout } from 'node:process';
import { watch } from './forwardpass.js';

const [, , path, way] = argv;
const live = await watch(path, { interval: 50, persistent: way === 'persistent' });
stdout.write(`${live.run(new Float32Array(4).fill(1))[0]}`);
if (way === 'persistent') setTimeout(() => live.close(), 200);
