/** What a model returns for a row: the result of `Booster.predict`, or of the scikit-learn class that wraps it. */
import { ForwardpassError } from '../../errors.ts';
import { pair } from '../sklearn/decisions.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { Label, Outcome, RowVector } from '../sklearn/outcome.ts';
import { single } from '../sklearn/single.ts';
import { expf } from './float32.ts';
import type { XgboostModel } from './model.ts';
import { objectiveOf } from './objectives.ts';
import { type Rows, roundsAsked, sums } from './sums.ts';

/** XGBoost's own bound: beyond it, sigmoid cannot distinguish e^−x. */
const SIGMOID_BOUND = Math.fround(88.7);

/** The result of a booster's own `predict`, with only the requested number of rounds if one is given. */
export function boosterOutcome(model: XgboostModel, emitter: Emitter, x: RowVector, asked?: number): Outcome {
  const { link, of } = objectiveOf(model);
  const sum = sums(model, emitter, x, { rounds: roundsAsked(model, asked) });
  if (of === 'values') return { kind: 'values', values: linked(emitter, link, sum) };
  if (model.isMulticlass) {
    const classes = positions(model.outputs);
    if (link === 'arg_max') return { kind: 'labels', classes, decider: sum };
    const probabilities = linked(emitter, link, sum);
    return { kind: 'labels', classes, probabilities, decider: probabilities };
  }
  const classes = positions(2);
  const isOne = model.outputs === 1;
  if (link === 'hinge') {
    return isOne ? { kind: 'labels', classes, decider: sum } : { kind: 'multilabel', decider: sum, threshold: 0 };
  }
  const threshold = link === 'sigmoid' ? 0.5 : 0;
  const decider = linked(emitter, link, sum);
  const shown = link === 'sigmoid' ? { probabilities: decider } : { scores: decider };
  return isOne
    ? { kind: 'labels', classes, ...shown, decider, threshold }
    : { kind: 'multilabel', ...shown, decider, threshold };
}

/** The results of a classifier with scikit-learn's interface: `predict_proba`, and labels. */
export function classifierOutcome(
  model: XgboostModel,
  emitter: Emitter,
  x: RowVector,
  rows: Rows,
  classes: readonly Label[] | undefined,
): Outcome {
  const { link } = objectiveOf(model);
  const sum = sums(model, emitter, x, rows);
  if (model.isMulticlass) {
    const labels = classes ?? positions(model.outputs);
    const probabilities = softmax(emitter, sum);
    return labelled(labels, probabilities, link === 'arg_max' ? sum : probabilities);
  }
  const decider = linked(emitter, link, sum);
  if (model.outputs > 1) return { kind: 'multilabel', probabilities: decider, decider, threshold: 0.5 };
  const labels = classes ?? positions(2);
  return { ...labelled(labels, single(emitter, pair(emitter, decider)), decider), threshold: 0.5 };
}

export function regressorOutcome(model: XgboostModel, emitter: Emitter, x: RowVector, rows: Rows): Outcome {
  const sum = sums(model, emitter, x, rows);
  return { kind: 'values', values: linked(emitter, objectiveOf(model).link, sum) };
}

function labelled(classes: readonly Label[], probabilities: RowVector, decider: RowVector) {
  if (classes.length === probabilities.width) return { kind: 'labels', classes, probabilities, decider } as const;
  const message = `expected ${probabilities.width} classes, found ${classes.length}`;
  throw new ForwardpassError('SHAPE', message, 'classes_');
}

function positions(count: number): readonly number[] {
  return Array.from({ length: count }, (_, k) => k);
}

function linked(emitter: Emitter, link: ReturnType<typeof objectiveOf>['link'], sum: RowVector): RowVector {
  switch (link) {
    case 'identity':
      return sum;
    case 'sigmoid':
      return sigmoid(emitter, sum);
    case 'exp':
      return expf(emitter, sum);
    case 'softmax':
      return softmax(emitter, sum);
    case 'hinge':
      return emitter.binary('greater', sum, 0);
    case 'arg_max':
      return emitter.reduce(sum, 'arg_max');
    case 'sort':
      return sorted(emitter, sum);
  }
}

/** Sorts in ascending order by swapping neighbours, alternately at even and odd positions. */
function sorted(emitter: Emitter, row: RowVector): RowVector {
  const { width } = row;
  let found = row;
  for (let round = 0; round < width; round++) {
    const lower = Array.from({ length: Math.floor((width - (round % 2)) / 2) }, (_, i) => 2 * i + (round % 2));
    if (lower.length === 0) continue;
    const [left, right] = [
      emitter.gather(found, lower),
      emitter.gather(
        found,
        lower.map((at) => at + 1),
      ),
    ];
    const both = emitter.concat([found, emitter.binary('min', left, right), emitter.binary('max', left, right)]);
    const places = Array.from({ length: width }, (_, at) => at);
    for (const [i, at] of lower.entries()) [places[at], places[at + 1]] = [width + i, width + lower.length + i];
    found = emitter.gather(both, places);
  }
  return found;
}

/** 1/(e^−x + 1), each step in float32; the 1e-16 that XGBoost adds to the sum is too small to change it in float32. */
function sigmoid(emitter: Emitter, sum: RowVector): RowVector {
  const power = expf(emitter, emitter.binary('min', emitter.unary(sum, 'neg'), SIGMOID_BOUND));
  const divisor = single(emitter, emitter.binary('add', power, 1));
  return single(emitter, emitter.binary('div', 1, divisor));
}

/** The sum is in float64, everything else in float32. */
function softmax(emitter: Emitter, sum: RowVector): RowVector {
  const powers = expf(emitter, single(emitter, emitter.binary('sub', sum, emitter.reduce(sum, 'max'))));
  const total = single(emitter, emitter.reduce(powers, 'sum'));
  return single(emitter, emitter.binary('div', powers, total));
}
