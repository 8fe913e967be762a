/** Elements of an axis that are repeated, reversed, moved along it, parted, or joined by others at its ends. */
import type { GraphBuilder } from './builder.ts';
import { batchAxisOf } from './emitter.ts';
import { literal, type Value } from './value.ts';

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

/** From the last element to the first. */
export function flipped(build: GraphBuilder, x: Value, axis: number): Value {
  return build.gather(x, axis, build.positions(sizeOf(build, x, axis) - 1, -1, -1));
}

/** What leaves the axis at its end comes in at its beginning. */
export function rolled(build: GraphBuilder, x: Value, axis: number, shift: number): Value {
  const size = sizeOf(build, x, axis);
  if (!Number.isInteger(shift)) throw build.error('SHAPE', `an axis is rolled by ${shift}`);
  const positions = build.positionsOf(size, (i) => (((i - shift) % size) + size) % size);
  return build.gather(x, axis, positions);
}

/** Parts of the given sizes, one after another. */
export function parted(build: GraphBuilder, x: Value, axis: number, sizes: readonly number[]): Value[] {
  build.checkResults(sizes.length);
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return build.gather(x, axis, build.positions(start - size, start));
  });
}

/** Where the element at a position comes from, which is below 0 or beyond the size at the ends. */
type Source = (position: number, size: number) => number;

/** Mirrored at the first and last element, which are not repeated, or at the edges beyond them. */
export const MIRRORS = {
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

/** With so many elements more at either end: a number, or elements of the axis itself. */
export function padded(
  build: GraphBuilder,
  x: Value,
  axis: number,
  [before, after]: readonly [number, number],
  fill: number | Source,
): Value {
  if (before === 0 && after === 0) return x;
  const own = build.ownAxis(x, axis);
  const size = x.shape[own];
  const isPlain = [before, after].every((width) => Number.isInteger(width) && width >= 0);
  if (!isPlain || !(size + before + after <= build.budget.limits.rowElements)) {
    throw build.error('LIMIT', `an axis of ${size} is padded by ${before} and ${after}`);
  }
  if (typeof fill === 'function') {
    const positions = build.positionsOf(before + size + after, (i) => fill(i - before, size));
    return build.gather(x, axis, positions);
  }
  const part = (width: number) => {
    if (width === 0) return [];
    const block = build.expanded(literal(x.type, [fill]), x.shape.with(own, width));
    return [x.kind === 'row' ? build.everyRow(block, batchAxisOf(x)) : block];
  };
  return build.concat([...part(before), x, ...part(after)], axis);
}
