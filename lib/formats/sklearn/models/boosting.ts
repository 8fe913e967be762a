/** Gradient boosting: a start value plus a sum over trees. */
import { PickleArray } from '../../containers/pickle/values.ts';
import { iterationsUsed } from '../../iterations.ts';
import { Forest } from '../../trees.ts';
import { pair, predictLabels, predictValues } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { plainScalar } from '../values.ts';
import { asFloats, StoredTree, valuesOf } from './trees.ts';

/** The trees of `estimators_`, by iteration: in each, one for each output. */
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

/** The name of the loss with which the trees were fitted. */
export function lossOf(estimator: Estimator): string {
  const loss = plainScalar(estimator.value('loss'));
  return typeof loss === 'string' ? loss : 'unknown loss';
}

/** The start of boosting: numbers if they are the same for every row. */
type Start = readonly number[] | RowVector;

/** The start plus the trees of each output, each leaf multiplied by the learning rate. */
function boosted(estimator: Estimator, emitter: Emitter, row: RowVector, start: (outputs: number) => Start): RowVector {
  const all = stages(estimator);
  const iterations = all.slice(0, iterationsUsed(emitter.askedOf(estimator), all.length));
  emitter.boosted(lossOf(estimator), iterations.length, all.length);
  const outputs = iterations[0].length;
  const rate = estimator.number('learning_rate');
  const begin = start(outputs);
  const forest = new Forest(emitter.budget, row.width, 1);
  const isRow = 'operand' in begin;
  forest.expect(iterations.flat(), isRow ? 0 : outputs);
  if (!isRow) for (const [k, value] of begin.entries()) forest.begin([value], k);
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
  if (!isRow) return emitter.trees(row, forest, 'float64', outputs);
  const leaves = emitter.trees(row, forest, 'none', forest.count);
  const sums = Array.from({ length: outputs }, (_, k) => {
    const own = Array.from(iterations, (_, i) => i * outputs + k);
    return emitter.reduce(emitter.concat([emitter.gather(begin, [k]), emitter.gather(leaves, own)]), 'sum_in_order');
  });
  return emitter.concat(sums);
}

const EPSILON_32 = 2 ** -23;
const EPSILON_64 = 2 ** -52;

/** The start of gradient boosting: zero, or the prediction of `init_`, converted by the loss. */
function startOf(estimator: Estimator, emitter: Emitter, row: RowVector, link: Link): (outputs: number) => Start {
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
      throw first.error('UNSUPPORTED_OP', 'gives no probabilities, which boosting starts from');
    return linkedRow(emitter, probabilities, link, estimator.since(1, 4));
  };
}

type Link = 'values' | 'logistic' | 'exponential' | 'multinomial';

/** Converts probabilities to the raw scores that give them. */
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

/** SciPy's logit, which uses another formula near 1/2. */
function logit(p: number): number {
  if (p < 0.3 || p > 0.65) return Math.log(p / (1 - p));
  return Math.log1p(2 * (p - 0.5)) - Math.log1p(-2 * (p - 0.5));
}

function linkedRow(emitter: Emitter, probabilities: RowVector, link: Link, isNew: boolean): RowVector {
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

export const BOOSTING: Table = {
  GradientBoostingRegressor: { predict: gradientRegressor, isBoosted: true },
  GradientBoostingClassifier: { predict: gradientClassifier, isBoosted: true },
};
