/**
 * Values that are equal everywhere or along some axes: broadcasts to a shape, filled constants, and ranges of numbers.
 */
import { formatShape } from '../../graph/shapes.ts';
import type { GraphBuilder } from './builder.ts';
import { type Dimension, dimensionsOf, shapeInWords } from './dimensions.ts';
import { batchAxisOf } from './emitter.ts';
import { type Constant, type ElementType, literal, range, type Value } from './value.ts';

/** Broadcast to exactly the shape. A constant becomes a value per row if the shape includes the batch. */
export function broadcastTo(build: GraphBuilder, x: Value, dims: readonly Dimension[]): Value {
  build.checkRank(dims);
  const ownAxis = batchAxisOf(x);
  const fromEnd = ownAxis === undefined ? undefined : build.rank(x) - ownAxis;
  const axis = fromEnd === undefined ? dims.findIndex(({ rows }) => rows !== 0) : dims.length - fromEnd;
  const sizes = dims.map(({ size }) => size);
  if (axis < 0 && fromEnd === undefined) return build.expanded(x, sizes);
  const others = dims.toSpliced(axis, 1);
  if (axis < 0 || !isBatch(build, dims[axis]) || others.some(({ rows }) => rows !== 0)) {
    throw build.crossing(`a value of shape ${formatShape(x.shape)} cannot be broadcast to ${shapeInWords(dims)}`);
  }
  const { rows } = dims[axis];
  const shape = sizes.toSpliced(axis, 1);
  if (x.kind === 'row') {
    if (rows > 1) throw build.crossing(`rows cannot be broadcast to ${shapeInWords(dims)}`);
    return build.expanded(x, shape, axis);
  }
  const own = axis - dims.length + x.shape.length;
  const target = rows > 1 ? shape.toSpliced(axis, 0, rows) : shape;
  const block =
    own < 0 ? build.everyRow(build.expanded(x, target), axis) : build.expanded(build.asRow(x, own), target, axis);
  return rows > 1 ? { ...block, merged: true } : block;
}

function isBatch({ declaredBatch }: GraphBuilder, { size, rows }: Dimension): boolean {
  return rows === 0 ? size === declaredBatch : size === 0;
}

/** The shape that `x` and the other shape broadcast to: if one of two sizes is 1, the other applies. */
export function joinedDimensions(build: GraphBuilder, x: Value, others: readonly Dimension[]): Dimension[] {
  const own = dimensionsOf(x);
  const rank = Math.max(own.length, others.length);
  return range(0, rank, 1).map((axis) => {
    const [a, b] = [own[axis - rank + own.length], others[axis - rank + others.length]];
    if (a === undefined || b === undefined) return a ?? b;
    return isOne(a) || (a.rows === 0 && b.rows !== 0 && isBatch(build, a))
      ? b
      : isOne(b) || isSame(build, a, b)
        ? a
        : b;
  });
}

function isOne({ size, rows }: Dimension): boolean {
  return size === 1 && rows === 0;
}

/** Also true for the batch if the other is the batch size in the file. */
function isSame(build: GraphBuilder, a: Dimension, b: Dimension): boolean {
  return (a.size === b.size && a.rows === b.rows) || (a.rows !== 0 && isBatch(build, b));
}

/** One number everywhere; if the shape includes the batch, a value per row. */
export function filled(build: GraphBuilder, value: Value, dims: readonly Dimension[]): Value {
  build.checkRank(dims);
  const wrong = dims.find(({ size, rows }) => !Number.isInteger(size) || size < 0 || rows < 0);
  if (wrong !== undefined) throw build.error('SHAPE', `expected a shape, found ${shapeInWords(dims)}`);
  if (value.kind === 'row') return broadcastTo(build, value, dims);
  return broadcastTo(build, build.reshaped(value, []), dims);
}

/** One number for every element of another value. */
export function filledLike(build: GraphBuilder, x: Value, value: number, type: ElementType = x.type): Value {
  const block = build.expanded(literal(type, [value]), x.shape);
  return x.kind === 'row' ? { ...build.everyRow(block, x.batchAxis), ...sharing(x) } : block;
}

function sharing({ merged, stacked }: { readonly merged?: boolean; readonly stacked?: boolean }) {
  return { ...(merged && { merged }), ...(stacked && { stacked }) };
}

/** Numbers from `start` up to but excluding `limit`, in steps. */
export function counted(build: GraphBuilder, type: ElementType, start: number, limit: number, step: number): Constant {
  const count = Math.max(Math.ceil((limit - start) / step), 0);
  if (!(count <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `a range of ${count} numbers is too long`);
  }
  // Once as a list, once as the tensor.
  build.spend(2 * count);
  return literal(type, range(start, limit, step), [count]);
}
