/** Elements of an axis that are repeated, reversed, moved along it, parted, or joined by others at its ends. */
import { elementCount, formatShape } from '../../graph/shapes.ts';
import type { GraphBuilder } from './builder.ts';
import type { Dimension } from './dimensions.ts';
import { batchAxisOf } from './emitter.ts';
import { type Constant, literal, type Row, type Value } from './value.ts';

function sizeOf(build: GraphBuilder, x: Value, axis: number): number {
  return x.shape[build.ownAxis(x, axis)];
}

/** The whole axis so many times, one after another. */
export function tiled(build: GraphBuilder, x: Value, axis: number, count: number): Value {
  if (count === 1) return x;
  const size = sizeOf(build, x, axis);
  if (!Number.isInteger(count) || count < 0 || count * size > build.budget.limits.rowElements) {
    throw build.error('LIMIT', `an axis of ${size} is repeated ${count} times`);
  }
  const positions = build.positionsOf(count * size, (i) => i % size);
  return build.gather(x, axis, positions);
}

/** Every axis so many times. A constant that is repeated as often as there are rows is the same for each of them. */
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
  if (x.kind === 'row' || size !== 0) throw build.crossing('a value is repeated as often as there are rows');
  const count = rows * x.shape[axis];
  if (!(count >= 1 && count <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `an axis of ${x.shape[axis]} is repeated ${rows} times for each row`);
  }
  const own = tiled(build, x, axis, rows) as Constant;
  if (count === 1) return build.everyRow(build.reshaped(own, x.shape.toSpliced(axis, 1)), axis);
  if (elementCount(x.shape.slice(0, axis)) === 1) return { ...build.everyRow(own, axis), merged: true };
  throw build.crossing('a value is repeated as often as there are rows');
}

/** Each element so many times; of one number as often as every other. */
export function repeated(build: GraphBuilder, x: Value, axis: number, counts: readonly number[]): Value {
  const size = sizeOf(build, x, axis);
  const each = counts.length === 1 ? new Array<number>(size).fill(counts[0]) : counts;
  const total = each.reduce((sum, count) => sum + count, 0);
  const isPlain = each.length === size && each.every((count) => Number.isInteger(count) && count >= 0);
  if (!isPlain) throw build.error('SHAPE', `the ${size} elements of an axis are repeated ${counts} times`);
  if (!(total <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `an axis of ${size} is repeated to ${total} elements`);
  }
  let [at, left] = [0, each[0] ?? 0];
  const positions = build.positionsOf(total, () => {
    while (left === 0) left = each[++at];
    left--;
    return at;
  });
  return build.gather(x, axis, positions);
}

/** From the last element to the first, along each of the axes. */
export function flipped(build: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return axes.reduce<Value>(
    (part, axis) => build.gather(part, axis, build.positions(sizeOf(build, part, axis) - 1, -1, -1)),
    x,
  );
}

/** Along each of the axes: what leaves it at its end comes in at its beginning. */
export function rolled(build: GraphBuilder, x: Value, axes: readonly number[], shifts: readonly number[]): Value {
  if (axes.length !== shifts.length || !shifts.every(Number.isInteger)) {
    throw build.error('SHAPE', `axes ${formatShape(axes)} are rolled by ${formatShape(shifts)}`);
  }
  return axes.reduce<Value>((part, axis, at) => {
    const size = sizeOf(build, part, axis);
    const positions = build.positionsOf(size, (i) => (((i - shifts[at]) % size) + size) % size);
    return build.gather(part, axis, positions);
  }, x);
}

/** Parts of the given sizes, one after another; one of the sizes may be −1, for what is left. */
export function parted(build: GraphBuilder, x: Value, axis: number, given: readonly number[]): Value[] {
  build.checkResults(given.length);
  const length = sizeOf(build, x, axis);
  const open = given.indexOf(-1);
  const others = given.reduce((sum, size, at) => (at === open ? sum : sum + size), 0);
  const sizes = open < 0 ? given : given.with(open, length - others);
  const isFit = sizes.every((size) => Number.isInteger(size) && size >= 0) && (open >= 0 || others === length);
  if (!isFit) throw build.error('SHAPE', `an axis of ${length} is split into ${formatShape(given)}`);
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return build.gather(x, axis, build.positions(start - size, start));
  });
}

/** So many parts of one size. */
export function equalParts(build: GraphBuilder, x: Value, axis: number, count: number): Value[] {
  const length = sizeOf(build, x, axis);
  if (!(count >= 1) || length % count !== 0) {
    throw build.error('SHAPE', `an axis of ${length} is split into ${count} parts of one size`);
  }
  build.checkResults(count);
  return parted(build, x, axis, new Array<number>(count).fill(length / count));
}

/** Where the element at a position comes from, which is below 0 or beyond the size at the ends. */
type Source = (position: number, size: number) => number;

/** What is put at the ends of an axis: a number, or elements of the axis itself. */
export type Fill = number | keyof typeof SOURCES;

/** The nearest; those of the other end; or mirrored at the first and last, which are not repeated, or at the edges beyond. */
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

/** With so many elements more at either end of an axis; widths below 0 cut. */
export function padded(build: GraphBuilder, x: Value, axis: number, [before, after]: Widths, fill: Fill): Value {
  if (before === 0 && after === 0) return x;
  const own = build.ownAxis(x, axis);
  const size = x.shape[own];
  const isPlain = Number.isInteger(before) && Number.isInteger(after);
  if (!isPlain || !(size + Math.max(before, 0) + Math.max(after, 0) <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `an axis of ${size} is padded by ${before} and ${after}`);
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

/** The same of every axis. */
export function paddedBy(build: GraphBuilder, x: Value, widths: readonly Widths[], fill: Fill): Value {
  return widths.reduce<Value>((part, pair, axis) => padded(build, part, axis, pair, fill), x);
}

/** Widths before and after each of so many axes, none below 0, from a list of pairs. */
export function pairsOf(build: GraphBuilder, rank: number, widths: readonly number[]): Widths[] {
  if (widths.length !== 2 * rank || !widths.every((width) => Number.isInteger(width) && width >= 0)) {
    throw build.error('SHAPE', `expected ${rank} pairs of widths, found ${formatShape(widths)}`);
  }
  return Array.from({ length: rank }, (_, axis) => [widths[2 * axis], widths[2 * axis + 1]]);
}

/** With mirrored elements at the ends: at most as many as the axis has. */
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
    throw build.error('SHAPE', `an axis of ${size} is padded by ${before} and ${after} mirrored elements`);
  }, x);
}
