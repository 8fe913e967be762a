/** The error for ids that are floats. */
import { ForwardpassError } from '../../errors.ts';
import type { Value } from '../tensors/value.ts';

/** If a file does not say the types of its inputs, this error shows which of them hold integers. */
export class FloatIds extends ForwardpassError {
  readonly ids: Value;

  constructor(ids: Value, place: string) {
    super('UNSUPPORTED_DTYPE', `expected integers as ids, found ${ids.type}`, place);
    this.ids = ids;
  }
}
