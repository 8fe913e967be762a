/** How many iterations of a boosted model are used: the option `numIteration`. */
import { ForwardpassError } from '../errors.ts';

/**
 * The number of iterations to use, from the first on; 0 or less means `all`. Throws `OPTION` if there are fewer than
 * asked for.
 */
export function iterationsUsed(asked: number | undefined, all: number): number {
  if (asked === undefined || asked <= 0) return all;
  if (asked <= all) return asked;
  throw refuseIterations(`expected at most ${all}, the iterations of the model, found ${asked}; 0 means all of them`);
}

export function refuseIterations(message: string): ForwardpassError {
  return new ForwardpassError('OPTION', message, 'numIteration');
}
