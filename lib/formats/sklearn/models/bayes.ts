/** Naive Bayes: each class has a joint log likelihood, and their softmax gives the probabilities. */
import { mapped } from '../../mapped.ts';
import { type Matrix, sum, type Vector } from '../arrays.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';

function labelsByLikelihood(estimator: Estimator, emitter: Emitter, likelihood: RowVector): Labels {
  const classes = estimator.labels('classes_');
  if (likelihood.width !== classes.length) {
    throw estimator.error(
      'SHAPE',
      `expected ${classes.length} likelihoods, one for each class, found ${likelihood.width}`,
    );
  }
  return { kind: 'labels', classes, probabilities: emitter.softmax(likelihood), decider: likelihood };
}

/**
 * log P − ½Σ log(2πσ²) − ½Σ (x − θ)²/σ², in exactly this form: expanding the square would lose most digits far from the
 * means.
 */
const gaussian: Predict = (estimator, emitter, x) => {
  const means = estimator.matrix('theta_', undefined, x.width);
  const { rows: count, columns: width } = means;
  // Renamed in 1.0.
  const variances = estimator.matrix(estimator.has('var_') ? 'var_' : 'sigma_', count, width);
  const priors = estimator.vector('class_prior_', count);
  const tensor = ({ rows, columns, data }: Matrix) => ({ shape: [rows, columns], data });

  const row = emitter.reshape(emitter.requireFinite(x), [1, width]);
  const difference = emitter.emit('binary', [row, tensor(means)], { fn: 'sub' });
  const square = emitter.emit('unary', [difference], { fn: 'square' });
  const scaled = emitter.emit('binary', [square, tensor(variances)], { fn: 'div' });
  const total = emitter.emit('reduce', [scaled], { fn: 'sum', axes: [1], keepDims: false });
  const constants = mapped(priors, (prior, i) => {
    const own = variances.data.subarray(i * width, (i + 1) * width);
    return Math.log(prior) - 0.5 * sum(own.map((variance) => Math.log(2 * Math.PI * variance)));
  });
  return labelsByLikelihood(estimator, emitter, emitter.affine({ operand: total, width: count }, -0.5, constants));
};

/** −Infinity for a class that was announced to partial_fit but not seen yet. */
function logPriors(estimator: Estimator, count?: number): Vector {
  const place = 'class_log_prior_';
  const { shape, data } = estimator.numbersIn(estimator.value(place), place);
  if (shape.length === 1 && (count === undefined || data.length === count) && data.every((value) => value < Infinity)) {
    return data;
  }
  return estimator.vector(place, count);
}

const multinomial: Predict = (estimator, emitter, x) => {
  const matrix = estimator.matrix('feature_log_prob_', undefined, x.width);
  const priors = logPriors(estimator, matrix.rows);
  return labelsByLikelihood(estimator, emitter, emitter.dense(emitter.requireFinite(x), matrix, priors));
};

/** The prior counts only if there is a single class. */
const complement: Predict = (estimator, emitter, x) => {
  const matrix = estimator.matrix('feature_log_prob_', undefined, x.width);
  const priors = matrix.rows === 1 ? logPriors(estimator, 1) : undefined;
  return labelsByLikelihood(estimator, emitter, emitter.dense(emitter.requireFinite(x), matrix, priors));
};

/**
 * On features binarized by the threshold `binarize`: Σ over features of log P if the feature is above it, log(1 − P) if
 * not.
 */
const bernoulli: Predict = (estimator, emitter, x) => {
  const { rows, columns, data } = estimator.matrix('feature_log_prob_', undefined, x.width);
  const priors = logPriors(estimator, rows);
  const absent = mapped(data, (value) => Math.log(1 - Math.exp(value)));
  const difference = mapped(data, (value, i) => value - absent[i]);
  const bias = mapped(priors, (prior, i) => prior + sum(absent.subarray(i * columns, (i + 1) * columns)));
  let row = emitter.requireFinite(x);
  const threshold = estimator.value('binarize', 0);
  if (threshold !== null) row = emitter.binary('greater', row, estimator.number('binarize', 0));
  return labelsByLikelihood(estimator, emitter, emitter.dense(row, { rows, columns, data: difference }, bias));
};

/** A table for each feature, whose values are integers; fractions are truncated, as in NumPy. */
const categorical: Predict = (estimator, emitter, x) => {
  const tables = estimator.list('feature_log_prob_');
  const priors = logPriors(estimator);
  if (tables.length !== x.width) {
    throw estimator.error(
      'SHAPE',
      `expected a table for each of ${x.width} features, found ${tables.length}`,
      'feature_log_prob_',
    );
  }
  const ids = emitter.unary(emitter.requireFinite(x), 'trunc');
  let total: RowVector | undefined;
  for (const [feature, value] of tables.entries()) {
    const { shape, data } = estimator.numbersIn(value, `feature_log_prob_[${feature}]`);
    const [count, categories] = shape;
    if (shape.length !== 2 || count !== priors.length) {
      throw estimator.error(
        'SHAPE',
        `expected a row for each of ${priors.length} classes`,
        `feature_log_prob_[${feature}]`,
      );
    }
    const table = { shape: [categories, count], data: transposed({ rows: count, columns: categories, data }) };
    const id = emitter.gather(ids, [feature]);
    const row = emitter.flat(emitter.emit('embedding', [id.operand, table], { wrap: false }), count);
    total = total === undefined ? row : emitter.binary('add', total, row);
  }
  if (total === undefined) throw estimator.error('SHAPE', 'expected at least one feature');
  return labelsByLikelihood(estimator, emitter, emitter.binary('add', total, priors));
};

function transposed({ rows, columns, data }: Matrix): Vector {
  return mapped(data, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]);
}

export const BAYES: Table = {
  GaussianNB: { predict: gaussian },
  MultinomialNB: { predict: multinomial },
  ComplementNB: { predict: complement },
  BernoulliNB: { predict: bernoulli },
  CategoricalNB: { predict: categorical },
};
