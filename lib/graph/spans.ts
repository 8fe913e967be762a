/** Ranges of numbers that are known without running a model: see integers.ts. */
import { greatest, least } from '../extremes.ts';
import type { Tensor } from './graph.ts';

/** Every integer of smaller magnitude is a float of the precision, and no larger one rounds to a smaller magnitude. */
export const EXACT = { f32: 2 ** 24, f64: 2 ** 53 } as const;

/** What is known of the elements of a row tensor or constant. */
export interface Span {
  /** Whether the source holds it as integers, which are exact. */
  readonly integer: boolean;
  readonly low: number;
  readonly high: number;
  readonly trust: number;
  /** Whether at most one element along the last axis is not 0. */
  readonly exclusive?: boolean;
}

export const FLOATS: Span = { integer: false, low: -Infinity, high: Infinity, trust: Infinity };

/** The span of a value that may be any of them. */
export function union(spans: readonly Span[]): Span {
  return {
    integer: spans.every(({ integer }) => integer),
    low: least(spans.map(({ low }) => low)),
    high: greatest(spans.map(({ high }) => high)),
    trust: least(spans.map(({ trust }) => trust)),
  };
}

/** The greatest magnitude of an element. */
export function magnitude({ low, high }: Span): number {
  return Math.max(-low, high);
}

/** The span of a constant. `trust` is Infinity if the precision represents each integer. */
export function constantSpan(data: Tensor['data'], exact: number): Span {
  let [low, high, isHeld] = [Infinity, -Infinity, true];
  for (const value of data) {
    if (!Number.isInteger(value)) return FLOATS;
    if (value < low) low = value;
    if (value > high) high = value;
    if (exact === EXACT.f32 && Math.fround(value) !== value) isHeld = false;
  }
  return { integer: true, low, high, trust: isHeld ? Infinity : 0 };
}

/** The greatest magnitude of the elements that are integers. */
export const greatestInteger = remembered((data) => {
  let greatest = 0;
  for (const value of data) if (Number.isInteger(value)) greatest = Math.max(greatest, Math.abs(value));
  return greatest;
});

/** The least magnitude of all elements. */
export const leastMagnitude = remembered((data) => {
  let least = Infinity;
  for (const value of data) least = Math.min(least, Math.abs(value));
  return least;
});

export const areAllFinite = remembered((data) => data.every(Number.isFinite));

export const areAllIntegers = remembered((data) => data.every(Number.isInteger));

/** Whether all elements are distinct. */
export const isDistinct = remembered((data) => new Set(data).size === data.length);

/** Whether there is an integer that float32 cannot represent. */
export const hasUnheld = remembered((data) =>
  data.some((value) => Number.isInteger(value) && Math.fround(value) !== value),
);

/** Reading this few numbers again is as fast as a lookup in the cache. */
const FEW = 16;

/** Caches a property of constants, because thousands of nodes may share one and be visited in each pass. */
export function remembered<T>(find: (data: Tensor['data']) => T): (data: Tensor['data']) => T {
  const known = new WeakMap<Tensor['data'], { readonly found: T }>();
  return (data) => {
    if (data.length <= FEW) return find(data);
    let entry = known.get(data);
    if (entry === undefined) {
      entry = { found: find(data) };
      known.set(data, entry);
    }
    return entry.found;
  };
}
