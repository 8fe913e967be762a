/** Operators that create a constant. */
import { dimensions } from '../../tensors/dimensions.ts';
import { counted, filled } from '../../tensors/filling.ts';
import { literal, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

function constantRange(call: OnnxCall): Value {
  const [start, limit, delta] = [0, 1, 2].map((index) => call.number(index) ?? 0);
  return counted(call.build, call.input(0).type, start, limit, delta);
}

function constantOfShape(call: OnnxCall): Value {
  const value = call.tensor('value') ?? literal('float32', [0]);
  if (value.data.length !== 1) throw call.error('SHAPE', `expected one number as value, found ${value.data.length}`);
  return filled(call.build, value, dimensions(call.constant(0)));
}

/** One of `value`, `value_float`, `value_floats`, `value_int`, `value_ints`. */
function constantNode(call: OnnxCall): Value {
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
    'the constant is neither a tensor nor a number; strings and sparse tensors are not supported',
  );
}

export const constants: Translations = {
  Range: constantRange,
  ConstantOfShape: constantOfShape,
  Constant: constantNode,
};
