/** What a model returns for a row: as its loss defines it, or as the CatBoost class that wraps it does. */
import { refuse } from '../containers/checks.ts';
import { pair } from '../sklearn/decisions.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { Label, Outcome, RowVector } from '../sklearn/outcome.ts';
import { type Link, linkOf } from './losses.ts';
import type { CatboostModel } from './model.ts';
import { sums } from './sums.ts';

/** For a model without a wrapper class. */
export function modelOutcome(model: CatboostModel, emitter: Emitter, x: RowVector): Outcome {
  const { loss, classes } = model.info;
  const link = linkOf(loss);
  // CatBoost takes the sums of any model with classes as scores of these classes.
  if (link === undefined && classes !== undefined) return classesOf(model, emitter, x, undefined);
  return link !== undefined && IS_CLASSIFIER[link]
    ? classesOf(model, emitter, x, link)
    : valuesOf(model, emitter, x, link);
}

/** `predict_proba` and `predict` of `CatBoostClassifier`. */
export function classifierOutcome(model: CatboostModel, emitter: Emitter, x: RowVector): Outcome {
  const link = linkOf(model.info.loss);
  const isOne = model.dimensions === 1;
  const assumed = isOne ? 'two_classes' : 'one_class_of_many';
  return classesOf(model, emitter, x, link !== undefined && IS_CLASSIFIER[link] ? link : assumed);
}

/** `predict` of `CatBoostRegressor`. */
export function regressorOutcome(model: CatboostModel, emitter: Emitter, x: RowVector): Outcome {
  const link = linkOf(model.info.loss);
  return valuesOf(model, emitter, x, link !== undefined && IS_CLASSIFIER[link] ? 'identity' : link);
}

/** `predict` of `CatBoostRanker`. */
export function rankerOutcome(model: CatboostModel, emitter: Emitter, x: RowVector): Outcome {
  return valuesOf(model, emitter, x, 'identity');
}

const IS_CLASSIFIER: Readonly<Record<Link, boolean>> = {
  identity: false,
  exponential: false,
  mean_and_variance: false,
  two_classes: true,
  one_class_of_many: true,
  each_class_or_not: true,
  each_label_or_not: true,
};

function valuesOf(model: CatboostModel, emitter: Emitter, x: RowVector, link: Link | undefined): Outcome {
  const sum = sums(model, emitter, x);
  return { kind: 'values', values: linked(emitter, link, sum, model) };
}

function linked(
  emitter: Emitter,
  link: Link | undefined,
  sum: RowVector,
  { info, dimensions }: CatboostModel,
): RowVector {
  if (link === 'exponential') return emitter.unary(emitter.gather(sum, [0]), 'exp');
  if (link !== 'mean_and_variance') return sum;
  if (dimensions !== 2) refuse('loss_function', `expected 2 dimensions for ${info.loss}, found ${dimensions}`);
  const variance = emitter.unary(emitter.binary('mul', emitter.gather(sum, [1]), 2), 'exp');
  return emitter.concat([emitter.gather(sum, [0]), variance]);
}

/** Without a link only the sums are available, no probabilities. */
function classesOf(model: CatboostModel, emitter: Emitter, x: RowVector, link: Link | undefined): Outcome {
  const { dimensions, info } = model;
  const sum = sums(model, emitter, x);
  if (dimensions === 1) return twoClasses(model, emitter, sum, link);
  const scores = byClass(emitter, sum, info.positions, info.classes?.length ?? dimensions);
  const threshold = logit(info.threshold);
  if (link === 'each_label_or_not') {
    return { kind: 'multilabel', probabilities: emitter.unary(scores, 'sigmoid'), decider: scores, threshold };
  }
  const classes = labels(info.classes, scores.width);
  if (link === undefined) return { kind: 'labels', classes, scores, decider: scores };
  const isEach = link === 'each_class_or_not';
  const probabilities = isEach ? emitter.unary(scores, 'sigmoid') : emitter.softmax(scores);
  return { kind: 'labels', classes, probabilities, decider: scores };
}

function twoClasses({ info }: CatboostModel, emitter: Emitter, sum: RowVector, link: Link | undefined): Outcome {
  const threshold = logit(info.threshold);
  const probability = link === undefined ? undefined : emitter.unary(sum, 'sigmoid');
  if (link === 'each_label_or_not' && probability) {
    return { kind: 'multilabel', probabilities: probability, decider: sum, threshold };
  }
  const classes = labels(info.classes, 2);
  const shown = probability === undefined ? { scores: sum } : { probabilities: pair(emitter, probability) };
  return { kind: 'labels', classes, ...shown, decider: sum, threshold };
}

/** −∞ for classes that had no training rows. */
function byClass(emitter: Emitter, sum: RowVector, positions: readonly number[] | undefined, count: number): RowVector {
  if (positions === undefined) return sum;
  const dimensionOf = new Map(positions.map((position, dimension) => [position, dimension]));
  const sources = Array.from({ length: count }, (_, position) => dimensionOf.get(position) ?? -1);
  const known = emitter.gather(
    sum,
    sources.map((source) => Math.max(source, 0)),
  );
  if (!sources.includes(-1)) return known;
  const lowest = Float64Array.from(sources, (source) => (source < 0 ? -Infinity : Infinity));
  return emitter.binary('min', known, lowest);
}

/** The same formula as in CatBoost. */
function logit(probability: number): number {
  return -Math.log(1 / probability - 1);
}

function labels(classes: readonly Label[] | undefined, count: number): readonly Label[] {
  const found = classes ?? Array.from({ length: count }, (_, i) => i);
  return found.length === count ? found : refuse('class_params', `expected ${count} classes, found ${found.length}`);
}
