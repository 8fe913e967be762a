/** Statistics that decide which features stay, as NumPy rounds them: a last bit decides between equals. */
import { sum, type Vector } from '../arrays.ts';

/** NumPy's sum: eight sums side by side for up to 128 numbers, halves of longer lists. */
export function sumOf(values: Vector): number {
  const { length } = values;
  if (length < 8) return sum(values);
  if (length > 128) {
    const half = Math.floor(length / 2) - (Math.floor(length / 2) % 8);
    return sumOf(values.subarray(0, half)) + sumOf(values.subarray(half));
  }
  const r = Float64Array.from(values.subarray(0, 8));
  let i = 8;
  for (; i + 8 <= length; i += 8) for (let j = 0; j < 8; j++) r[j] += values[i + j];
  let total = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  for (; i < length; i++) total += values[i];
  return total;
}

export function meanOf(values: Vector): number {
  return sumOf(values) / values.length;
}

export function medianOf(values: Vector): number {
  const sorted = values.toSorted();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Of 0 to 100, between neighbours by their distance. */
export function percentileOf(values: Vector, percent: number): number {
  const sorted = values.toSorted();
  const place = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(place);
  const [a, b] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)]];
  const share = place - below;
  return share >= 0.5 ? b - (b - a) * (1 - share) : a + (b - a) * share;
}
