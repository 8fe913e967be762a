/** How many iterations of a boosted model are used: the option `numIteration`. */
import { ForwardpassError } from '../errors.ts';

/** Of `all` those asked for, from the first on; 0 or less asks for all. Throws `OPTION` where there are fewer. */
export function iterationsUsed(asked: number | undefined, all: number): number {
  if (asked === undefined || asked <= 0) return all;
  if (asked <= all) return asked;
  throw refuseIterations(`expected at most ${all}, the iterations of the model, found ${asked}; 0 means all of them`);
}

export function refuseIterations(message: string): ForwardpassError {
  return new ForwardpassError('OPTION', message, 'numIteration');
}
