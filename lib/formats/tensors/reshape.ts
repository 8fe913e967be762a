/** Reshapes of values that have the batch among their axes, or merged with one of them. */
import { elementCount, formatShape } from '../../graph/shapes.ts';
import type { GraphBuilder } from './builder.ts';
import { type Dimension, shapeInWords } from './dimensions.ts';
import type { Row, Value } from './value.ts';

/** The same elements in another shape, in which −1 means the remaining size; `given` is that shape for messages. */
export function reshape(build: GraphBuilder, x: Value, dims: readonly Dimension[], given = dims): Value {
  build.checkRank(dims);
  if (x.kind === 'row' && x.batchAxis !== undefined) return reshapeRows(build, x, dims) ?? crosses(build, x, given);
  if (dims.some(({ rows }) => rows !== 0)) return crosses(build, x, given);
  return build.reshaped(x, resolved(build, x, dims));
}

function crosses(build: GraphBuilder, x: Value, dims: readonly Dimension[]): never {
  const what = x.kind === 'row' ? 'a batch of rows' : 'a constant';
  throw build.crossing(`${what} of shape ${formatShape(x.shape)} cannot be reshaped into ${shapeInWords(dims)}`);
}

function resolved(build: GraphBuilder, x: Value, dims: readonly Dimension[]): number[] {
  const shape = dims.map(({ size }) => size);
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = elementCount(x.shape) / elementCount(shape.toSpliced(open, 1));
  if (shape.every((size) => Number.isInteger(size) && size >= 0)) return shape;
  const [from, into] = [x.shape, dims.map(({ size }) => size)].map(formatShape);
  throw build.error('SHAPE', `${from} cannot be reshaped into ${into}`);
}

/**
 * One dimension must be the batch, alone or merged with the axes after or before it: given by symbol, by −1, or by the
 * batch size in the file. The product of the sizes before it must not change. Undefined if no dimension can be the
 * batch.
 */
export function reshapeRows(build: GraphBuilder, x: Row, dims: readonly Dimension[]): Row | undefined {
  const found = batchCandidates(build, dims).flatMap((axis) => fittingShape(build, x, dims, axis) ?? []);
  const best =
    found.find(({ merged, stacked }) => !merged && !stacked) ?? found.find(({ merged }) => merged) ?? found[0];
  if (best === undefined) return undefined;
  return { ...build.reshaped({ ...x, stacked: false }, best.shape, best.axis, best.merged), stacked: best.stacked };
}

/** The dimensions that may be the batch. */
function batchCandidates({ declaredBatch }: GraphBuilder, dims: readonly Dimension[]): number[] {
  const symbol = dims.findIndex(({ rows }) => rows > 0);
  if (symbol >= 0) return [symbol];
  const isFit = ({ size }: Dimension) =>
    size === -1 || (declaredBatch !== undefined && size > 0 && size % declaredBatch === 0);
  return [...dims.keys()].filter((i) => isFit(dims[i]));
}

function fittingShape(build: GraphBuilder, x: Row, dims: readonly Dimension[], axis: number) {
  const others = dims.toSpliced(axis, 1);
  if (others.some(({ rows }) => rows !== 0)) return undefined;
  const rows = rowsAt(build, x, dims[axis], others);
  const sizes = others.map(({ size }) => size);
  const open = sizes.indexOf(-1);
  if (open >= 0) sizes[open] = elementCount(x.shape) / (rows * elementCount(sizes.toSpliced(open, 1)));
  const [before, after] = [sizes.slice(0, axis), sizes.slice(axis)];
  const shape = rows === 1 ? [...before, ...after] : [...before, rows, ...after];
  const isShape = shape.every((size) => Number.isInteger(size) && size > 0);
  if (!isShape || elementCount(shape) !== elementCount(x.shape)) return undefined;
  const own = elementCount(x.shape.slice(0, x.batchAxis ?? 0));
  if (elementCount(before) === own) return { shape, axis, merged: rows !== 1, stacked: false };
  const isStacked = rows !== 1 && elementCount(before) * rows === own;
  return isStacked ? { shape, axis: axis + 1, merged: false, stacked: true } : undefined;
}

/** How many rows of the target's matrix each row of the batch becomes. */
function rowsAt({ declaredBatch }: GraphBuilder, x: Row, batch: Dimension, others: readonly Dimension[]): number {
  if (batch.rows > 0) return batch.size === 0 ? batch.rows : Number.NaN;
  if (batch.size > 0 && declaredBatch !== undefined) return batch.size / declaredBatch;
  return elementCount(x.shape) / elementCount(others.map(({ size }) => size));
}
