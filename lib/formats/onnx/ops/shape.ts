/** Operators that rearrange elements or return shapes. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { squeezed, withOne } from '../../tensors/axes.ts';
import { type Dimension, dimensions, dimensionsOf, shapeOf } from '../../tensors/dimensions.ts';
import { broadcastTo, joinedDimensions } from '../../tensors/filling.ts';
import { reshape } from '../../tensors/reshape.ts';
import { sliced } from '../../tensors/slicing.ts';
import { range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

/** Since opset 15, only a part may be requested. */
function shape(call: OnnxCall): Value {
  const start = { size: call.integer('start', 0), rows: 0 };
  const end = call.hasAttribute('end') ? { size: call.integer('end', 0), rows: 0 } : undefined;
  return sliced(call.build, shapeOf(call.input(0), 'int64'), 0, { start, end, step: 1 });
}

function size(call: OnnxCall): Value {
  return call.build.reduce(shapeOf(call.input(0), 'int64'), 'prod', [0], false);
}

/** The shape is an attribute before opset 5 and an input since; a size of 0 may copy that of the same axis. */
function reshaped(call: OnnxCall): Value {
  const x = call.input(0);
  const copiesZero = !call.flag('allowzero', false);
  const target = call.opset < 5 ? call.integersConstant('shape') : call.constant(1);
  call.build.checkRank(target.data);
  const own = dimensionsOf(x);
  const isCopy = ({ size, rows }: Dimension) => size === 0 && rows === 0 && copiesZero;
  const given = dimensions(target);
  const dims = given.map((dim, axis) => (isCopy(dim) ? (own[axis] ?? NO_SIZE) : dim));
  return reshape(call.build, x, dims, given);
}

const NO_SIZE: Dimension = { size: Number.NaN, rows: 0 };

/** Into two dimensions, split at `axis`. */
function flatten(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const rank = build.rank(x);
  const given = call.integer('axis', 1);
  const axis = given === rank ? rank : build.axis(given, rank);
  const own = dimensionsOf(x);
  return reshape(build, x, [own.slice(0, axis), own.slice(axis)].map(product));
}

/** The product of dimensions, of which at most one is the batch or a multiple of it. */
function product(dims: readonly Dimension[]): Dimension {
  const batch = dims.find(({ rows }) => rows > 0);
  const count = elementCount(dims.filter((dim) => dim !== batch).map(({ size }) => size));
  return batch ? { size: 0, rows: batch.rows * count } : { size: count, rows: 0 };
}

/** Axes are those of the result. */
function unsqueeze(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const given = call.integersOrInput('axes', 1);
  if (given === undefined) throw call.error('MALFORMED', 'axes are missing');
  const rank = build.rank(x) + given.length;
  build.checkRank(given);
  const axes = [...new Set(given.map((axis) => build.axis(axis, rank)))].sort((a, b) => a - b);
  if (axes.length !== given.length) throw call.error('SHAPE', `the axes ${formatShape(given)} contain a duplicate`);
  return axes.reduce<Value>((sofar, axis) => withOne(build, sofar, axis), x);
}

function transpose(call: OnnxCall): Value {
  const x = call.input(0);
  return call.build.transpose(x, call.integers('perm') ?? range(call.build.rank(x) - 1, -1, -1));
}

/** Broadcasts in both directions. */
function expand(call: OnnxCall): Value {
  const x = call.input(0);
  const target = call.constant(1);
  call.build.checkRank(target.data);
  return broadcastTo(call.build, x, joinedDimensions(call.build, x, dimensions(target)));
}

export const shaping: Translations = {
  Shape: shape,
  Size: size,
  Reshape: reshaped,
  Flatten: flatten,
  Squeeze: (call) => squeezed(call.build, call.input(0), call.integersOrInput('axes', 1)),
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
};
