/** Axes of 1 that come and go, and what is joined or taken apart along them. */

import { withAxis, without } from './batch-place.ts';
import type { GraphBuilder } from './builder.ts';
import { batchAxisOf, isMerged } from './emitter.ts';
import { range, type Value } from './value.ts';

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

/** Without the axes given, or every axis of 1, except that the batch stays the batch where the file has it as 1. */
export function squeezed(build: GraphBuilder, x: Value, axes: readonly number[] | undefined): Value {
  build.checkRank(axes ?? []);
  const given = axes?.map((axis) => build.ownAxis(x, axis));
  const wide = given?.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) throw build.error('SHAPE', `an axis of ${x.shape[wide]} is squeezed; expected 1`);
  const own = new Set(given ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1));
  const kept = x.shape.filter((_, axis) => !own.has(axis));
  return build.reshaped(x, kept, without([...own], batchAxisOf(x)));
}

/** Side by side along a new axis, which is `axis` in the result. Constants are repeated for every row where others are of rows. */
export function packed(build: GraphBuilder, values: readonly Value[], given: number): Value {
  const row = values.find((value) => value.kind === 'row');
  const aligned = row === undefined ? values : values.map((value) => build.asRow(value, row.batchAxis));
  const axis = build.axis(given, build.rank(row ?? values[0]) + 1);
  return build.concat(
    aligned.map((value) => withOne(build, value, axis)),
    axis,
  );
}

/** One for each position of the axis, which goes. */
export function unpacked(build: GraphBuilder, x: Value, axis: number): Value[] {
  const size = x.shape[build.ownAxis(x, axis)];
  build.checkResults(size);
  return range(0, size, 1).map((at) => withoutOne(build, build.gather(x, axis, [at]), axis));
}
