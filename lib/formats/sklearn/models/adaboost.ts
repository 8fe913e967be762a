/** AdaBoost: weighted votes of estimators, and weighted medians. */
import { iterationsUsed } from '../../iterations.ts';
import { Forest } from '../../trees.ts';
import { numpySum, sum } from '../arrays.ts';
import { classIndex, opposites, predictLabels, predictValues } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Label, Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { asFloats, StoredTree, valuesOf } from './trees.ts';

/** NumPy's epsilon of float64. */
const EPSILON = 2 ** -52;

/** The fitted estimators of the iterations used, their weights and the sum of these. `name` is the algorithm's. */
function iterationsOf(estimator: Estimator, emitter: Emitter, name: string) {
  const all = estimator.estimators('estimators_');
  if (all.length === 0) throw estimator.error('MALFORMED', 'expected at least one estimator', 'estimators_');
  const count = iterationsUsed(emitter.askedOf(estimator), all.length);
  emitter.boosted(name, count, all.length);
  const every = estimator.vector('estimator_weights_');
  const weights = every.subarray(0, count);
  if (weights.length !== count) throw estimator.error('SHAPE', `expected ${count} weights`, 'estimator_weights_');
  // When only some of the stages are used, their weights are added one after another; for all of them NumPy sums the
  // whole array, including unused entries.
  const total = count === all.length ? numpySum(every, 0, every.length) : sum(weights);
  return { members: all.slice(0, count), weights, total };
}

/** scikit-learn 1.3.0 and 1.3.1: one of them introduced votes against the other classes, and it is not known which. */
const UNSURE = /^1\.3(?:\.[01](?!\d)|\.?[^.\d]|$)/;

/** Each tree's label is a vote with its weight; since 1.3 also a vote against the other classes. */
const adaptiveClassifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const algorithm = estimator.text('algorithm', 'SAMME');
  const { members, weights, total } = iterationsOf(estimator, emitter, algorithm);
  if (algorithm === 'SAMME.R') return byProbabilities(estimator, emitter, x, members, total);
  const against = estimator.since(1, 3);
  const rows = members.map((member, i) => {
    const labels = predictLabels(emitter, member, x);
    const isHit = hits(emitter, labels, classes);
    return emitter.select(isHit, weights[i], against ? (-1 / (classes.length - 1)) * weights[i] : 0);
  });
  const votes = rows.reduce((a, b) => emitter.binary('add', a, b));
  const decision = emitter.divided(votes, total);
  const version = estimator.value('_sklearn_version');
  // Labels are the same in both versions.
  const isUnsure = typeof version === 'string' && UNSURE.test(version);
  if (isUnsure) return { kind: 'labels', classes, decider: deciderOf(emitter, classes, decision) };
  return decided(emitter, classes, decision);
};

/** 1 for the predicted class. */
function hits(emitter: Emitter, labels: Labels, classes: readonly Label[]): RowVector {
  const index = classIndex(emitter, labels);
  const positions = Float64Array.from(labels.classes, (label) => classes.indexOf(label));
  const own = emitter.flat(
    emitter.emit('embedding', [index.operand, { shape: [positions.length, 1], data: positions }], { wrap: false }),
    1,
  );
  return emitter.binary(
    'equal',
    own,
    Float64Array.from(classes, (_, k) => k),
  );
}

/** For two classes one number, which is positive for the second. */
function deciderOf(emitter: Emitter, classes: readonly Label[], decision: RowVector): RowVector {
  if (classes.length > 2) return decision;
  return emitter.reduce(emitter.binary('mul', decision, Float64Array.of(-1, 1)), 'sum');
}

function decided(emitter: Emitter, classes: readonly Label[], decision: RowVector) {
  const scores = deciderOf(emitter, classes, decision);
  const isPair = classes.length === 2;
  const raw = isPair
    ? emitter.binary('div', opposites(emitter, scores), 2)
    : emitter.divided(scores, classes.length - 1);
  return { kind: 'labels', classes, scores, probabilities: emitter.softmax(raw), decider: scores } as const;
}

/** SAMME.R, up to 1.5: adds the logarithms of each tree's probabilities. */
function byProbabilities(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  members: readonly Estimator[],
  total: number,
) {
  const classes = estimator.labels('classes_');
  const rows = members.map((member) => {
    const { probabilities } = predictLabels(emitter, member, x);
    if (probabilities?.width !== classes.length)
      throw member.error('SHAPE', `expected probabilities of ${classes.length} classes`);
    const logs = emitter.unary(emitter.unary(probabilities, 'clip', EPSILON, Infinity), 'log');
    const mean = emitter.binary('mul', emitter.reduce(logs, 'sum'), 1 / classes.length);
    return emitter.binary('mul', emitter.binary('sub', logs, mean), classes.length - 1);
  });
  const votes = rows.reduce((a, b) => emitter.binary('add', a, b));
  return decided(emitter, classes, emitter.divided(votes, total));
}

/**
 * The weighted median of the trees' predictions: in ascending order, the first at which half of the total weight is
 * reached.
 */
const adaptiveRegressor: Predict = (estimator, emitter, x) => {
  const { members, weights } = iterationsOf(estimator, emitter, 'AdaBoost.R2');
  const values = valuesOfEach(emitter, x, members);
  if (values.width !== members.length) {
    throw estimator.error('UNSUPPORTED_OP', 'expected estimators of one target', 'estimators_');
  }
  return { kind: 'values', values: weightedMedian(emitter, values, Array.from(weights)) };
};

/** One number from each. Trees are evaluated together. */
function valuesOfEach(emitter: Emitter, x: RowVector, members: readonly Estimator[]): RowVector {
  if (!members.every(({ className }) => /^(?:DecisionTree|ExtraTree)Regressor$/.test(className))) {
    return emitter.concat(members.map((member) => predictValues(emitter, member, x)));
  }
  const forest = new Forest(emitter.budget, x.width, 1);
  for (const member of members) {
    const tree = new StoredTree(member);
    forest.add(tree.with(valuesOf(tree)));
  }
  return emitter.trees(asFloats(emitter, x, false), forest, 'none', members.length);
}

/**
 * For each value, adds the weights of values that are less, or equal and not after it. The median is the least value
 * whose sum reaches half of the total; among equal values the choice does not matter.
 */
function weightedMedian(emitter: Emitter, values: RowVector, weights: readonly number[]): RowVector {
  const { width } = values;
  emitter.budget.buildElements(width * width, 'model');
  const pairs = emitter.reshape(values, [1, width]);
  const column = emitter.reshape(values, [width, 1]);
  const isUpTo = emitter.emit('binary', [pairs, column], { fn: 'less_equal' });
  const matrix = { rows: 1, columns: width, data: Float64Array.from(weights) };
  const weight = { shape: [1, width], data: matrix.data };
  const sums = emitter.flat(emitter.emit('dense', [isUpTo, weight], { layout: 'out-in' }), width);
  const total = weights.reduce((sum, each) => sum + each, 0);
  const isHalf = emitter.binary('greater_equal', sums, 0.5 * total);
  return emitter.reduce(emitter.select(isHalf, values, Infinity), 'min');
}

export const ADAPTIVE_BOOSTING = {
  AdaBoostRegressor: { predict: adaptiveRegressor, isBoosted: true },
  AdaBoostClassifier: { predict: adaptiveClassifier, isBoosted: true },
} satisfies Table;
