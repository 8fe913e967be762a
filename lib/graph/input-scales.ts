/** Scales of int8 layers' inputs that are the same for every row: see docs/quantize.md, "One scale for all rows". */
import type { InputScale } from './graph.ts';

/** What the elements of a layer's input were, of all rows of a sample. */
export interface InputRange {
  readonly low: number;
  readonly high: number;
}

/** Between them a scale and its reciprocal are normal numbers of float32, whatever is multiplied with them. */
const LEAST_SCALE = 2 ** -100;
const MOST_SCALE = 2 ** 100;

export const LEAST_BYTE = -128;
export const MOST_BYTE = 127;

/**
 * The scale that has the range, and 0 as an integer, so that zeros stay zeros; undefined where no scale would do: all was
 * 0, or far from what int8 is for.
 */
export function inputScaleOf(range: InputRange): InputScale | undefined {
  const [low, high] = [Math.min(range.low, 0), Math.max(range.high, 0)];
  const scale = Math.fround((high - low) / (MOST_BYTE - LEAST_BYTE));
  if (!isScale(scale)) return undefined;
  const zero = Math.min(Math.max(Math.round(LEAST_BYTE - low / scale), LEAST_BYTE), MOST_BYTE);
  return [scale, zero + 0]; // never −0
}

/** Whether the engine takes it. */
export function isInputScale([scale, zero]: InputScale): boolean {
  return isScale(scale) && Number.isInteger(zero) && zero >= LEAST_BYTE && zero <= MOST_BYTE;
}

function isScale(scale: number): boolean {
  return scale >= LEAST_SCALE && scale <= MOST_SCALE && Math.fround(scale) === scale;
}
