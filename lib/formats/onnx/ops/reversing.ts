/** ReverseSequence, if it reverses a whole axis of the row. */
import { range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

/**
 * Reverses, for each item along `batch_axis`, as many elements along `time_axis` as its length; here all lengths must
 * be equal.
 */
function reverseSequence(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const rank = build.rank(x);
  const time = build.axis(call.integer('time_axis', 0), rank);
  const batch = build.axis(call.integer('batch_axis', 1), rank);
  if (time === batch) throw call.error('MALFORMED', 'time_axis and batch_axis are the same axis');
  const size = x.shape[build.ownAxis(x, time)];
  const lengths = call.input(1);
  // Lengths for each row of the batch: the constant that is the same for all rows.
  const operand = lengths.kind === 'row' ? lengths.operand : { data: lengths.data };
  if (typeof operand === 'string' || (lengths.kind === 'constant' && lengths.batch !== undefined)) {
    throw call.error('UNSUPPORTED_OP', 'the lengths depend on the input; here they must be constant');
  }
  build.lookThrough(operand.data.length);
  const [length] = operand.data;
  if (!operand.data.every((each) => each === length)) {
    throw call.error('UNSUPPORTED_OP', 'the lengths differ; here they must be equal');
  }
  if (!Number.isInteger(length) || length < 0 || length > size) {
    throw call.error('SHAPE', `a length of ${length} is outside an axis of ${size}`);
  }
  build.checkResults(size);
  return build.gather(x, time, [...range(0, length, 1).reverse(), ...range(length, size, 1)]);
}

export const reversing: Translations = { ReverseSequence: reverseSequence };
