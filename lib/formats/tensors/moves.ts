/** Repeats, reverses, shifts, splits or pads the elements of an axis. */
import { elementCount, formatShape } from '../../graph/shapes.ts';
import type { GraphBuilder } from './builder.ts';
import type { Dimension } from './dimensions.ts';
import { batchAxisOf } from './emitter.ts';
import { type Constant, literal, type Row, type Value } from './value.ts';

function sizeOf(build: GraphBuilder, x: Value, axis: number): number {
  return x.shape[build.ownAxis(x, axis)];
}

/** Repeats the whole axis `count` times. */
export function tiled(build: GraphBuilder, x: Value, axis: number, count: number): Value {
  if (count === 1) return x;
  const size = sizeOf(build, x, axis);
  if (!Number.isInteger(count) || count < 0 || count * size > build.budget.limits.rowElements) {
    throw build.error('LIMIT', `cannot repeat an axis of ${size} elements ${count} times`);
  }
  const positions = build.positionsOf(count * size, (i) => i % size);
  return build.gather(x, axis, positions);
}

/** Repeats every axis by its count. A constant repeated once per row is the same for each row. */
export function tiledBy(build: GraphBuilder, x: Value, counts: readonly Dimension[]): Value {
  const rank = build.rank(x);
  if (counts.length !== rank) throw build.error('SHAPE', `expected ${rank} repeats, found ${counts.length}`);
  return counts.reduce<Value>(
    (part, { size, rows }, axis) =>
      rows === 0 ? tiled(build, part, axis, size) : tiledByBatch(build, part, axis, { size, rows }),
    x,
  );
}

function tiledByBatch(build: GraphBuilder, x: Value, axis: number, { size, rows }: Dimension): Row {
  if (x.kind === 'row' || size !== 0) throw build.crossing('repeating a value once per row is not supported here');
  const count = rows * x.shape[axis];
  if (!(count >= 1 && count <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `cannot repeat an axis of ${x.shape[axis]} elements ${rows} times for each row`);
  }
  const own = tiled(build, x, axis, rows) as Constant;
  if (count === 1) return build.everyRow(build.reshaped(own, x.shape.toSpliced(axis, 1)), axis);
  if (elementCount(x.shape.slice(0, axis)) === 1) return { ...build.everyRow(own, axis), merged: true };
  throw build.crossing('repeating a value once per row is not supported here');
}

/** Repeats each element by its count; a single count applies to every element. */
export function repeated(build: GraphBuilder, x: Value, axis: number, counts: readonly number[]): Value {
  const size = sizeOf(build, x, axis);
  const each = counts.length === 1 ? new Array<number>(size).fill(counts[0]) : counts;
  const total = each.reduce((sum, count) => sum + count, 0);
  const isPlain = each.length === size && each.every((count) => Number.isInteger(count) && count >= 0);
  if (!isPlain) throw build.error('SHAPE', `cannot repeat the ${size} elements of an axis ${counts} times`);
  if (!(total <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `cannot repeat an axis of ${size} to ${total} elements`);
  }
  let [at, left] = [0, each[0] ?? 0];
  const positions = build.positionsOf(total, () => {
    while (left === 0) left = each[++at];
    left--;
    return at;
  });
  return build.gather(x, axis, positions);
}

/** Reverses each of the axes. */
export function flipped(build: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return axes.reduce<Value>(
    (part, axis) => build.gather(part, axis, build.positions(sizeOf(build, part, axis) - 1, -1, -1)),
    x,
  );
}

/** Rotates each of the axes: elements that leave at the end come in at the beginning. */
export function rolled(build: GraphBuilder, x: Value, axes: readonly number[], shifts: readonly number[]): Value {
  if (axes.length !== shifts.length || !shifts.every(Number.isInteger)) {
    throw build.error('SHAPE', `cannot roll the axes ${formatShape(axes)} by ${formatShape(shifts)}`);
  }
  return axes.reduce<Value>((part, axis, at) => {
    const size = sizeOf(build, part, axis);
    const positions = build.positionsOf(size, (i) => (((i - shifts[at]) % size) + size) % size);
    return build.gather(part, axis, positions);
  }, x);
}

