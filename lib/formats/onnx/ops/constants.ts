/** Operators that make a constant. */
import { formatShape } from '../../../graph/shapes.ts';
import { literal, range, type Value } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';

function constantRange(call: Call): Value {
  const type = call.input(0).type;
  const [start, limit, delta] = [0, 1, 2].map((index) => call.number(index) ?? 0);
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (!(count <= call.build.budget.limits.rowElements))
    throw call.error('LIMIT', `a range of ${count} numbers is too long`);
  call.build.spend(2 * count);
  return literal(type, range(start, limit, delta), [count]);
}

/** A shape that holds the batch gives a value per row, the same for each. */
function constantOfShape(call: Call): Value {
  const value = call.tensor('value') ?? literal('float32', [0]);
  const { dims, batchAxis } = call.shape(0);
  if (dims.some((dim) => !Number.isInteger(dim) || dim < 0)) {
    throw call.error('SHAPE', `expected a shape, found ${formatShape(dims)}`);
  }
  if (value.data.length !== 1) throw call.error('SHAPE', `expected one number as value, found ${value.data.length}`);
  const filled = call.build.expanded(call.build.reshaped(value, []), dims);
  return batchAxis === undefined ? filled : call.build.everyRow(filled, batchAxis);
}

/** One of `value`, `value_float`, `value_floats`, `value_int`, `value_ints`. */
function constantNode(call: Call): Value {
  const tensor = call.tensor('value');
  if (tensor) return tensor;
  if (call.hasAttribute('value_float')) return literal('float32', [call.float('value_float', 0)]);
  if (call.hasAttribute('value_int')) return literal('int64', [call.integer('value_int', 0)]);
  const floats = call.floats('value_floats');
  if (floats) return literal('float32', floats, [floats.length]);
  const integers = call.integers('value_ints');
  if (integers) return literal('int64', integers, [integers.length]);
  throw call.error(
    'UNSUPPORTED_DTYPE',
    'the constant is neither a tensor nor a number; strings and sparse ones are not read',
  );
}

export const constants: Translations = {
  Range: constantRange,
  ConstantOfShape: constantOfShape,
  Constant: constantNode,
};
