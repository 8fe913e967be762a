/** Operators that return or change shapes. */
import { squeezed, withOne } from '../../tensors/axes.ts';
import { shapeOf } from '../../tensors/dimensions.ts';
import { broadcastTo, counted, filled, filledLike } from '../../tensors/filling.ts';
import { reshape } from '../../tensors/reshape.ts';
import { type Constant, literal } from '../../tensors/value.ts';
import type { TensorFlowCall, Translations } from '../call.ts';
import type { Value } from '../value.ts';

function shape(call: TensorFlowCall, x: Value): Constant {
  return shapeOf(x, call.type('out_type', 'int32'));
}

function squeeze(call: TensorFlowCall): Value {
  const axes = call.integers('squeeze_dims');
  return squeezed(call.build, call.input(0), axes.length > 0 ? axes : undefined);
}

function range(call: TensorFlowCall): Value {
  return counted(call.build, call.input(0).type, call.number(0), call.number(1), call.number(2));
}

export const shaping: Translations = {
  Shape: (call) => shape(call, call.input(0)),
  ShapeN: (call) => call.all().map((x) => shape(call, x)),
  VariableShape: (call) => shape(call, call.input(0)),
  Size: (call) => call.build.reduce(shape(call, call.input(0)), 'prod', [0], false),
  Rank: (call) => literal('int32', [call.build.rank(call.input(0))]),
  Reshape: (call) => reshape(call.build, call.input(0), call.dimensions(1)),
  Squeeze: squeeze,
  ExpandDims: (call) => withOne(call.build, call.input(0), call.number(1)),
  Transpose: (call) => call.build.transpose(call.input(0), call.numbers(1)),
  Fill: (call) => filled(call.build, call.input(1), call.dimensions(0)),
  BroadcastTo: (call) => broadcastTo(call.build, call.input(0), call.dimensions(1)),
  ZerosLike: (call) => filledLike(call.build, call.input(0), 0),
  OnesLike: (call) => filledLike(call.build, call.input(0), 1),
  Range: range,
};
