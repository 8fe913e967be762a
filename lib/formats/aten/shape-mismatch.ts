/** The error for two sizes that differ but must agree. */
import { ForwardpassError } from '../../errors.ts';

/**
 * If a file does not say the widths of its inputs, they are found by trial: `excess` is the difference of the sizes,
 * and its sign the direction to try next.
 */
export class ShapeMismatch extends ForwardpassError {
  readonly excess: number;

  constructor(message: string, place: string, excess: number) {
    super('SHAPE', message, place);
    this.excess = excess;
  }
}
