/** What is known of numbers without running a model: see integers.ts. */
import { greatest, least } from '../extremes.ts';
import type { Tensor } from './graph.ts';

/** Every integer of a smaller magnitude is a float of the precision, and none of a greater becomes one. */
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

/** Of what may be any of them. */
export function union(spans: readonly Span[]): Span {
  return {
    integer: spans.every(({ integer }) => integer),
    low: least(spans.map(({ low }) => low)),
    high: greatest(spans.map(({ high }) => high)),
    trust: least(spans.map(({ trust }) => trust)),
  };
}

/** The greatest that an element may have. */
export function magnitude({ low, high }: Span): number {
  return Math.max(-low, high);
}

/** Integers, where all are; `trust` is Infinity where the precision holds each of them. */
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

/** Among the elements that are whole. */
export const greatestInteger = remembered((data) => {
  let greatest = 0;
  for (const value of data) if (Number.isInteger(value)) greatest = Math.max(greatest, Math.abs(value));
  return greatest;
});

/** Of all elements. */
export const leastMagnitude = remembered((data) => {
  let least = Infinity;
  for (const value of data) least = Math.min(least, Math.abs(value));
  return least;
});

export const areAllFinite = remembered((data) => data.every(Number.isFinite));

export const areAllIntegers = remembered((data) => data.every(Number.isInteger));

/** Whether no two elements are the same. */
export const isDistinct = remembered((data) => new Set(data).size === data.length);

/** Whether there is an integer that no float32 is. */
export const hasUnheld = remembered((data) =>
  data.some((value) => Number.isInteger(value) && Math.fround(value) !== value),
);

/** So few numbers are looked at again in the time in which what is known of them is found. */
const FEW = 16;

/** What is known of a constant, found out once: thousands of nodes may share one, and be looked at in each pass. */
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
