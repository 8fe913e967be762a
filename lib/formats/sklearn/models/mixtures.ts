/**
 * Mixtures of normal distributions, and single ones. Each component of a mixture has a weighted log density, and their
 * softmax gives the probabilities; a label is the index of a component.
 */
import { mapped } from '../../mapped.ts';
import { type Matrix, type NumberArray, sum, type Vector } from '../arrays.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { inverseOf } from '../matrices.ts';
import type { Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { digamma } from '../special-functions.ts';
import { noSuchOption } from '../values.ts';
import { distances } from './distances.ts';

/** Multiplications per microsecond. */
const PRODUCTS_IN_A_STEP = 512;

const COVARIANCES = ['full', 'tied', 'diag', 'spherical'];

/** The terms of the densities: the squared distance of the row from each mean, and half of a log determinant. */
interface Densities {
  readonly squares: RowVector;
  readonly logDeterminants: Vector;
}

/** From the Cholesky factors of the precisions, whose shape depends on the kind of covariance. */
function densities(estimator: Estimator, emitter: Emitter, x: RowVector, means: Matrix): Densities {
  const kind = estimator.text('covariance_type', 'full');
  const factors = estimator.numbers('precisions_cholesky_');
  const [count, width] = [means.rows, x.width];
  switch (kind) {
    case 'full': {
      checkShape(estimator, factors, [count, width, width]);
      const squares = emitter.reshape(transformed(emitter, x, means, factors.data), [count, width]);
      return {
        squares: sumOfSquares(emitter, squares, count),
        logDeterminants: logDiagonals(factors.data, count, width),
      };
    }
    case 'tied': {
      checkShape(estimator, factors, [width, width]);
      const factor = { rows: width, columns: width, data: factors.data };
      estimator.budget.step((count * width * width) / PRODUCTS_IN_A_STEP, estimator.title);
      const row = emitter.reshape(emitter.dense(x, factor, undefined, 'in-out'), [1, width]);
      const centres = Float64Array.from({ length: count * width }, (_, at) =>
        dot(means, Math.floor(at / width), factors.data, at % width, width),
      );
      const difference = emitter.emit('binary', [row, { shape: [count, width], data: centres }], { fn: 'sub' });
      const [determinant] = logDiagonals(factors.data, 1, width);
      return {
        squares: sumOfSquares(emitter, difference, count),
        logDeterminants: new Float64Array(count).fill(determinant),
      };
    }
    case 'diag': {
      checkShape(estimator, factors, [count, width]);
      const shape = [count, width];
      const row = emitter.reshape(x, [1, width]);
      const difference = emitter.emit('binary', [row, { shape, data: means.data }], { fn: 'sub' });
      const scaled = emitter.emit('binary', [difference, { shape, data: factors.data }], { fn: 'mul' });
      const logDeterminants = Float64Array.from({ length: count }, (_, i) =>
        sum(factors.data.subarray(i * width, (i + 1) * width).map(Math.log)),
      );
      return { squares: sumOfSquares(emitter, scaled, count), logDeterminants };
    }
    case 'spherical': {
      checkShape(estimator, factors, [count]);
      const squared = mapped(factors.data, (factor) => factor * factor);
      return {
        squares: emitter.binary('mul', distances(emitter, x, means), squared),
        logDeterminants: mapped(factors.data, (factor) => width * Math.log(factor)),
      };
    }
    default:
      throw estimator.error('MALFORMED', noSuchOption('the covariance', kind, COVARIANCES), 'covariance_type');
  }
}

function checkShape(estimator: Estimator, { shape }: NumberArray, expected: readonly number[]): void {
  if (shape.length === expected.length && shape.every((size, axis) => size === expected[axis])) return;
  const message = `expected the shape [${expected.join(', ')}], found [${shape.join(', ')}]`;
  throw estimator.error('SHAPE', message, 'precisions_cholesky_');
}

/** (x − mean)·factor of each component, concatenated, as one product with all factors. */
function transformed(emitter: Emitter, x: RowVector, means: Matrix, factors: Vector): RowVector {
  const [count, width] = [means.rows, x.width];
  const size = width * width;
  emitter.budget.buildElements(count * size, 'precisions_cholesky_');
  const data = new Float64Array(count * size);
  for (let k = 0; k < count; k++) {
    for (let from = 0; from < width; from++) {
      const start = k * size + from * width;
      data.set(factors.subarray(start, start + width), from * count * width + k * width);
    }
  }
  const shift = Float64Array.from({ length: count * width }, (_, at) => {
    const k = Math.floor(at / width);
    return -dot(means, k, factors.subarray(k * size, (k + 1) * size), at % width, width);
  });
  emitter.budget.isNew(data);
  return emitter.dense(x, { rows: width, columns: count * width, data }, shift, 'in-out');
}

/** The product of a row of the means and a column of a factor. */
function dot(means: Matrix, row: number, factor: Vector, column: number, width: number): number {
  let total = 0;
  for (let i = 0; i < width; i++) total += means.data[row * width + i] * factor[i * width + column];
  return total;
}

function sumOfSquares(emitter: Emitter, values: string, count: number): RowVector {
  const operand = emitter.emit('reduce', [values], { fn: 'sum_square', axes: [1], keepDims: false });
  return { operand, width: count };
}

/** For each matrix, the sum of the logarithms of its diagonal. */
function logDiagonals(matrices: Vector, count: number, width: number): Float64Array {
  return Float64Array.from({ length: count }, (_, k) => {
    let total = 0;
    for (let i = 0; i < width; i++) total += Math.log(matrices[k * width * width + i * (width + 1)]);
    return total;
  });
}

/** −½(d·log 2π + squares) + log determinant + the further terms of each component. */
function mixture(estimator: Estimator, emitter: Emitter, x: RowVector, added: (means: Matrix) => Vector): Labels {
  const row = emitter.requireFinite(x);
  const means = estimator.matrix('means_', undefined, x.width);
  const { squares, logDeterminants } = densities(estimator, emitter, row, means);
  const more = added(means);
  const constants = mapped(logDeterminants, (each, i) => each - 0.5 * x.width * Math.log(2 * Math.PI) + more[i]);
  const joint = emitter.affine(squares, -0.5, constants);
  const classes = Array.from({ length: means.rows }, (_, i) => i);
  const probabilities = emitter.softmax(joint);
  // A single component is certain.
  return { kind: 'labels', classes, probabilities, decider: classes.length === 1 ? probabilities : joint };
}

const gaussianMixture: Predict = (estimator, emitter, x) =>
  mixture(estimator, emitter, x, ({ rows }) => mapped(estimator.vector('weights_', rows), Math.log));

/** Adds the expected logarithms of weights and determinants under their own distributions. */
const bayesianMixture: Predict = (estimator, emitter, x) =>
  mixture(estimator, emitter, x, ({ rows, columns: width }) => {
    // A covariance shared by all components has one number.
    const isTied = estimator.numbers('degrees_of_freedom_').shape.length === 0;
    const freedoms = isTied
      ? new Float64Array(rows).fill(estimator.number('degrees_of_freedom_'))
      : estimator.vector('degrees_of_freedom_', rows);
    const precisions = estimator.vector('mean_precision_', rows);
    const weights = logWeights(estimator, rows);
    emitter.budget.step(rows * width, estimator.title);
    return mapped(freedoms, (freedom, k) => {
      const steps = Float64Array.from({ length: width }, (_, i) => digamma(0.5 * (freedom - i)));
      const determinant = width * Math.log(2) + sum(steps);
      return weights[k] - 0.5 * width * Math.log(freedom) + 0.5 * (determinant - width / precisions[k]);
    });
  });

function logWeights(estimator: Estimator, count: number): Vector {
  const place = 'weight_concentration_';
  const kind = estimator.text('weight_concentration_prior_type', 'dirichlet_process');
  if (kind === 'dirichlet_distribution') {
    const concentrations = estimator.vector(place, count);
    const whole = digamma(sum(concentrations));
    return mapped(concentrations, (each) => digamma(each) - whole);
  }
  if (kind !== 'dirichlet_process') {
    const known = ['dirichlet_process', 'dirichlet_distribution'];
    throw estimator.error('MALFORMED', noSuchOption('it', kind, known), 'weight_concentration_prior_type');
  }
  const pair = estimator.list(place);
  if (pair.length !== 2) throw estimator.error('SHAPE', `expected two arrays, found ${pair.length}`, place);
  const [a, b] = pair.map((value, i) => estimator.numbersIn(value, `${place}[${i}]`).data);
  if (a.length !== count || b.length !== count) throw estimator.error('SHAPE', `expected ${count} numbers`, place);
  let broken = 0;
  return mapped(a, (first, k) => {
    const whole = digamma(first + b[k]);
    const own = digamma(first) - whole + broken;
    broken += digamma(b[k]) - whole;
    return own;
  });
}

/** −1, an outlier, if the negated squared Mahalanobis distance is below the offset. */
const ellipticEnvelope: Predict = (estimator, emitter, x) => {
  const centre = estimator.vector('location_', x.width);
  const centred = emitter.binary('sub', emitter.requireFinite(x), centre);
  const turned = emitter.dense(centred, precisionOf(estimator, x.width), undefined, 'in-out');
  const squares = emitter.reduce(emitter.binary('mul', turned, centred), 'sum');
  const scores = emitter.affine(squares, -1, -estimator.number('offset_'));
  return { kind: 'labels', classes: [-1, 1], scores, decider: scores, threshold: -Number.MIN_VALUE };
};

/** The inverse of the covariance, which may not be in the file. */
function precisionOf(estimator: Estimator, width: number): Matrix {
  if (estimator.has('precision_')) return estimator.matrix('precision_', width, width);
  const covariance = estimator.matrix('covariance_', width, width);
  const inverse = inverseOf(covariance, estimator.budget, estimator.title);
  if (inverse !== undefined) return inverse;
  throw estimator.error('UNSUPPORTED_OP', 'has no inverse; fit it with store_precision=True', 'covariance_');
}

export const MIXTURES: Table = {
  GaussianMixture: { predict: gaussianMixture },
  BayesianGaussianMixture: { predict: bayesianMixture },
  EllipticEnvelope: { predict: ellipticEnvelope },
};
