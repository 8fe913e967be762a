/**
 * Gaussian process classifiers. For two classes there is a latent function, whose mean decides; the probability is the
 * mean of the logistic function over the latent distribution, which scikit-learn approximates by a sum of error
 * functions.
 */
import { mapped } from '../../mapped.ts';
import type { Matrix } from '../arrays.ts';
import { pair } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { processKernel, processVariance } from '../gaussian-kernels.ts';
import { lowerInverse } from '../matrices.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';

const binary: Predict = (estimator, emitter, x) => {
  const row = emitter.requireFinite(x);
  const points = estimator.matrix('X_train_', undefined, x.width);
  const kernel = estimator.estimator('kernel_');
  const similarity = processKernel(kernel, emitter, row, points);
  const labels = estimator.vector('y_train_', points.rows);
  const fitted = estimator.vector('pi_', points.rows);
  const weights = { rows: 1, columns: points.rows, data: mapped(labels, (label, i) => label - fitted[i]) };
  const mean = emitter.dense(similarity, weights);
  const explained = emitter.reduce(emitter.dense(similarity, rootOf(estimator, points.rows)), 'sum_square');
  const variance = emitter.binary('sub', processVariance(kernel, emitter, row), explained);
  const probabilities = pair(emitter, expected(emitter, mean, variance));
  return { kind: 'labels', classes: estimator.labels('classes_'), probabilities, decider: mean };
};

/**
 * L⁻¹·diag(W½): the product of the kernel with the points and this is a row whose sum of squares is the explained
 * variance.
 */
function rootOf(estimator: Estimator, points: number): Matrix {
  const { budget, title } = estimator;
  const weights = estimator.vector('W_sr_', points);
  const inverse = lowerInverse(estimator.matrix('L_', points, points), budget, title);
  if (inverse === undefined) throw estimator.error('MALFORMED', 'has no inverse', 'L_');
  for (let i = 0; i < inverse.data.length; i++) inverse.data[i] *= weights[i % points];
  return inverse;
}

/**
 * The error functions that approximate the logistic function: Williams and Barber, Bayesian Classification with
 * Gaussian Processes.
 */
const SLOPES = Float64Array.of(0.41, 0.4, 0.37, 0.44, 0.39);
const COEFFICIENTS = Float64Array.of(-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654);

/** ½·Σ c·(1 + erf(λ·mean/√(1 + 2·λ²·variance))) */
function expected(emitter: Emitter, mean: RowVector, variance: RowVector): RowVector {
  const ones = new Float64Array(SLOPES.length).fill(1);
  const spread = emitter.binary(
    'mul',
    variance,
    mapped(SLOPES, (slope) => 2 * slope * slope),
  );
  const divisor = emitter.unary(emitter.binary('add', spread, ones), 'sqrt');
  const curves = emitter.unary(emitter.binary('div', emitter.binary('mul', mean, SLOPES), divisor), 'erf');
  const half = COEFFICIENTS.reduce((total, each) => total + each, 0) / 2;
  const weights = { rows: 1, columns: SLOPES.length, data: mapped(COEFFICIENTS, (each) => each / 2) };
  return emitter.dense(curves, weights, Float64Array.of(half));
}

/** One process for two classes; for more, one against the rest, or one for each pair, which gives no probabilities. */
const classifier: Predict = (estimator, emitter, x) => {
  const outcome = emitter.predict(estimator.estimator('base_estimator_'), x);
  if (outcome.kind !== 'labels') throw estimator.error('MALFORMED', 'expected a classifier', 'base_estimator_');
  const { scores: _, probabilities, ...labels } = outcome;
  const isByPairs = labels.classes.length > 2 && estimator.text('multi_class', 'one_vs_rest') === 'one_vs_one';
  return isByPairs || probabilities === undefined ? labels : { ...labels, probabilities };
};

export const PROCESS_CLASSIFIERS: Table = {
  GaussianProcessClassifier: { predict: classifier },
  _BinaryGaussianProcessClassifierLaplace: { predict: binary },
};
