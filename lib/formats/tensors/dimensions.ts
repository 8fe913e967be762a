/** Shapes of whole batches: lists of sizes, one of which may be the batch or a multiple of it. */
import { batchAxisOf, sharedAxis } from './emitter.ts';
import { type Constant, constant, describe, type ElementType, type Value } from './value.ts';

/**
 * A dimension that may depend on the batch size B: it is `size` + `rows`·B. A `size` of −1 may mean the remaining size.
 */
export interface Dimension {
  readonly size: number;
  readonly rows: number;
}

/** A number in a constant list that may contain the batch size. */
export function dimensionAt({ data, batch }: Constant, at: number): Dimension {
  return { size: data[at], rows: batch?.[at] ?? 0 };
}

export function dimensions(list: Constant): Dimension[] {
  return Array.from(list.data, (_, at) => dimensionAt(list, at));
}

/** The shape in the file. */
export function dimensionsOf(x: Value): Dimension[] {
  const own = x.shape.map((size) => ({ size, rows: 0 }));
  const batchAxis = batchAxisOf(x);
  if (batchAxis === undefined) return own;
  const shared = sharedAxis(x);
  return shared === undefined
    ? own.toSpliced(batchAxis, 0, { size: 0, rows: 1 })
    : own.with(shared, { size: 0, rows: x.shape[shared] });
}

/** The same as a constant, in which the batch stays symbolic. */
export function shapeOf(x: Value, type: ElementType): Constant {
  const dims = dimensionsOf(x);
  const [sizes, rows] = [dims.map(({ size }) => size), dims.map(({ rows }) => rows)];
  return constant(type, [dims.length], Float64Array.from(sizes), Float64Array.from(rows));
}

/** A shape, for messages. */
export function shapeInWords(dims: readonly Dimension[]): string {
  const [sizes, rows] = [dims.map(({ size }) => size), dims.map(({ rows }) => rows)];
  return `[${describe(Float64Array.from(sizes), Float64Array.from(rows))}]`;
}
