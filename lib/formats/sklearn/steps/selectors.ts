/** Steps that keep some of the features; most compute which ones from stored scores. */

import { quote } from '../../../messages.ts';
import { importancesOf as ofCatboost } from '../../catboost/importances.ts';
import type { PickleValue } from '../../containers/pickle/values.ts';
import { isLightgbm, importancesOf as ofLightgbm } from '../../lightgbm/importances.ts';
import { mapped } from '../../mapped.ts';
import { isXgboost, importancesOf as ofXgboost } from '../../xgboost/importances.ts';
import { type NumberArray, sum, type Vector } from '../arrays.ts';
import type { Emitter, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { treeImportances } from '../models/importances.ts';
import { saysItTakesNan } from '../models/trees.ts';
import type { Outcome, RowVector } from '../outcome.ts';
import { itemsOf, noSuchOption, plainScalar } from '../values.ts';
import { like, meanOf, medianOf, percentileOf } from './statistics.ts';

/** Whether each feature is kept. */
type Support = (estimator: Estimator, width: number) => readonly boolean[];

function selector(support: Support, takesNan = false): Transform {
  return (estimator: Estimator, emitter: Emitter, x: RowVector) => {
    const kept = support(estimator, x.width);
    const positions = kept.flatMap((isKept, position) => (isKept ? [position] : []));
    if (positions.length === 0) throw estimator.error('UNSUPPORTED_OP', 'selects no feature at all');
    // The selector accepts what its inner estimator accepts.
    if (estimator.has('estimator') && takesAnything(estimator.estimator('estimator'))) {
      emitter.cells.takesMissing = true;
      return emitter.gather(x, positions);
    }
    return emitter.gather(emitter.requireFinite(x, takesNan), positions);
  };
}

/** Whether scikit-learn does not check the estimator's numbers, according to the estimator's tags. */
function takesAnything(inner: Estimator): boolean {
  return isLightgbm(inner) || isXgboost(inner) || saysItTakesNan(inner);
}

/** `scores_` or `pvalues_`, some of which may be NaN. */
function valuesOf(estimator: Estimator, attribute: string, width: number): Vector {
  const { data } = estimator.numbersIn(estimator.value(attribute), attribute);
  if (data.length === width) return data;
  throw estimator.error('SHAPE', `expected ${width} numbers, found ${data.length}`, attribute);
}

/** NaN ranks as the lowest score. */
function scoresOf(estimator: Estimator, width: number): Vector {
  return valuesOf(estimator, 'scores_', width).map((score) => (Number.isNaN(score) ? -Number.MAX_VALUE : score));
}

/** Positions in ascending order of the values; equal values keep their order. */
function order(values: Vector): number[] {
  return Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
}

function only(positions: readonly number[], width: number): boolean[] {
  const kept = new Set(positions);
  return Array.from({ length: width }, (_, i) => kept.has(i));
}

function kBest(estimator: Estimator, width: number, parameter = 'k'): readonly boolean[] {
  if (plainScalar(estimator.value(parameter)) === 'all') return new Array(width).fill(true);
  const k = estimator.number(parameter);
  return only(k === 0 ? [] : order(scoresOf(estimator, width)).slice(-k), width);
}

function percentile(estimator: Estimator, width: number, parameter = 'percentile'): readonly boolean[] {
  const percent = estimator.number(parameter);
  if (percent === 100 || percent === 0) return new Array(width).fill(percent === 100);
  const scores = scoresOf(estimator, width);
  const threshold = percentileOf(scores, 100 - percent);
  const above = scores.filter((score) => score > threshold).length;
  // Of those that tie at the threshold, only the first are kept.
  const ties = Array.from(scores, (_, i) => i).filter((i) => scores[i] === threshold);
  const kept = new Set(ties.slice(0, Math.trunc((width * percent) / 100) - above));
  return Array.from(scores, (score, i) => score > threshold || kept.has(i));
}

function falsePositiveRate(estimator: Estimator, width: number, parameter = 'alpha'): readonly boolean[] {
  const alpha = estimator.number(parameter);
  return Array.from(valuesOf(estimator, 'pvalues_', width), (p) => p < alpha);
}

function falseDiscoveryRate(estimator: Estimator, width: number, parameter = 'alpha'): readonly boolean[] {
  const alpha = estimator.number(parameter);
  const values = valuesOf(estimator, 'pvalues_', width);
  const selected = values.toSorted().filter((p, i) => p <= (alpha / width) * (i + 1));
  const greatest = selected.at(-1) ?? Number.NEGATIVE_INFINITY;
  return Array.from(values, (p) => p <= greatest);
}

function familywiseError(estimator: Estimator, width: number, parameter = 'alpha'): readonly boolean[] {
  const alpha = estimator.number(parameter) / width;
  return Array.from(valuesOf(estimator, 'pvalues_', width), (p) => p < alpha);
}

const MODES = {
  k_best: kBest,
  percentile,
  fpr: falsePositiveRate,
  fdr: falseDiscoveryRate,
  fwe: familywiseError,
} as const;

function generic(estimator: Estimator, width: number): readonly boolean[] {
  const mode = estimator.text('mode', 'percentile');
  if (!Object.hasOwn(MODES, mode)) {
    throw estimator.error('MALFORMED', noSuchOption('the mode', mode, Object.keys(MODES)), 'mode');
  }
  return MODES[mode as keyof typeof MODES](estimator, width, 'param');
}

function fromModel(estimator: Estimator, width: number): readonly boolean[] {
  const inner = estimator.estimator(estimator.has('estimator_') ? 'estimator_' : 'estimator');
  const importances = importancesOf(estimator, inner, width);
  const threshold = thresholdOf(estimator, inner, importances);
  const most = ['max_features_', 'max_features'].find((name) => estimator.has(name));
  const negated = importances.map((value) => -value);
  const candidates = most === undefined ? undefined : new Set(order(negated).slice(0, estimator.number(most)));
  return Array.from(importances, (value, i) => (candidates?.has(i) ?? true) && !(value < threshold));
}

function importancesOf(estimator: Estimator, inner: Estimator, width: number): Vector {
  const getter = estimator.value('importance_getter', 'auto');
  const { owner, name } = attributeAt(inner, typeof getter === 'string' ? getter : '');
  const computed = name === 'feature_importances_' && !owner.has(name) ? computedOf(owner, width) : undefined;
  if (computed?.length === width) return computed;
  const stored = owner.has(name) ? owner.numbers(name) : name === 'coef_' ? vectorWeights(owner) : undefined;
  if (stored === undefined) {
    const message = `the importances of features that ${owner.className} computes are not in the file, except \`coef_\``;
    throw estimator.error('UNSUPPORTED_OP', `${message}; put the features it selects into the pipeline instead`);
  }
  const { shape, data } = stored;
  if (shape.at(-1) !== width)
    throw owner.error('SHAPE', `expected ${width} columns, found [${shape.join(', ')}]`, name);
  if (shape.length === 1) return mapped(data, Math.abs);
  const norm = estimator.number('norm_order', 1);
  const values = data.slice(0, data.length / width);
  return Float64Array.from({ length: width }, (_, column) => {
    for (let row = 0; row < values.length; row++) values[row] = data[row * width + column];
    return normOf(estimator, values, norm);
  });
}

/** An attribute of nested estimators, as a dotted path: `named_steps.model.coef_`; 'auto' is one of two attributes. */
function attributeAt(inner: Estimator, getter: string): { readonly owner: Estimator; readonly name: string } {
  if (getter === 'auto') {
    const hasWeights = inner.has('coef_') || vectorWeights(inner) !== undefined;
    return { owner: inner, name: hasWeights ? 'coef_' : 'feature_importances_' };
  }
  const path = getter.length > LONGEST_GETTER ? [getter] : getter.split('.');
  let owner = inner;
  for (let at = 0; at < path.length - 1; at++) {
    const isStep = path[at] === 'named_steps' && owner.has('steps') && at < path.length - 2;
    owner = isStep ? stepNamed(owner, path[++at]) : owner.estimator(path[at]);
  }
  return { owner, name: path[path.length - 1] };
}

const LONGEST_GETTER = 256;

function stepNamed(pipeline: Estimator, name: string): Estimator {
  const steps = pipeline.list('steps');
  const at = steps.findIndex((step) => itemsOf(step)?.[0] === name);
  if (at >= 0) return pipeline.inside(itemsOf(steps[at])?.[1], `steps[${at}]`);
  throw pipeline.error('MALFORMED', `step ${quote(name)} not found`, 'steps');
}

function computedOf(inner: Estimator, width: number): Vector | undefined {
  return ofLightgbm(inner) ?? ofXgboost(inner) ?? ofCatboost(inner) ?? treeImportances(inner, width);
}

/** `coef_` of a support vector machine with a linear kernel, which is not in the file: weights times vectors. */
function vectorWeights(inner: Estimator): NumberArray | undefined {
  const isLinear = /^(?:(?:Nu)?SV[CR]|OneClassSVM)$/.test(inner.className) && inner.value('kernel') === 'linear';
  if (!isLinear) return undefined;
  const vectors = inner.matrix('support_vectors_');
  const weights = inner.matrix('dual_coef_', undefined, vectors.rows);
  // For more than two classes, there is one row for each pair.
  if (weights.rows !== 1) return undefined;
  const data = new Float64Array(vectors.columns);
  for (let row = 0; row < vectors.rows; row++) {
    for (let i = 0; i < data.length; i++) data[i] += weights.data[row] * vectors.data[row * data.length + i];
  }
  return { shape: [1, data.length], data };
}

function normOf(estimator: Estimator, values: Vector, order: number): number {
  const sizes = values.map(Math.abs);
  const total = (power: number) => sum(sizes.map((size) => size ** power));
  switch (order) {
    case 1:
      return total(1);
    case 2:
      return Math.sqrt(total(2));
    case Infinity:
      return extreme(sizes, Math.max);
    case -Infinity:
      return extreme(sizes, Math.min);
    default:
      throw estimator.error('UNSUPPORTED_OP', `a norm of order ${order} is not supported`, 'norm_order');
  }
}

function extreme(values: Vector, pick: (a: number, b: number) => number): number {
  let found = values[0];
  for (const value of values) found = pick(found, value);
  return found;
}

function thresholdOf(estimator: Estimator, inner: Estimator, importances: Vector): number {
  const threshold = plainScalar(estimator.value('threshold'));
  if (threshold === null) return isLasso(inner) ? 1e-5 : meanOf(importances);
  if (typeof threshold === 'number') return like(importances, threshold);
  const [, factor = '1', reference] = /^(?:(.+)\*)?\s*(mean|median)$/.exec(multipleIn(threshold)) ?? [];
  if (reference === undefined || !Number.isFinite(Number(factor))) {
    throw estimator.error('MALFORMED', 'expected a number, mean, median or a multiple of these', 'threshold');
  }
  const found = reference === 'mean' ? meanOf(importances) : medianOf(importances);
  return like(importances, like(importances, Number(factor)) * found);
}

/** The text of a multiple such as `1.5*mean`, which is short. */
function multipleIn(threshold: PickleValue): string {
  return typeof threshold === 'string' && threshold.length <= LONGEST_MULTIPLE ? threshold.trim() : '';
}

const LONGEST_MULTIPLE = 64;

/** Whether the estimator's penalty drives weights to 0. */
function isLasso(inner: Estimator): boolean {
  const { className } = inner;
  if (className.includes('Lasso') || inner.value('penalty') === 'l1') return true;
  const ratio = className.endsWith('CV') ? 'l1_ratio_' : 'l1_ratio';
  const isElastic = /^(?:ElasticNet|LogisticRegression)(?:CV)?$/.test(className);
  return (
    isElastic && inner.has(ratio) && inner.numbers(ratio).data.every((value) => Math.abs(value - 1) <= 1e-5 + 1e-8)
  );
}

function stored(estimator: Estimator, width: number): readonly boolean[] {
  return Array.from(estimator.vector('support_', width), Boolean);
}

function variance(estimator: Estimator, width: number): readonly boolean[] {
  const threshold = estimator.number('threshold', 0);
  return Array.from(valuesOf(estimator, 'variances_', width), (value) => value > threshold);
}

export const selectKBest = selector(kBest);
export const selectPercentile = selector(percentile);
export const selectFpr = selector(falsePositiveRate);
export const selectFdr = selector(falseDiscoveryRate);
export const selectFwe = selector(familywiseError);
export const genericUnivariateSelect = selector(generic);
export const selectFromModel = selector(fromModel);
export const selectStored = selector(stored);
export const varianceThreshold = selector(variance, true);

/** The predictions of the estimator that chose the features, for these features. */
export function predictSelected(estimator: Estimator, emitter: Emitter, x: RowVector): Outcome {
  return emitter.predict(selectedFor(estimator), selectStored(estimator, emitter, x));
}

/** The estimator that was fitted on the chosen features. */
export function selectedFor(estimator: Estimator): Estimator {
  return estimator.estimator('estimator_');
}
