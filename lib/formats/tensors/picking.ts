/** Picks by position: elements of axes by constants, and rows of a constant table by the ids of each row. */
import { elementCount } from '../../graph/shapes.ts';
import { withAxis } from './batch-place.ts';
import type { GraphBuilder } from './builder.ts';
import { batchAxisOf } from './emitter.ts';
import { type Constant, type ElementType, type Row, range, type Value } from './value.ts';

/** The elements at the positions in a constant, whose shape replaces the axis. */
export function picked(build: GraphBuilder, x: Value, given: number, indices: Constant): Value {
  const axis = build.axis(given, build.rank(x));
  const own = build.ownAxis(x, axis);
  if (indices.batch) throw build.crossing('the positions depend on the batch size');
  build.lookThrough(indices.data.length);
  const found = build.gather(x, axis, indices.data);
  const before = batchAxisOf(x);
  const moved = before !== undefined && axis < before ? before + indices.shape.length - 1 : before;
  return build.reshaped(found, x.shape.toSpliced(own, 1, ...indices.shape), moved);
}

/**
 * The elements at coordinates along the axes from `first` on; the size of the constant's last axis is the number of
 * coordinates.
 */
export function pickedAt(build: GraphBuilder, x: Value, given: number, coordinates: Constant): Value {
  const first = build.axis(given, build.rank(x));
  const sizes = sizesFrom(build, x, first, coordinates);
  const places = placesOf(build, coordinates, sizes);
  const own = build.ownAxis(x, first);
  const outer = coordinates.shape.slice(0, -1);
  const joined = (shape: readonly number[]) => {
    const before = batchAxisOf(x);
    const moved = before !== undefined && first < before ? before - sizes.length + shape.length : before;
    return { shape: [...x.shape.slice(0, own), ...shape, ...x.shape.slice(own + sizes.length)], batchAxis: moved };
  };
  const [flat, result] = [joined([elementCount(sizes)]), joined(outer)];
  const found = build.gather(build.reshaped(x, flat.shape, flat.batchAxis), first, places);
  return build.reshaped(found, result.shape, result.batchAxis);
}

/** The sizes of the axes from `first` on, one for each coordinate; none may be the batch. */
export function sizesFrom(build: GraphBuilder, x: Value, first: number, coordinates: Value): number[] {
  const depth = coordinates.shape.at(-1) ?? 0;
  if (!(depth >= 1 && first + depth <= build.rank(x))) {
    throw build.error('SHAPE', `indices of ${depth} axes do not fit a tensor of rank ${build.rank(x)}`);
  }
  return range(first, first + depth, 1).map((axis) => x.shape[build.ownAxis(x, axis)]);
}

/** Converts coordinates into axes of these sizes to positions in the flattened axes. */
export function placesOf(build: GraphBuilder, { data, batch }: Constant, sizes: readonly number[]): Int32Array {
  if (batch) throw build.crossing('the positions depend on the batch size');
  build.lookThrough(data.length);
  const depth = sizes.length;
  const place = (start: number) => sizes.reduce((sum, size, i) => sum * size + build.axis(data[start + i], size), 0);
  return build.positionsOf(data.length / depth, (i) => place(i * depth));
}

/** Like `picked`, or, for ids that vary per row, the rows of a constant table. */
export function pickedOrLookedUp(
  build: GraphBuilder,
  x: Value,
  given: number,
  indices: Value,
  lookUp: (ids: Row, table: Constant) => Value,
): Value {
  const axis = build.axis(given, build.rank(x));
  if (indices.kind === 'constant') return picked(build, x, axis, indices);
  if (x.kind === 'row') throw build.error('UNSUPPORTED_OP', 'both the table and the indices depend on the input');
  if (axis === 0) return lookUp(indices, x);
  throw build.error('UNSUPPORTED_OP', `cannot look up rows of a table along axis ${axis}; expected 0`);
}

/** Rows of a table by ids from 0; with `wrap`, negative ids count from the table's end. */
export function rowsOf(build: GraphBuilder, ids: Row, table: Constant, wrap = false): Row {
  const shape = [...ids.shape, ...table.shape.slice(1)];
  const operands = [ids.operand, build.tensor(table)];
  return build.emit('embedding', operands, { wrap }, { ...ids, type: table.type, shape });
}

export interface OneHot {
  readonly depth: number;
  readonly off: number;
  readonly on: number;
  readonly type: ElementType;
  /** Whether negative ids count from the end; otherwise an id out of range gives only off values. */
  readonly wrap: boolean;
}

/** Along a new axis, which is `given` in the result. */
export function oneHot(build: GraphBuilder, ids: Row, given: number, { depth, off, on, type, wrap }: OneHot): Row {
  const { rowElements } = build.budget.limits;
  if (!Number.isInteger(depth) || depth < 1 || depth > rowElements) {
    throw build.error('LIMIT', `expected a depth between 1 and ${rowElements}, found ${depth}`);
  }
  const { own, shape, batchAxis } = withAxis(ids, build.axis(given, build.rank(ids) + 1), depth);
  const info = { type, shape, batchAxis, merged: ids.merged, stacked: ids.stacked };
  return build.emit('one_hot', [ids.operand], { depth, on, off, axis: own, wrap }, info);
}
