/** Linear models: a product with `coef_`, and the predictions that their classes derive from it. */
import type { Matrix, Vector } from '../arrays.ts';
import { labelsByScore, normalised, oneVersusRest, opposites, pair } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Outcome, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';

/** `coef_` as a matrix [outputs, features]; a single axis means one output. */
export function coefficients(estimator: Estimator): Matrix {
  const { shape, data } = estimator.numbers('coef_');
  if (shape.length === 1) return { rows: 1, columns: shape[0], data };
  return estimator.matrix('coef_');
}

/** `intercept_`, which may be one number for all outputs. */
export function intercepts(estimator: Estimator, outputs: number): Vector {
  const { data } = estimator.numbers('intercept_');
  if (data.length === 1 && outputs > 1) return new Float64Array(outputs).fill(data[0]);
  if (data.length === outputs) return data;
  throw estimator.error('SHAPE', `expected ${outputs} intercepts, found ${data.length}`, 'intercept_');
}

/** x·coef_ᵀ + intercept_. */
export function linear(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const matrix = coefficients(estimator);
  return emitter.dense(emitter.requireFinite(x), matrix, intercepts(estimator, matrix.rows));
}

const regressor: Predict = (estimator, emitter, x) => ({ kind: 'values', values: linear(estimator, emitter, x) });

/** Generalised linear models with a logarithmic link. */
const logLink: Predict = (estimator, emitter, x) => ({
  kind: 'values',
  values: emitter.unary(linear(estimator, emitter, x), 'exp'),
});

const tweedie: Predict = (estimator, emitter, x) => {
  const link = estimator.text('link', 'auto');
  if (link !== 'auto' && link !== 'log' && link !== 'identity') {
    throw estimator.error('UNSUPPORTED_OP', `expected the link 'auto', 'log' or 'identity', found '${link}'`, 'link');
  }
  const isIdentity = link === 'identity' || (link === 'auto' && estimator.number('power', 0) <= 0);
  return (isIdentity ? regressor : logLink)(estimator, emitter, x);
};

const scoringClassifier: Predict = (estimator, emitter, x) =>
  labelsByScore(estimator, estimator.labels('classes_'), linear(estimator, emitter, x));

/**
 * Probabilities are a softmax, or a sigmoid for each class. Since scikit-learn 1.8, which has no `multi_class`, two
 * classes always use the latter; before, `multi_class` decides, where 'auto' (and 'deprecated', which is equal) means a
 * choice by the solver, and a softmax of two is over ±score.
 */
const logisticRegression: Predict = (estimator, emitter, x) => {
  const scores = linear(estimator, emitter, x);
  const classes = estimator.labels('classes_');
  const isSoftmax = isMultinomial(estimator, classes.length);
  const probabilities = isSoftmax
    ? emitter.softmax(scores.width === 1 ? opposites(emitter, scores) : scores)
    : oneVersusRest(emitter, scores);
  return labelsByScore(estimator, classes, scores, probabilities);
};

function isMultinomial(estimator: Estimator, classCount: number): boolean {
  if (!estimator.has('multi_class')) return estimator.since(1, 8) && classCount > 2;
  const said = estimator.text('multi_class');
  if (said === 'multinomial') return true;
  if (said !== 'auto' && said !== 'deprecated') return false;
  const solver = estimator.text('solver', 'lbfgs');
  const isOneByOne = solver === 'liblinear' || (solver === 'newton-cholesky' && !estimator.since(1, 6));
  return classCount > 2 && !isOneByOne;
}

/** 'log' was renamed to 'log_loss' in 1.1. */
const stochasticGradient: Predict = (estimator, emitter, x) => {
  const scores = linear(estimator, emitter, x);
  const loss = estimator.text('loss', 'hinge');
  const classes = estimator.labels('classes_');
  if (loss === 'log_loss' || loss === 'log') {
    return labelsByScore(estimator, classes, scores, oneVersusRest(emitter, scores));
  }
  if (loss !== 'modified_huber') return labelsByScore(estimator, classes, scores);
  const half = emitter.affine(emitter.unary(scores, 'clip', -1, 1), 0.5, 0.5);
  const probabilities = scores.width === 1 ? pair(emitter, half) : normalised(emitter, half);
  return labelsByScore(estimator, classes, scores, probabilities);
};

/** Its classes are those of its label binarizer. */
const ridgeClassifier: Predict = (estimator, emitter, x): Outcome => {
  const scores = linear(estimator, emitter, x);
  const binarizer = estimator.estimator('_label_binarizer');
  if (binarizer.text('y_type_').startsWith('multilabel')) {
    return { kind: 'multilabel', scores, decider: scores, threshold: 0 };
  }
  return labelsByScore(estimator, binarizer.labels('classes_'), scores);
};

/** −1, an outlier, if the score is negative. */
const oneClass: Predict = (estimator, emitter, x) => {
  const matrix = coefficients(estimator);
  const offset = estimator.vector('offset_', matrix.rows).map((value) => -value);
  const scores = emitter.dense(emitter.requireFinite(x), matrix, offset);
  return { kind: 'labels', classes: [-1, 1], scores, decider: scores, threshold: -Number.MIN_VALUE };
};

const REGRESSORS = [
  ...['LinearRegression', 'Ridge', 'RidgeCV', 'Lasso', 'LassoCV', 'ElasticNet', 'ElasticNetCV'],
  ...['MultiTaskLasso', 'MultiTaskLassoCV', 'MultiTaskElasticNet', 'MultiTaskElasticNetCV'],
  ...['Lars', 'LarsCV', 'LassoLars', 'LassoLarsCV', 'LassoLarsIC'],
  ...['OrthogonalMatchingPursuit', 'OrthogonalMatchingPursuitCV', 'BayesianRidge', 'ARDRegression'],
  ...['HuberRegressor', 'TheilSenRegressor', 'QuantileRegressor'],
  ...['SGDRegressor', 'PassiveAggressiveRegressor', 'LinearSVR'],
];

export const LINEAR: Table = {
  ...Object.fromEntries(REGRESSORS.map((name) => [name, { predict: regressor }])),
  PoissonRegressor: { predict: logLink },
  GammaRegressor: { predict: logLink },
  TweedieRegressor: { predict: tweedie },
  LogisticRegression: { predict: logisticRegression },
  LogisticRegressionCV: { predict: logisticRegression },
  SGDClassifier: { predict: stochasticGradient },
  Perceptron: { predict: scoringClassifier },
  PassiveAggressiveClassifier: { predict: scoringClassifier },
  LinearSVC: { predict: scoringClassifier },
  RidgeClassifier: { predict: ridgeClassifier },
  RidgeClassifierCV: { predict: ridgeClassifier },
  SGDOneClassSVM: { predict: oneClass },
};
