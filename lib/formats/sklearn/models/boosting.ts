/** Gradient boosting, AdaBoost and isolation forests: sums over trees that are not their means. */
import { PickleArray, type PickleValue } from '../../containers/pickle/values.ts';
import { Forest } from '../../trees.ts';
import { sum, type Vector } from '../arrays.ts';
import { classIndex, opposites, pair, predictLabels, predictValues } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import { Estimator } from '../estimator.ts';
import type { Label, Labels, Row } from '../outcome.ts';
import type { Table } from '../table.ts';
import { asFloats, StoredTree, valuesOf } from './trees.ts';

/** The trees of `estimators_`, iteration by iteration: as many in each as there are outputs. */
export function stages(estimator: Estimator): readonly (readonly StoredTree[])[] {
  const value = estimator.value('estimators_');
  const [count, outputs] = value instanceof PickleArray && value.shape.length === 2 ? value.shape : [0, 0];
  if (!(value instanceof PickleArray) || count === 0 || outputs === 0 || !value.dtype.startsWith('O')) {
    throw estimator.error('MALFORMED', 'expected an array [iterations, outputs] of trees', 'estimators_');
  }
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: outputs }, (_, k) => {
      const item = (value.data as readonly never[])[i * outputs + k];
      return new StoredTree(Estimator.of(item, estimator.placeOf(`estimators_[${i}, ${k}]`), estimator.budget));
    }),
  );
}

/** What boosting begins with: numbers, where they are the same for every row. */
type Start = readonly number[] | Row;

/** The sum of a start and of the trees of each output, each leaf times the rate of learning. */
function boosted(estimator: Estimator, emitter: Emitter, row: Row, start: (outputs: number) => Start): Row {
  const iterations = stages(estimator);
  const outputs = iterations[0].length;
  const rate = estimator.number('learning_rate');
  const begin = start(outputs);
  const forest = new Forest(emitter.budget, row.width, 1);
  if (!('operand' in begin)) for (const [k, value] of begin.entries()) forest.addLeaf([value], k);
  for (const trees of iterations) {
    for (const [k, tree] of trees.entries()) {
      const value = valuesOf(tree);
      const leaf = (node: number, to: Float64Array) => {
        value(node, to);
        to[0] *= rate;
      };
      forest.add(tree.with(leaf), k);
    }
  }
  const raised = emitter.trees(row, forest, 'float64', outputs);
  return 'operand' in begin ? emitter.binary('add', begin, raised) : raised;
}

const EPSILON_32 = 2 ** -23;
const EPSILON_64 = 2 ** -52;

/** What gradient boosting begins with: zero, or what `init_` says as the loss has it. */
function startOf(estimator: Estimator, emitter: Emitter, row: Row, link: Link): (outputs: number) => Start {
  return (outputs) => {
    const init = estimator.value('init_', estimator.value('init', null));
    if (init === 'zero') return new Array<number>(outputs).fill(0);
    const first = Estimator.of(init, estimator.placeOf('init_'), estimator.budget);
    if (first.className === 'DummyRegressor') return [...first.numbers('constant_').data];
    if (link === 'values') return predictValues(emitter, first, row);
    if (first.className === 'DummyClassifier' && first.text('strategy', 'prior') === 'prior') {
      return linked([...first.vector('class_prior_')], link, estimator.since(1, 4));
    }
    const { probabilities } = predictLabels(emitter, first, row);
    if (probabilities === undefined)
      throw first.error('UNSUPPORTED_OP', 'gives no probabilities, which boosting begins with');
    return linkedRow(emitter, probabilities, link, estimator.since(1, 4));
  };
}

type Link = 'values' | 'logistic' | 'exponential' | 'multinomial';

/** Probabilities as the raw scores that give them. */
function linked(probabilities: readonly number[], link: Link, isNew: boolean): readonly number[] {
  const epsilon = isNew ? EPSILON_64 : EPSILON_32;
  const clipped = probabilities.map((p) => Math.min(Math.max(p, epsilon), 1 - epsilon));
  if (link === 'multinomial') {
    const logs = clipped.map(Math.log);
    if (!isNew) return logs;
    const mean = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
    return clipped.map((p) => Math.log(p / mean));
  }
  const p = clipped[1];
  return [(link === 'exponential' ? 0.5 : 1) * (isNew ? logit(p) : Math.log(p / (1 - p)))];
}

/** Far from 1/2 and near to it by another formula: SciPy's. */
function logit(p: number): number {
  if (p < 0.3 || p > 0.65) return Math.log(p / (1 - p));
  return Math.log1p(2 * (p - 0.5)) - Math.log1p(-2 * (p - 0.5));
}

