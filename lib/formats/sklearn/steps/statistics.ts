/** Statistics that decide which features are kept, rounded like NumPy's: the last bit decides ties. */
import { numpySum, type Vector } from '../arrays.ts';

export function meanOf(values: Vector): number {
  return like(values, numpySum(values, 0, values.length) / values.length);
}

/** Rounded to float32 if the numbers are float32. */
export function like(values: Vector, value: number): number {
  return values instanceof Float32Array ? Math.fround(value) : value;
}

export function medianOf(values: Vector): number {
  const sorted = values.toSorted();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : meanOf(sorted.slice(middle - 1, middle + 1));
}

/** For 0 to 100, interpolated linearly between neighbours. */
export function percentileOf(values: Vector, percent: number): number {
  const sorted = values.toSorted();
  const place = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(place);
  const [a, b] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)]];
  const share = place - below;
  return share >= 0.5 ? b - (b - a) * (1 - share) : a + (b - a) * share;
}
