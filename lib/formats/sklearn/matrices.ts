/** Products and inverses of matrices that are computed once while a model loads. */
import type { Budget } from '../../graph/budget.ts';
import type { Matrix, Vector } from './arrays.ts';

/** Multiplications per microsecond. */
const PRODUCTS_IN_A_STEP = 512;
/** Inversion needs the memory of four matrices: the input, two halves that are eliminated, and the inverse. */
const INVERSE_MATRICES = 4;

/** a·bᵀ. Throws `LIMIT`. */
export function product(a: Matrix, b: Matrix, budget: Budget, place: string): Matrix {
  budget.step((a.rows * b.rows * a.columns) / PRODUCTS_IN_A_STEP, place);
  budget.buildElements(a.rows * b.rows, place);
  const data = new Float64Array(a.rows * b.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      for (let k = 0; k < a.columns; k++) data[i * b.rows + j] += a.data[i * a.columns + k] * b.data[j * b.columns + k];
    }
  }
  return { rows: a.rows, columns: b.rows, data };
}

/**
 * The inverse of a square matrix, by Gaussian elimination with partial pivoting; undefined if it is singular. Throws
 * `LIMIT`.
 */
export function inverseOf({ rows: size, data }: Matrix, budget: Budget, place: string): Matrix | undefined {
  budget.step((size * size * size) / PRODUCTS_IN_A_STEP, place);
  budget.buildElements(INVERSE_MATRICES * size * size, place);
  const left = Array.from({ length: size }, (_, i) => Float64Array.from(data.subarray(i * size, (i + 1) * size)));
  const right = left.map((_, i) => new Float64Array(size).fill(1, i, i + 1));
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column; i < size; i++) if (Math.abs(left[i][column]) > Math.abs(left[pivot][column])) pivot = i;
    for (const side of [left, right]) [side[column], side[pivot]] = [side[pivot], side[column]];
    const divisor = left[column][column];
    if (divisor === 0) return undefined;
    for (let i = 0; i < size; i++) {
      const factor = left[i][column] / divisor;
      if (i === column || factor === 0) continue;
      subtract(left[i], left[column], factor);
      subtract(right[i], right[column], factor);
    }
  }
  const inverse = new Float64Array(size * size);
  for (const [i, row] of right.entries())
    inverse.set(
      row.map((value) => value / left[i][i]),
      i * size,
    );
  return { rows: size, columns: size, data: inverse };
}

/** The inverse of a lower triangular matrix, by forward substitution; undefined if it is singular. Throws `LIMIT`. */
export function lowerInverse({ rows: size, data }: Matrix, budget: Budget, place: string): Matrix | undefined {
  budget.step((size * size * size) / (6 * PRODUCTS_IN_A_STEP), place);
  budget.buildElements(size * size, place);
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const pivot = data[row * size + row];
    if (pivot === 0) return undefined;
    // Row by row: the rows above are already computed.
    const own = inverse.subarray(row * size, (row + 1) * size);
    for (let k = 0; k < row; k++) {
      const factor = data[row * size + k];
      if (factor === 0) continue;
      for (let column = 0; column <= k; column++) own[column] -= factor * inverse[k * size + column];
    }
    own[row] = 1;
    for (let column = 0; column <= row; column++) own[column] /= pivot;
  }
  return { rows: size, columns: size, data: inverse };
}

function subtract(from: Vector, row: Vector, factor: number): void {
  for (let i = 0; i < from.length; i++) from[i] -= factor * row[i];
}
