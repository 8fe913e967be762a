/** Weighted sums of kernels between the row and each row of the training set: ridge regression, Gaussian processes. */
import { mapped } from '../../mapped.ts';
import type { Matrix, Vector } from '../arrays.ts';
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { processKernel } from '../gaussian-kernels.ts';
import { ownKernel } from '../kernels.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { kernelCenterer } from '../steps/scalers.ts';

/** Weights [points] or [points, targets] as a matrix [points, targets]. */
function weightsOf(estimator: Estimator, attribute: string): Matrix {
  const { shape, data } = estimator.numbers(attribute);
  return shape.length === 1 ? { rows: shape[0], columns: 1, data } : estimator.matrix(attribute);
}

const kernelRidge: Predict = (estimator, emitter, x) => {
  const weights = weightsOf(estimator, 'dual_coef_');
  const row = emitter.requireFinite(x);
  const values = kernelWith(estimator, emitter, row, 'gamma', weights.rows);
  return { kind: 'values', values: emitter.dense(values, weights, undefined, 'in-out') };
};

/** The kernel with the points `X_fit_`; if the row is the kernel itself, it has one element for each point. */
function kernelWith(estimator: Estimator, emitter: Emitter, x: RowVector, gamma: string, count?: number): RowVector {
  if (estimator.value('kernel') === 'precomputed') return x;
  return ownKernel(estimator, emitter, x, estimator.matrix('X_fit_', count, x.width), { gamma });
}

/** The mean of a process: Σ kernel·alpha, times the standard deviation of the targets, plus their mean. */
const processRegressor: Predict = (estimator, emitter, x) => {
  const points = estimator.matrix('X_train_', undefined, x.width);
  const weights = weightsOf(estimator, 'alpha_');
  const row = emitter.requireFinite(x);
  const similarity = processKernel(estimator.estimator('kernel_'), emitter, row, points);
  const mean = emitter.dense(similarity, weights, undefined, 'in-out');
  const [scale, shift] = ['_y_train_std', '_y_train_mean'].map((name) => perTarget(estimator, name, mean.width));
  return { kind: 'values', values: emitter.affine(mean, scale, shift) };
};

/** One number, or one for each target; standard deviations exist since 0.23. */
function perTarget(estimator: Estimator, attribute: string, targets: number): Vector {
  if (attribute === '_y_train_std' && !estimator.has(attribute)) return Float64Array.of(1);
  const { data } = estimator.numbers(attribute);
  if (data.length === targets || data.length === 1) return data;
  throw estimator.error('SHAPE', `expected a number for each of ${targets} targets, found ${data.length}`, attribute);
}

/**
 * Projects the centred kernel onto the eigenvectors, each divided by the square root of its eigenvalue. Before 1.0 they
 * had other names.
 */
const kernelComponents: Transform = (estimator, emitter, x) => {
  const [vectors, values] = estimator.has('eigenvectors_')
    ? ['eigenvectors_', 'eigenvalues_']
    : ['alphas_', 'lambdas_'];
  const { rows, columns, data } = estimator.matrix(vectors);
  const roots = estimator.vector(values, columns).map(Math.sqrt);
  const gamma = estimator.has('gamma_') ? 'gamma_' : 'gamma';
  const similarity = kernelWith(estimator, emitter, emitter.requireFinite(x), gamma, rows);
  const centred = kernelCenterer(estimator.estimator('_centerer'), emitter, similarity);
  const scaled = mapped(data, (value, at) => (roots[at % columns] === 0 ? 0 : value / roots[at % columns]));
  return emitter.dense(centred, { rows, columns, data: scaled }, undefined, 'in-out');
};

export const KERNEL_MACHINES: Table = {
  KernelRidge: { predict: kernelRidge },
  GaussianProcessRegressor: { predict: processRegressor },
  KernelPCA: { transform: kernelComponents },
};
