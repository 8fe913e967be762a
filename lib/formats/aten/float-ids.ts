/** Ids that are floats. */
import { ForwardpassError } from '../../errors.ts';
import type { Value } from '../tensors/value.ts';

/** Where a file does not say what its inputs hold, this tells which of them hold whole numbers. */
export class FloatIds extends ForwardpassError {
  readonly ids: Value;

  constructor(ids: Value, place: string) {
    super('UNSUPPORTED_DTYPE', `expected whole numbers as ids, found ${ids.type}`, place);
    this.ids = ids;
  }
}
