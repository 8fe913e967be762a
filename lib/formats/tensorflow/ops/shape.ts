/** Operators that say or change how elements are arranged. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { withAxis, without } from '../../tensors/builder.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { type Dimension, dimensions, reshapeRows, shapeInWords } from '../../tensors/reshape.ts';
import { type Constant, constant, literal, range } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';
import type { Value } from '../value.ts';

/** The shape that the graph sees; the batch is kept as a symbol, and so is a multiple of it. */
function shapeOf(call: Call, x: Value): Constant {
  const type = call.type('out_type', 'int32');
  const batchAxis = batchAxisOf(x);
  if (batchAxis === undefined) return literal(type, x.shape, [x.shape.length]);
  const isMerged = x.kind === 'row' && x.merged;
  const data = Float64Array.from(x.shape.toSpliced(batchAxis, isMerged ? 1 : 0, 0));
  const batch = new Float64Array(data.length);
  batch[batchAxis] = isMerged ? x.shape[batchAxis] : 1;
  return constant(type, [data.length], data, batch);
}

function size(call: Call): Value {
  return call.build.reduce(shapeOf(call, call.input(0)), 'prod', [0], false);
}

function rank(call: Call): Value {
  return literal('int32', [call.build.rank(call.input(0))]);
}

function reshape(call: Call): Value {
  const { build } = call;
  const [x, target] = [call.input(0), call.constant(1)];
  build.checkRank(target.data);
  if (x.kind === 'row' && x.batchAxis !== undefined) {
    const reshaped = reshapeRows(build, x, dimensions(target));
    if (reshaped !== undefined && !reshaped.stacked) return reshaped;
    const rows = `a batch of rows of shape ${formatShape(x.shape)}`;
    throw build.crossing(`${rows} is reshaped into ${shapeInWords(target)}`);
  }
  if (target.batch) {
    throw build.crossing(`a constant of shape ${formatShape(x.shape)} is reshaped into ${shapeInWords(target)}`);
  }
  return build.reshaped(x, withoutOpen(call, x, Array.from(target.data)));
}

/** −1 replaced by what is left. */
function withoutOpen(call: Call, x: Value, target: readonly number[]): number[] {
  const dims = [...target];
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = elementCount(x.shape) / elementCount(dims.toSpliced(open, 1));
  if (dims.every((dim) => Number.isInteger(dim) && dim >= 0)) return dims;
  throw call.error('SHAPE', `${formatShape(x.shape)} cannot be reshaped into ${formatShape(target)}`);
}

/** Without axes every 1 goes, except that the batch stays the batch when the file has it as 1. */
function squeeze(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const given = call.integers('squeeze_dims').map((axis) => build.ownAxis(x, axis));
  const wide = given.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) throw call.error('SHAPE', `an axis of ${x.shape[wide]} is squeezed; expected 1`);
  const own = new Set(given.length > 0 ? given : [...x.shape.keys()].filter((axis) => x.shape[axis] === 1));
  const kept = x.shape.filter((_, axis) => !own.has(axis));
  return build.reshaped(x, kept, without([...own], batchAxisOf(x)));
}

function expandDims(call: Call): Value {
  return withOne(call, call.input(0), call.number(1));
}

/** With an axis of 1; it is counted in the result. */
export function withOne(call: Call, x: Value, given: number): Value {
  const { build } = call;
  const rank = build.rank(x) + 1;
  const { shape, batchAxis } = withAxis({ shape: x.shape, batchAxis: batchAxisOf(x) }, build.axis(given, rank), 1);
  return build.reshaped(x, shape, batchAxis);
}

/** A shape that holds the batch gives a value per row, the same for each. */
function fill(call: Call): Value {
  const target = call.constant(0);
  const value = call.input(1);
  if (value.kind === 'row') return broadcast(call, value, target);
  return broadcast(call, call.build.reshaped(value, []), target);
}

function broadcastTo(call: Call): Value {
  return broadcast(call, call.input(0), call.constant(1));
}

function broadcast(call: Call, x: Value, given: Constant): Value {
  const { build } = call;
  build.checkRank(given.data);
  const dims = dimensions(given);
  const ownAxis = batchAxisOf(x);
  const fromEnd = ownAxis === undefined ? undefined : build.rank(x) - ownAxis;
  const isBatch = ({ size, rows }: Dimension) => (rows === 0 ? size === build.declaredBatch : size === 0);
  const axis = fromEnd === undefined ? dims.findIndex(({ rows }) => rows !== 0) : dims.length - fromEnd;
  const sizes = dims.map(({ size }) => size);
  if (axis < 0 && fromEnd === undefined) return build.expanded(x, sizes);
  const others = dims.toSpliced(axis, 1);
  if (axis < 0 || !isBatch(dims[axis]) || others.some(({ rows }) => rows !== 0)) {
    throw build.crossing(`a value of shape ${formatShape(x.shape)} is broadcast to ${shapeInWords(given)}`);
  }
  const { rows } = dims[axis];
  const shape = sizes.toSpliced(axis, 1);
  if (x.kind === 'row') {
    if (rows > 1) throw build.crossing(`rows are broadcast to ${shapeInWords(given)}`);
    return build.expanded(x, shape, axis);
  }
  const own = axis - dims.length + x.shape.length;
  const target = rows > 1 ? shape.toSpliced(axis, 0, rows) : shape;
  const block =
    own < 0 ? build.everyRow(build.expanded(x, target), axis) : build.expanded(build.asRow(x, own), target, axis);
  return rows > 1 ? { ...block, merged: true } : block;
}

function filled(call: Call, value: number): Value {
  const x = call.input(0);
  const block = call.build.expanded(call.build.scalar(x, value), x.shape);
  return x.kind === 'row' ? call.build.everyRow(block, x.batchAxis) : block;
}

function constantRange(call: Call): Value {
  const { type } = call.input(0);
  const [start, limit, delta] = [call.number(0), call.number(1), call.number(2)];
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (!(count <= call.build.budget.limits.rowElements))
    throw call.error('LIMIT', `a range of ${count} numbers is too long`);
  call.build.spend(2 * count);
  return literal(type, range(start, limit, delta), [count]);
}

export const shaping: Translations = {
  Shape: (call) => shapeOf(call, call.input(0)),
  ShapeN: (call) => call.all().map((x) => shapeOf(call, x)),
  VariableShape: (call) => shapeOf(call, call.input(0)),
  Size: size,
  Rank: rank,
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Transpose: (call) => call.build.transpose(call.input(0), call.numbers(1)),
  Fill: fill,
  BroadcastTo: broadcastTo,
  ZerosLike: (call) => filled(call, 0),
  OnesLike: (call) => filled(call, 1),
  Range: constantRange,
};
