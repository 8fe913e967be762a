/** Steps that multiply by a matrix: each result is a weighted sum of the features. */

import { pickleKind } from '../../containers/pickle/values.ts';
import { mapped } from '../../mapped.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { inverseOf, product } from '../matrices.ts';
import type { RowVector } from '../outcome.ts';
import { LOOKED_FOR } from '../refusals.ts';
import { functionName } from '../values.ts';

/** (x − mean)·componentsᵀ; with whitening, each divided by its standard deviation. */
export function pca(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
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
export function projection(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return emitter.dense(emitter.requireFinite(x), estimator.matrix('components_', undefined, x.width));
}

export function fastIca(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return projection(estimator, emitter, estimator.has('mean_') ? centred(estimator, emitter, x) : x);
}

/** (x − mean)·Ψ⁻¹Wᵀ·(I + W·Ψ⁻¹·Wᵀ)⁻¹, for components W and noise Ψ. */
export function factorAnalysis(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const components = estimator.matrix('components_', undefined, x.width);
  const noise = estimator.vector('noise_variance_', x.width);
  const { rows, columns, data } = components;
  const weighted = { rows, columns, data: mapped(data, (value, at) => value / noise[at % columns]) };
  const { budget, title } = estimator;
  const covariance = product(weighted, components, budget, title);
  for (let i = 0; i < rows; i++) covariance.data[i * rows + i] += 1;
  const inverse = inverseOf(covariance, budget, title);
  if (inverse === undefined)
    throw estimator.error('MALFORMED', 'has a singular covariance of its factors', 'components_');
  return emitter.dense(emitter.dense(centred(estimator, emitter, x), weighted), inverse, undefined, 'in-out');
}

/** Ridge regression of (x − mean) on the components: (x − mean)·Cᵀ·(C·Cᵀ + ridge_alpha·I)⁻¹. */
export function sparsePca(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const components = estimator.matrix('components_', undefined, x.width);
  const { budget, title } = estimator;
  const covariance = product(components, components, budget, title);
  const alpha = estimator.number('ridge_alpha', 0.01);
  for (let i = 0; i < components.rows; i++) covariance.data[i * (components.rows + 1)] += alpha;
  const inverse = inverseOf(covariance, budget, title);
  if (inverse === undefined)
    throw estimator.error('MALFORMED', 'has components with a singular product', 'components_');
  return emitter.dense(emitter.dense(centred(estimator, emitter, x), components), inverse, undefined, 'in-out');
}

/**
 * Non-negative weights with which the components approximate the row. If no two components share a feature, each weight
 * is max((x·h − l1)/(h·h + l2), 0); otherwise scikit-learn finds them by iteration.
 */
export function nonNegativeFactors(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const components = estimator.matrix('components_', undefined, x.width);
  const squares = new Float64Array(components.rows);
  const { budget, title } = estimator;
  const products = product(components, components, budget, title);
  const areApart = products.data.every((value, at) => value === 0 || at % (components.rows + 1) === 0);
  const isByFormula = areApart && estimator.text('solver', 'cd') === 'cd';
  for (let i = 0; i < components.rows; i++) squares[i] = products.data[i * (components.rows + 1)];
  if (!isByFormula) throw estimator.error('UNSUPPORTED_OP', `its transform ${LOOKED_FOR}`);
  const alpha = estimator.number('alpha_W', 0) * x.width;
  const ratio = estimator.number('l1_ratio', 0);
  const divisors = squares.map((square) => square + alpha * (1 - ratio));
  if (divisors.includes(0)) throw estimator.error('UNSUPPORTED_OP', 'has a component of zeros', 'components_');
  // A negative number becomes infinite, which is refused.
  const row = emitter.requireFinite(emitter.select(emitter.binary('less', x, 0), -Infinity, x));
  const shift = new Float64Array(components.rows).fill(-alpha * ratio);
  return emitter.unary(emitter.binary('div', emitter.dense(row, components, shift), divisors), 'relu');
}

/** The logistic function of the hidden units. */
export function bernoulliRbm(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const components = estimator.matrix('components_', undefined, x.width);
  const biases = estimator.vector('intercept_hidden_', components.rows);
  return emitter.unary(emitter.dense(emitter.requireFinite(x), components, biases), 'sigmoid');
}

/** The mean of each group of features. */
export function featureAgglomeration(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const labels = estimator.vector('labels_', x.width);
  const pooling = estimator.value('pooling_func');
  const name = pooling === null ? 'numpy.mean' : functionName(pooling);
  if (!/^numpy\b.*\.mean$/.test(name ?? '')) {
    const message = `expected pooling of groups by numpy.mean, found ${name ?? pickleKind(pooling)}`;
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

function centred(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return emitter.binary('sub', emitter.requireFinite(x), estimator.vector('mean_', x.width));
}