function linkedRow(emitter: Emitter, probabilities: Row, link: Link, isNew: boolean): Row {
  const epsilon = isNew ? EPSILON_64 : EPSILON_32;
  const clipped = emitter.unary(probabilities, 'clip', epsilon, 1 - epsilon);
  if (link === 'multinomial') {
    const logs = emitter.unary(clipped, 'log');
    return isNew ? emitter.binary('sub', logs, emitter.reduce(logs, 'mean')) : logs;
  }
  const p = emitter.gather(clipped, [1]);
  const odds = emitter.unary(emitter.binary('div', p, emitter.binary('sub', 1, p)), 'log');
  return link === 'exponential' ? emitter.binary('mul', odds, 0.5) : odds;
}

const gradientRegressor: Predict = (estimator, emitter, x) => {
  const row = asFloats(emitter, x, false);
  return { kind: 'values', values: boosted(estimator, emitter, row, startOf(estimator, emitter, row, 'values')) };
};

const gradientClassifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const row = asFloats(emitter, x, false);
  const isExponential = estimator.text('loss') === 'exponential';
  const link = classes.length > 2 ? 'multinomial' : isExponential ? 'exponential' : 'logistic';
  const scores = boosted(estimator, emitter, row, startOf(estimator, emitter, row, link));
  if (scores.width !== (classes.length > 2 ? classes.length : 1)) {
    throw estimator.error(
      'SHAPE',
      `expected scores of ${classes.length} classes, found ${scores.width}`,
      'estimators_',
    );
  }
  if (scores.width > 1) {
    return { kind: 'labels', classes, scores, probabilities: emitter.softmax(scores), decider: scores };
  }
  const raised = isExponential ? emitter.binary('mul', scores, 2) : scores;
  const probabilities = pair(emitter, emitter.unary(raised, 'sigmoid'));
  return { kind: 'labels', classes, scores, probabilities, decider: scores, threshold: -Number.MIN_VALUE };
};

/** Each tree's label is a vote of its weight; since 1.5 also against the other classes. */
const adaptiveClassifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const members = estimator.estimators('estimators_');
  if (members.length === 0) throw estimator.error('MALFORMED', 'expected at least one estimator', 'estimators_');
  const weights = estimator.vector('estimator_weights_').subarray(0, members.length);
  if (weights.length !== members.length)
    throw estimator.error('SHAPE', `expected ${members.length} weights`, 'estimator_weights_');
  if (estimator.text('algorithm', 'SAMME') === 'SAMME.R')
    return byProbabilities(estimator, emitter, x, members, weights);
  const against = estimator.since(1, 5);
  const total = sum(weights);
  const rows = members.map((member, i) => {
    const labels = predictLabels(emitter, member, x);
    const isHit = hits(emitter, labels, classes);
    return emitter.select(isHit, weights[i], against ? (-1 / (classes.length - 1)) * weights[i] : 0);
  });
  const votes = rows.reduce((a, b) => emitter.binary('add', a, b));
  const decision = emitter.divided(votes, total);
  if (against || !estimator.since(1, 3)) return decided(emitter, classes, decision);
  return { kind: 'labels', classes, decider: deciderOf(emitter, classes, decision) };
};

