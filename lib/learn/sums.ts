/**
 * Sums in the order of NumPy's, which decides their last bits. float32 is added in float32, as NumPy adds it.
 *
 * A sum over the rows of a matrix adds row after row. NumPy sees a matrix of one column as a vector, and adds vectors in
 * pairs: eight sums side by side in each block of 128, and the blocks by halves.
 */
export type Reals = Float64Array | Float32Array;

/** What a number is rounded to: float64 needs nothing. */
export type Round = (value: number) => number;

export const round64: Round = (value) => value;
export const round32: Round = Math.fround;

export function rounding(array: Reals): Round {
  return array instanceof Float32Array ? round32 : round64;
}

const BLOCK = 128;

/** Σ a[from + i·step], for i from 0 to count − 1. */
export function pairwiseSum(a: ArrayLike<number>, from: number, count: number, step: number, round: Round): number {
  if (count < 8) {
    let sum = -0;
    for (let i = 0; i < count; i++) sum = round(sum + a[from + i * step]);
    return sum;
  }
  if (count > BLOCK) {
    const half = Math.floor(count / 16) * 8;
    const first = pairwiseSum(a, from, half, step, round);
    return round(first + pairwiseSum(a, from + half * step, count - half, step, round));
  }
  const r = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => a[from + i * step]);
  let i = 8;
  for (; i < count - (count % 8); i += 8) for (let k = 0; k < 8; k++) r[k] = round(r[k] + a[from + (i + k) * step]);
  const left = round(round(r[0] + r[1]) + round(r[2] + r[3]));
  let sum = round(left + round(round(r[4] + r[5]) + round(r[6] + r[7])));
  for (; i < count; i++) sum = round(sum + a[from + i * step]);
  return sum;
}

/** Σ of a vector. */
export function vectorSum(a: ArrayLike<number>, round: Round): number {
  return pairwiseSum(a, 0, a.length, 1, round);
}

/** The sums of the columns of a[rows × sums.length], at least one row. */
export function columnSums(a: Reals, rows: number, sums: Reals): void {
  const columns = sums.length;
  if (columns === 1) {
    sums[0] = pairwiseSum(a, 0, rows, 1, rounding(sums));
    return;
  }
  for (let j = 0; j < columns; j++) sums[j] = a[j];
  for (let row = 1, at = columns; row < rows; row++) for (let j = 0; j < columns; j++, at++) sums[j] += a[at];
}
