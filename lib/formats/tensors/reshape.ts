/** Reshapes of values that have the batch among their axes, or merged with one of them. */
import { elementCount } from '../../graph/shapes.ts';
import { type GraphBuilder, withAxis, without } from './builder.ts';
import { batchAxisOf, isMerged } from './emitter.ts';
import { type Constant, describe, type Row, type Value } from './value.ts';

/** A dimension of a shape that may hold the batch size B: it is `size` + `rows`·B. A `size` of −1 is what is left. */
export interface Dimension {
  readonly size: number;
  readonly rows: number;
}

export function dimensions({ data, batch }: Constant): Dimension[] {
  return Array.from(data, (value, i) => ({ size: value, rows: batch?.[i] ?? 0 }));
}

/** A shape, for messages. */
export function shapeInWords({ data, batch }: Constant): string {
  return `[${describe(data, batch ?? new Float64Array(data.length))}]`;
}

/**
 * One dimension must stand for the batch, by itself or as one with the axes behind it, or before it: by symbol, by −1, or by
 * the number that the file has for it. What is before it must be as much as before. Undefined where none can.
 */
export function reshapeRows(build: GraphBuilder, x: Row, dims: readonly Dimension[]): Row | undefined {
  const found = batchCandidates(build, dims).flatMap((axis) => fittingShape(build, x, dims, axis) ?? []);
  const best =
    found.find(({ merged, stacked }) => !merged && !stacked) ?? found.find(({ merged }) => merged) ?? found[0];
  if (best === undefined) return undefined;
  return { ...build.reshaped({ ...x, stacked: false }, best.shape, best.axis, best.merged), stacked: best.stacked };
}

/** Where the batch may be. */
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

/** With a new axis of 1, which is `given` in the result. */
export function withOne(build: GraphBuilder, x: Value, given: number): Value {
  const before = { shape: x.shape, batchAxis: batchAxisOf(x), merged: isMerged(x) };
  const after = withAxis(before, build.axis(given, build.rank(x) + 1), 1);
  return build.reshaped(x, after.shape, after.batchAxis);
}

/** Without an axis of 1. */
export function withoutOne(build: GraphBuilder, x: Value, given: number): Value {
  const own = build.ownAxis(x, given);
  return build.reshaped(x, x.shape.toSpliced(own, 1), without([own], batchAxisOf(x)));
}
