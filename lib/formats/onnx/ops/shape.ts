/** Operators that rearrange elements, or say how they are arranged. */
import { broadcastShapes, elementCount, formatShape } from '../../../graph/shapes.ts';
import { without } from '../../tensors/builder.ts';
import { batchAxisOf, sharedAxis } from '../../tensors/emitter.ts';
import { type Dimension, dimensions, reshapeRows, shapeInWords, withOne } from '../../tensors/reshape.ts';
import { type Constant, constant, literal, type Row, range, type Value } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';

/** A 1-D constant of a shape; the batch is kept as a symbol, and so is a multiple of it. */
function shapeConstant(x: Value): Constant {
  const batchAxis = batchAxisOf(x);
  if (batchAxis === undefined) return literal('int64', x.shape, [x.shape.length]);
  const shared = sharedAxis(x);
  const axis = shared ?? batchAxis;
  const data = Float64Array.from(x.shape.toSpliced(axis, shared === undefined ? 0 : 1, 0));
  const batch = new Float64Array(data.length);
  batch[axis] = shared === undefined ? 1 : x.shape[axis];
  return constant('int64', [data.length], data, batch);
}

function shape(call: Call): Value {
  const dims = shapeConstant(call.input(0));
  const rank = dims.data.length;
  const clamp = (position: number) => Math.min(Math.max(position < 0 ? position + rank : position, 0), rank);
  return call.build.gather(dims, 0, range(clamp(call.integer('start', 0)), clamp(call.integer('end', rank)), 1));
}

function size(call: Call): Value {
  return call.build.reduce(shapeConstant(call.input(0)), 'prod', [0], false);
}

/** The shape is an attribute before opset 5 and an input since. */
function reshape(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const copiesZero = !call.flag('allowzero', false);
  const target = call.opset < 5 ? call.integersConstant('shape') : call.constant(1);
  build.checkRank(target.data);
  if (x.kind === 'row' && x.batchAxis !== undefined) {
    const own = dimensions(shapeConstant(x));
    const copies = (dim: Dimension) => dim.size === 0 && dim.rows === 0 && copiesZero;
    const dims = dimensions(target).map((dim, axis) => (copies(dim) ? (own[axis] ?? dim) : dim));
    return reshapeRows(build, x, dims) ?? crosses(call, x, shapeInWords(target));
  }
  if (target.batch) throw build.crossing('the shape depends on the batch size');
  return build.reshaped(x, resolve(call, x, Array.from(target.data), copiesZero));
}

function crosses(call: Call, x: Row, into: string): never {
  throw call.build.crossing(`a batch of rows of shape ${formatShape(x.shape)} is reshaped into ${into}`);
}

/** Zeros replaced by the dimension that they copy, and −1 by what is left. */
function resolve(call: Call, x: Value, target: readonly number[], copiesZero: boolean): number[] {
  const dims = target.map((dim, axis) => (dim === 0 && copiesZero ? x.shape[axis] : dim));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = elementCount(x.shape) / elementCount(dims.toSpliced(open, 1));
  if (dims.every((dim) => Number.isInteger(dim) && dim >= 0)) return dims;
  throw call.error('SHAPE', `${formatShape(x.shape)} cannot be reshaped into ${formatShape(target)}`);
}

/** Into two dimensions, split at `axis`. */
function flatten(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const rank = build.rank(x);
  const given = call.integer('axis', 1);
  const axis = given === rank ? rank : build.axis(given, rank);
  if (x.kind === 'row' && x.batchAxis !== undefined) {
    const own = dimensions(shapeConstant(x));
    const [before, after] = [own.slice(0, axis), own.slice(axis)].map(product);
    return reshapeRows(build, x, [before, after]) ?? crosses(call, x, 'a matrix');
  }
  return build.reshaped(x, [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))]);
}

/** Of dimensions of which at most one is the batch, or a multiple of it. */
function product(dims: readonly Dimension[]): Dimension {
  const batch = dims.find(({ rows }) => rows > 0);
  const count = elementCount(dims.filter((dim) => dim !== batch).map(({ size }) => size));
  return batch ? { size: 0, rows: batch.rows * count } : { size: count, rows: 0 };
}

/** Without axes every 1 goes, except that the batch stays the batch when the file has it as 1. */
function squeeze(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const axes = call.integersOrInput('axes', 1);
  build.checkRank(axes ?? []);
  const given = axes?.map((axis) => build.ownAxis(x, axis));
  const wide = given?.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) throw call.error('SHAPE', `an axis of ${x.shape[wide]} is squeezed; expected 1`);
  const own = new Set(given ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1));
  const kept = x.shape.filter((_, axis) => !own.has(axis));
  return build.reshaped(x, kept, without([...own], batchAxisOf(x)));
}

/** Axes are counted in the result. */
function unsqueeze(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const given = call.integersOrInput('axes', 1);
  if (given === undefined) throw call.error('MALFORMED', 'axes are missing');
  const rank = build.rank(x) + given.length;
  build.checkRank(given);
  const axes = [...new Set(given.map((axis) => build.axis(axis, rank)))].sort((a, b) => a - b);
  if (axes.length !== given.length) throw call.error('SHAPE', `the axes ${formatShape(given)} repeat one`);
  return axes.reduce<Value>((sofar, axis) => withOne(build, sofar, axis), x);
}

function transpose(call: Call): Value {
  const x = call.input(0);
  return call.build.transpose(x, call.integers('perm') ?? range(call.build.rank(x) - 1, -1, -1));
}

/** Broadcasts in both directions. Where the batch is, the shape must have the batch too, or 1. */
function expand(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const target = call.shape(1);
  const rank = target.dims.length + (target.batchAxis === undefined ? 0 : 1);
  if (x.kind === 'row' && x.batchAxis !== undefined) {
    const fromEnd = build.rank(x) - x.batchAxis;
    const batchAxis = Math.max(rank, build.rank(x)) - fromEnd;
    return build.expanded(x, joined(call, x.shape, besideBatch(call, target, rank, fromEnd)), batchAxis);
  }
  if (x.kind === 'row' || target.batchAxis === undefined) {
    return build.expanded(x, joined(call, x.shape, target.dims));
  }
  const ownAxis = target.batchAxis - rank + x.shape.length;
  const row = ownAxis < 0 ? build.everyRow(x, target.batchAxis) : build.asRow(x, ownAxis);
  return build.expanded(row, joined(call, row.shape, target.dims), Math.max(target.batchAxis, ownAxis));
}

/** The dimensions of a shape but for the one where the batch is. */
function besideBatch(call: Call, target: ReturnType<Call['shape']>, rank: number, fromEnd: number): number[] {
  const place = rank - fromEnd;
  if (place === target.batchAxis || (place < 0 && target.batchAxis === undefined)) return target.dims;
  const size = target.dims[place];
  if (target.batchAxis !== undefined || (size !== 1 && size !== call.build.declaredBatch)) {
    throw call.build.crossing('the batch is expanded');
  }
  return target.dims.toSpliced(place, 1);
}

/** The shape to which both broadcast, where sizes that differ are 1 on one side. */
function joined(call: Call, own: readonly number[], target: readonly number[]): readonly number[] {
  const shape = broadcastShapes(own, target);
  if (shape) return shape;
  throw call.error('SHAPE', `${formatShape(own)} does not broadcast with ${formatShape(target)}`);
}

export const shaping: Translations = {
  Shape: shape,
  Size: size,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
};
