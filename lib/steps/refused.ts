/** What a model with functions of its caller cannot do. */
import { ForwardpassError } from '../errors.ts';
import type { OwnStep } from '../graph/graph.ts';
import { quote } from '../messages.ts';

/** What cannot be done with functions of the caller. */
export function refusedSteps(steps: readonly OwnStep[], what: string): ForwardpassError {
  const [{ name, place }] = steps;
  const message = `computes ${quote(name)} by a function of yours, which ${what}`;
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}
