/** Two sizes that must agree and do not. */
import { ForwardpassError } from '../../errors.ts';

/**
 * Where a file does not say how wide its inputs are, their widths are found by trial: `excess` says by how much the
 * sizes differ, and so which way to turn.
 */
export class ShapeMismatch extends ForwardpassError {
  readonly excess: number;

  constructor(message: string, place: string, excess: number) {
    super('SHAPE', message, place);
    this.excess = excess;
  }
}
