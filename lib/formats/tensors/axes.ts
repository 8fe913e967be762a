/** Adds and removes axes of size 1, and joins or splits along such axes. */

import { withAxis, without } from './batch-place.ts';
import type { GraphBuilder } from './builder.ts';
import { batchAxisOf, isMerged } from './emitter.ts';
import { range, type Value } from './value.ts';

/** With a new axis of size 1, which is `given` in the result. */
export function withOne(build: GraphBuilder, x: Value, given: number): Value {
  const before = { shape: x.shape, batchAxis: batchAxisOf(x), merged: isMerged(x) };
  const after = withAxis(before, build.axis(given, build.rank(x) + 1), 1);
  return build.reshaped(x, after.shape, after.batchAxis);
}

/** Without an axis of size 1. */
export function withoutOne(build: GraphBuilder, x: Value, given: number): Value {
  const own = build.ownAxis(x, given);
  return build.reshaped(x, x.shape.toSpliced(own, 1), without([own], batchAxisOf(x)));
}

/** Removes the given axes, or every axis of size 1, except the batch if its size is 1 in the file. */
export function squeezed(build: GraphBuilder, x: Value, axes: readonly number[] | undefined): Value {
  build.checkRank(axes ?? []);
  const given = axes?.map((axis) => build.ownAxis(x, axis));
  const wide = given?.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) throw build.error('SHAPE', `cannot squeeze an axis of ${x.shape[wide]}; expected 1`);
  const own = new Set(given ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1));
  const kept = x.shape.filter((_, axis) => !own.has(axis));
  return build.reshaped(x, kept, without([...own], batchAxisOf(x)));
}

/**
 * Joined along a new axis, which is `axis` in the result. Constants are repeated for every row if other values depend
 * on the row.
 */
export function packed(build: GraphBuilder, values: readonly Value[], given: number): Value {
  const row = values.find((value) => value.kind === 'row');
  const aligned = row === undefined ? values : values.map((value) => build.asRow(value, row.batchAxis));
  const axis = build.axis(given, build.rank(row ?? values[0]) + 1);
  return build.concat(
    aligned.map((value) => withOne(build, value, axis)),
    axis,
  );
}

/** One value for each position of the axis, which is removed. */
export function unpacked(build: GraphBuilder, x: Value, axis: number): Value[] {
  const size = x.shape[build.ownAxis(x, axis)];
  build.checkResults(size);
  return range(0, size, 1).map((at) => withoutOne(build, build.gather(x, axis, [at]), axis));
}
