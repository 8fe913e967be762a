/** Cumulative sums along an axis, and similar operations. */
import type { BinaryName } from '../../graph/graph.ts';
import type { GraphBuilder } from './builder.ts';
import { isFloat, literal, type Value } from './value.ts';

export interface CumulativeOptions {
  /** From the last element to the first. */
  readonly reverse?: boolean;
  /** Excludes the element itself: the first result is the function's neutral element. */
  readonly exclusive?: boolean;
}

/** Associative functions, and their neutral elements. */
const NEUTRAL = { add: 0, mul: 1, max: -Infinity, min: Infinity } as const satisfies Partial<
  Record<BinaryName, number>
>;
export type Cumulative = keyof typeof NEUTRAL;

/**
 * Combines each element and those before it along the axis. Works in steps of 1, 2, 4, … elements, so that NaN and
 * infinities affect only what they should.
 */
export function cumulative(
  build: GraphBuilder,
  x: Value,
  given: number,
  fn: Cumulative,
  { reverse = false, exclusive = false }: CumulativeOptions = {},
): Value {
  const rank = build.rank(x);
  const axis = build.axis(given, rank);
  const size = x.shape[build.ownAxis(x, axis)];
  const after = new Array<number>(rank - 1 - axis).fill(1);
  /**
   * `whereThere` for elements that have another one `distance` before them, with that element; `otherwise` for the
   * others.
   */
  const shifted = (y: Value, distance: number, whereThere: (before: Value) => Value, otherwise: Value): Value => {
    build.spend(2 * size);
    const indices = build.positionsOf(size, (at) => clamped(reverse ? at + distance : at - distance, size));
    const isThere = Array.from(indices, (_, at) => Number((reverse ? size - 1 - at : at) >= distance));
    const before = build.gather(y, axis, indices);
    return build.select(literal('bool', isThere, [size, ...after]), whereThere(before), otherwise);
  };
  // The sum of only −0 is 0.
  let result = fn === 'add' && isFloat(x.type) ? build.binary('add', x, build.scalar(x, 0)) : x;
  for (let distance = 1; distance < size; distance *= 2) {
    const own = result;
    result = shifted(own, distance, (before) => build.binary(fn, own, before), own);
  }
  return exclusive ? shifted(result, 1, (before) => before, build.scalar(x, NEUTRAL[fn])) : result;
}

function clamped(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
}
