/**
 * Sums in the same order as NumPy, which determines their last bits. float32 is added in float32, as in NumPy.
 *
 * A sum over the rows of a matrix adds row after row. NumPy treats a matrix of one column as a vector, and sums vectors
 * pairwise: eight partial sums in each block of 128, and the blocks recursively by halves.
 */
import { numpySum } from '../formats/sklearn/arrays.ts';

export type Reals = Float64Array | Float32Array;

/** Rounds a number to a precision; float64 needs no rounding. */
export type Round = (value: number) => number;

const round64: Round = (value) => value;
const round32: Round = Math.fround;

export function rounding(array: Reals): Round {
  return array instanceof Float32Array ? round32 : round64;
}

/** The sum of a vector. */
export function vectorSum(a: Reals): number {
  return numpySum(a, 0, a.length);
}

/** The sums of the columns of a[rows × sums.length], at least one row. */
export function columnSums(a: Reals, rows: number, sums: Reals): void {
  const columns = sums.length;
  if (columns === 1) {
    sums[0] = numpySum(a, 0, rows);
    return;
  }
  for (let j = 0; j < columns; j++) sums[j] = a[j];
  for (let row = 1, at = columns; row < rows; row++) for (let j = 0; j < columns; j++, at++) sums[j] += a[at];
}
