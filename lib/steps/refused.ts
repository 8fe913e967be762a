/** The error for what a model with functions of the caller cannot do. */
import { ForwardpassError } from '../errors.ts';
import type { OwnStep } from '../graph/graph.ts';
import { quote } from '../messages.ts';

/** The error for what cannot be done with functions of the caller. */
export function refusedSteps(steps: readonly OwnStep[], what: string): ForwardpassError {
  const [{ name, place }] = steps;
  const message = `computes ${quote(name)} by a function of the caller, which ${what}`;
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}
