/** Prints the instruction set of a model, or why there is none. */
import { argv, stdout } from 'node:process';
import { define } from './forwardpass.js';

try {
  const isa = /** @type {'scalar' | undefined} */ (argv[2]);
  stdout.write(define({ layers: [{ weight: 1 }] }, { isa }).isa);
} catch (error) {
  const { code, message } = /** @type {import('../../../lib/index.ts').ForwardpassError} */ (error);
  stdout.write(`${code}: ${message}`);
}
