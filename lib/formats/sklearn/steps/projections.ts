/** Steps that are a matrix: each gives sums of the features. */

import { pickleKind } from '../../containers/pickle/values.ts';
import { mapped } from '../../mapped.ts';
import type { Matrix, Vector } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Row } from '../outcome.ts';
import { functionName } from '../values.ts';

/** (x − mean)·componentsᵀ; whitened, each divided by its deviation. */
export function pca(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const projected = projection(estimator, emitter, estimator.has('mean_') ? centred(estimator, emitter, x) : x);
  if (!estimator.boolean('whiten', false)) return projected;
  const variances = estimator.vector('explained_variance_', projected.width);
  const least = variances instanceof Float32Array ? 2 ** -23 : 2 ** -52;
  return emitter.binary(
    'div',
    projected,
    variances.map((variance) => Math.max(Math.sqrt(variance), least)),
  );
}

/** x·componentsᵀ */
export function projection(estimator: Estimator, emitter: Emitter, x: Row): Row {
  return emitter.dense(emitter.requireFinite(x), estimator.matrix('components_', undefined, x.width));
}

export function fastIca(estimator: Estimator, emitter: Emitter, x: Row): Row {
  return projection(estimator, emitter, estimator.has('mean_') ? centred(estimator, emitter, x) : x);
}

/** (x − mean)·Ψ⁻¹Wᵀ·(I + W·Ψ⁻¹·Wᵀ)⁻¹, for components W and noise Ψ. */
export function factorAnalysis(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const components = estimator.matrix('components_', undefined, x.width);
  const noise = estimator.vector('noise_variance_', x.width);
  const { rows, columns, data } = components;
  const weighted = { rows, columns, data: mapped(data, (value, at) => value / noise[at % columns]) };
  // Products and an inverse: their cost is of the third order in what the file holds.
  estimator.budget.step((rows * rows * (rows + columns)) / PRODUCTS_IN_A_STEP, estimator.title);
  estimator.budget.buildElements(FACTOR_MATRICES * rows * rows, estimator.title);
  const covariance = product(weighted, components);
  for (let i = 0; i < rows; i++) covariance.data[i * rows + i] += 1;
  const inverse = inverseOf(covariance);
  if (inverse === undefined)
    throw estimator.error('MALFORMED', 'a covariance of its factors has no inverse', 'components_');
  return emitter.dense(emitter.dense(centred(estimator, emitter, x), weighted), inverse, undefined, 'in-out');
}

/** Multiplications that take some microsecond. */
const PRODUCTS_IN_A_STEP = 512;
/** As large as the covariance: itself, two halves that are eliminated, and the inverse. */
const FACTOR_MATRICES = 4;

/** Logistic functions of the hidden units. */
export function bernoulliRbm(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const components = estimator.matrix('components_', undefined, x.width);
  const biases = estimator.vector('intercept_hidden_', components.rows);
  return emitter.unary(emitter.dense(emitter.requireFinite(x), components, biases), 'sigmoid');
}

/** The mean of each group of features. */
export function featureAgglomeration(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const labels = estimator.vector('labels_', x.width);
  const pooling = estimator.value('pooling_func');
  const name = pooling === null ? 'numpy.mean' : functionName(pooling);
  if (!/^numpy\b.*\.mean$/.test(name ?? '')) {
    const message = `groups are pooled by numpy.mean here, found ${name ?? pickleKind(pooling)}`;
    throw estimator.error('UNSUPPORTED_OP', message, 'pooling_func');
  }
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const groups = Array.from(sizes.keys()).sort((a, b) => a - b);
  const rows = new Map(groups.map((group, row) => [group, row]));
  estimator.budget.buildElements(groups.length * x.width, estimator.title);
  const data = new Float64Array(groups.length * x.width);
  estimator.budget.isNew(data);
  labels.forEach((label, column) => {
    data[(rows.get(label) ?? 0) * x.width + column] = 1 / (sizes.get(label) ?? 1);
  });
  return emitter.dense(emitter.requireFinite(x), { rows: groups.length, columns: x.width, data });
}

function centred(estimator: Estimator, emitter: Emitter, x: Row): Row {
  return emitter.binary('sub', emitter.requireFinite(x), estimator.vector('mean_', x.width));
}

/** a·bᵀ */
function product(a: Matrix, b: Matrix): Matrix & { readonly data: Float64Array } {
  const data = new Float64Array(a.rows * b.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      for (let k = 0; k < a.columns; k++) data[i * b.rows + j] += a.data[i * a.columns + k] * b.data[j * b.columns + k];
    }
  }
  return { rows: a.rows, columns: b.rows, data };
}

/** By elimination, with the greatest pivot of each column; undefined where there is none. */
function inverseOf({ rows: size, data }: Matrix): Matrix | undefined {
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

function subtract(from: Vector, row: Vector, factor: number): void {
  for (let i = 0; i < from.length; i++) from[i] -= factor * row[i];
}