/** 1 at the class that is predicted. */
function hits(emitter: Emitter, labels: Labels, classes: readonly Label[]): Row {
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

/** Of two classes one number, which is positive for the second. */
function deciderOf(emitter: Emitter, classes: readonly Label[], decision: Row): Row {
  if (classes.length > 2) return decision;
  return emitter.reduce(emitter.binary('mul', decision, Float64Array.of(-1, 1)), 'sum');
}

function decided(emitter: Emitter, classes: readonly Label[], decision: Row) {
  const scores = deciderOf(emitter, classes, decision);
  const isPair = classes.length === 2;
  const raw = isPair
    ? emitter.binary('div', opposites(emitter, scores), 2)
    : emitter.divided(scores, classes.length - 1);
  return { kind: 'labels', classes, scores, probabilities: emitter.softmax(raw), decider: scores } as const;
}

/** SAMME.R, up to 1.5: of each tree the logarithms of its probabilities. */
function byProbabilities(
  estimator: Estimator,
  emitter: Emitter,
  x: Row,
  members: readonly Estimator[],
  weights: Vector,
) {
  const classes = estimator.labels('classes_');
  const rows = members.map((member) => {
    const { probabilities } = predictLabels(emitter, member, x);
    if (probabilities?.width !== classes.length)
      throw member.error('SHAPE', `expected probabilities of ${classes.length} classes`);
    const logs = emitter.unary(emitter.unary(probabilities, 'clip', EPSILON_64, Infinity), 'log');
    const mean = emitter.binary('mul', emitter.reduce(logs, 'sum'), 1 / classes.length);
    return emitter.binary('mul', emitter.binary('sub', logs, mean), classes.length - 1);
  });
  const total = sum(weights);
  const votes = rows.reduce((a, b) => emitter.binary('add', a, b));
  return decided(emitter, classes, emitter.divided(votes, total));
}

/** The score is −2^(−depth/expected), where a depth is that of the leaf and what its rows would have added. */
const isolation: Predict = (estimator, emitter, x) => {
  const members = estimator.estimators('estimators_');
  const features = estimator.list('estimators_features_');
  if (members.length === 0 || features.length !== members.length) {
    throw estimator.error('SHAPE', `expected features of ${members.length} trees`, 'estimators_features_');
  }
  const samples = estimator.number(estimator.has('_max_samples') ? '_max_samples' : 'max_samples_');
  const row = asFloats(emitter, x, false);
  const forest = new Forest(emitter.budget, row.width, 1);
  for (const [i, member] of members.entries()) forest.add(depthTree(member, features[i], row.width));
  const depths = emitter.trees(row, forest, 'float64', 1);
  const expected = members.length * averagePath(samples);
  const ratio = expected === 0 ? emitter.binary('mul', depths, 0) : emitter.binary('div', depths, expected);
  const score = emitter.unary(emitter.binary('pow', 2, emitter.unary(ratio, 'neg')), 'neg');
  const scores = emitter.binary('sub', score, estimator.number('offset_'));
  return { kind: 'labels', classes: [-1, 1], scores, decider: scores, threshold: -Number.MIN_VALUE };
};

/** A tree whose leaves are depths, over the features of the whole row. */
function depthTree(member: Estimator, features: PickleValue, width: number) {
  const tree = new StoredTree(member);
  const samples = tree.samples;
  const columns = features instanceof PickleArray ? (features.data as ArrayLike<number>) : undefined;
  const depths = new Float64Array(tree.size);
  const plain = tree.with((node, to) => {
    to[0] = depths[node] + averagePath(samples[node]) - 1;
  });
  const isWithin = (node: number) => Number.isInteger(node) && node >= 0 && node < tree.size;
  depths[0] = 1;
  return {
    ...plain,
    split(node: number) {
      for (const child of [plain.left(node), plain.right(node)]) if (isWithin(child)) depths[child] = depths[node] + 1;
      const split = plain.split(node);
      const feature = columns === undefined ? split.feature : (columns[split.feature] ?? width);
      return { ...split, feature };
    },
  };
}

const EULER = 0.5772156649015329;

/** The mean depth at which one of so many rows stands alone in a random tree. */
function averagePath(rows: number): number {
  if (rows <= 1) return 0;
  return rows <= 2 ? 1 : 2 * (Math.log(rows - 1) + EULER) - (2 * (rows - 1)) / rows;
}

/** The weighted median of what the trees predict: the first, from the least up, with half of all weights up to it. */
const adaptiveRegressor: Predict = (estimator, emitter, x) => {
  const members = estimator.estimators('estimators_');
  const weights = Array.from(estimator.vector('estimator_weights_').subarray(0, members.length));
  if (members.length === 0 || weights.length !== members.length) {
    throw estimator.error('SHAPE', `expected ${members.length} weights`, 'estimator_weights_');
  }
  const values = valuesOfEach(emitter, x, members);
  if (values.width !== members.length) {
    throw estimator.error('UNSUPPORTED_OP', 'expected estimators of one target', 'estimators_');
  }
  return { kind: 'values', values: weightedMedian(emitter, values, weights) };
};

/** A number of each. Trees are walked together. */
function valuesOfEach(emitter: Emitter, x: Row, members: readonly Estimator[]): Row {
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
 * Of each value the weights of those that are less, or equal and not after it, are added up. The median is the least of
 * those with half of the sum; of equal values it is no matter which.
 */
function weightedMedian(emitter: Emitter, values: Row, weights: readonly number[]): Row {
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

export const BOOSTING: Table = {
  AdaBoostRegressor: { predict: adaptiveRegressor },
  GradientBoostingRegressor: { predict: gradientRegressor },
  GradientBoostingClassifier: { predict: gradientClassifier },
  AdaBoostClassifier: { predict: adaptiveClassifier },
  IsolationForest: { predict: isolation },
};