/** Splits into parts of the given sizes; one size may be −1, for the remainder. */
export function parted(build: GraphBuilder, x: Value, axis: number, given: readonly number[]): Value[] {
  build.checkResults(given.length);
  const length = sizeOf(build, x, axis);
  const open = given.indexOf(-1);
  const others = given.reduce((sum, size, at) => (at === open ? sum : sum + size), 0);
  const sizes = open < 0 ? given : given.with(open, length - others);
  const isFit = sizes.every((size) => Number.isInteger(size) && size >= 0) && (open >= 0 || others === length);
  if (!isFit) throw build.error('SHAPE', `cannot split an axis of ${length} into ${formatShape(given)}`);
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return build.gather(x, axis, build.positions(start - size, start));
  });
}

/** Splits into `count` parts of equal size. */
export function equalParts(build: GraphBuilder, x: Value, axis: number, count: number): Value[] {
  const length = sizeOf(build, x, axis);
  if (!(count >= 1) || length % count !== 0) {
    throw build.error('SHAPE', `cannot split an axis of ${length} into ${count} equal parts`);
  }
  build.checkResults(count);
  return parted(build, x, axis, new Array<number>(count).fill(length / count));
}

/** The source of the element at a position, which is negative or beyond the size at the ends. */
type Source = (position: number, size: number) => number;

/** What pads the ends of an axis: a number, or elements of the axis itself. */
export type Fill = number | keyof typeof SOURCES;

/** The nearest element; those of the other end; or mirrored, without or with repeating the first and last element. */
const SOURCES = {
  edge: (position, size) => Math.min(Math.max(position, 0), size - 1),
  wrap: (position, size) => ((position % size) + size) % size,
  reflect: mirrorAt(1),
  symmetric: mirrorAt(0),
} as const satisfies Readonly<Record<string, Source>>;

function mirrorAt(edge: 0 | 1): Source {
  return (position, size) => {
    const period = Math.max(2 * (size - edge), 1);
    const offset = ((position % period) + period) % period;
    return Math.min(offset, (edge === 1 ? period : period - 1) - offset);
  };
}

export type Widths = readonly [before: number, after: number];

/** Adds elements at either end of an axis; negative widths crop. */
export function padded(build: GraphBuilder, x: Value, axis: number, [before, after]: Widths, fill: Fill): Value {
  if (before === 0 && after === 0) return x;
  const own = build.ownAxis(x, axis);
  const size = x.shape[own];
  const isPlain = Number.isInteger(before) && Number.isInteger(after);
  if (!isPlain || !(size + Math.max(before, 0) + Math.max(after, 0) <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `cannot pad an axis of ${size} by ${before} and ${after}`);
  }
  if (typeof fill === 'string') {
    const source = SOURCES[fill];
    const count = Math.max(before + size + after, 0);
    return build.gather(
      x,
      axis,
      build.positionsOf(count, (i) => source(i - before, size)),
    );
  }
  const kept = build.gather(x, axis, build.positions(Math.max(-before, 0), size - Math.max(-after, 0)));
  const part = (width: number) => {
    if (width <= 0) return [];
    const block = build.expanded(literal(x.type, [fill]), x.shape.with(own, width));
    return [x.kind === 'row' ? build.everyRow(block, batchAxisOf(x)) : block];
  };
  return build.concat([...part(before), kept, ...part(after)], axis);
}

/** The same for every axis. */
export function paddedBy(build: GraphBuilder, x: Value, widths: readonly Widths[], fill: Fill): Value {
  return widths.reduce<Value>((part, pair, axis) => padded(build, part, axis, pair, fill), x);
}

/** Non-negative widths before and after each of `rank` axes, from a list of pairs. */
export function pairsOf(build: GraphBuilder, rank: number, widths: readonly number[]): Widths[] {
  if (widths.length !== 2 * rank || !widths.every((width) => Number.isInteger(width) && width >= 0)) {
    throw build.error('SHAPE', `expected ${rank} pairs of widths, found ${formatShape(widths)}`);
  }
  return Array.from({ length: rank }, (_, axis) => [widths[2 * axis], widths[2 * axis + 1]]);
}

/** Pads with mirrored elements, at most as many as the axis has. */
export function mirrored(
  build: GraphBuilder,
  x: Value,
  widths: readonly Widths[],
  fill: 'reflect' | 'symmetric',
): Value {
  return widths.reduce<Value>((part, pair, axis) => {
    const [before, after] = pair;
    if (before === 0 && after === 0) return part;
    const size = sizeOf(build, part, axis);
    if (Math.max(before, after) <= size - (fill === 'reflect' ? 1 : 0)) return padded(build, part, axis, pair, fill);
    throw build.error('SHAPE', `cannot pad an axis of ${size} by ${before} and ${after} mirrored elements`);
  }, x);
}
