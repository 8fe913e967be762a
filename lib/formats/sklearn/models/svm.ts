/** Support vector machines: a weighted sum of the kernel between the row and each support vector. */
import { type Matrix, sum } from '../arrays.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Row } from '../outcome.ts';
import type { Table } from '../table.ts';
import { noSuchOption } from '../values.ts';
import { distances } from './distances.ts';
import { confidencesOfPairs, votesOfPairs } from './multiclass.ts';

/** `predict_proba` of these is not read: libsvm couples its probabilities in steps whose number depends on the row. */
const KERNELS = ['linear', 'poly', 'rbf', 'sigmoid'];

/** Between the row and each support vector. */
function kernel(estimator: Estimator, emitter: Emitter, x: Row, vectors: Matrix): Row {
  const name = estimator.text('kernel', 'rbf');
  const row = emitter.requireFinite(x);
  if (name === 'rbf') {
    const squares = distances(emitter, row, vectors);
    return emitter.unary(emitter.affine(squares, -estimator.number('_gamma'), -0), 'exp');
  }
  if (!KERNELS.includes(name)) {
    throw estimator.error('UNSUPPORTED_OP', noSuchOption('the kernel', name, KERNELS), 'kernel');
  }
  const products = emitter.dense(row, vectors);
  if (name === 'linear') return products;
  const inner = emitter.affine(products, estimator.number('_gamma'), estimator.number('coef0', 0));
  if (name === 'sigmoid') return emitter.unary(inner, 'tanh');
  return emitter.binary('pow', inner, estimator.number('degree', 3));
}

/** The weighted sum of an estimator that keeps one. */
function expansion(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const vectors = estimator.matrix('support_vectors_', undefined, x.width);
  const weights = estimator.matrix('dual_coef_', 1, vectors.rows);
  return emitter.dense(kernel(estimator, emitter, x, vectors), weights, estimator.vector('intercept_', 1));
}

const regressor: Predict = (estimator, emitter, x) => ({ kind: 'values', values: expansion(estimator, emitter, x) });

/** An outlier, −1, where the score is not positive. */
const oneClass: Predict = (estimator, emitter, x) => {
  const scores = expansion(estimator, emitter, x);
  return { kind: 'labels', classes: [-1, 1], scores, decider: scores };
};

/** Each pair of classes is told apart by the support vectors of the two; of two classes, 0 is for the second. */
const classifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const vectors = estimator.matrix('support_vectors_', undefined, x.width);
  const weights = estimator.matrix('dual_coef_', classes.length - 1, vectors.rows);
  const pairs = (classes.length * (classes.length - 1)) / 2;
  const intercepts = estimator.vector('intercept_', pairs);
  const values = kernel(estimator, emitter, x, vectors);
  if (classes.length === 2) {
    const scores = emitter.dense(values, weights, intercepts);
    return { kind: 'labels', classes, scores, decider: scores, threshold: -Number.MIN_VALUE };
  }
  const counts = [...estimator.vector(estimator.has('_n_support') ? '_n_support' : 'n_support_', classes.length)];
  const margins = emitter.dense(values, pairWeights(estimator, weights, counts, pairs), intercepts);
  // A positive margin is a vote for the first of a pair; libsvm and scikit-learn differ on one of 0.
  const votes = (second: 'less' | 'less_equal') =>
    votesOfPairs(emitter, emitter.binary(second, margins, 0), classes.length);
  const confidences = confidencesOfPairs(emitter, emitter.unary(margins, 'neg'), classes.length);
  const scores = emitter.binary('add', votes('less'), confidences);
  const breaksTies = estimator.boolean('break_ties', false);
  return { kind: 'labels', classes, scores, decider: breaksTies ? scores : votes('less_equal') };
};

/** [pairs, vectors]: of a pair (i, j), the vectors of i have their weight against j, those of j theirs against i. */
function pairWeights(estimator: Estimator, weights: Matrix, counts: readonly number[], pairs: number): Matrix {
  const { columns } = weights;
  const ends = counts.map((_, i) => sum(counts.slice(0, i + 1)));
  if (!counts.every((count) => Number.isInteger(count) && count >= 0) || sum(counts) !== columns) {
    throw estimator.error('SHAPE', `expected ${columns} support vectors in all, found ${sum(counts)}`, '_n_support');
  }
  const data = new Float64Array(pairs * columns);
  let at = 0;
  const copy = (owner: number, row: number) => {
    for (let vector = ends[owner] - counts[owner]; vector < ends[owner]; vector++) {
      data[at * columns + vector] = weights.data[row * columns + vector];
    }
  };
  for (let i = 0; i < counts.length; i++) {
    for (let j = i + 1; j < counts.length; j++, at++) {
      copy(i, j - 1);
      copy(j, i);
    }
  }
  return { rows: pairs, columns, data };
}

export const SUPPORT_VECTORS: Table = {
  SVC: { predict: classifier },
  NuSVC: { predict: classifier },
  SVR: { predict: regressor },
  NuSVR: { predict: regressor },
  OneClassSVM: { predict: oneClass },
};
