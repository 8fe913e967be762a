/** IterativeImputer: predicts missing values from the other features, one feature after another, in several rounds. */
import { PickleObject, type PickleValue } from '../../containers/pickle/values.ts';
import type { Vector } from '../arrays.ts';
import { predictValues } from '../decisions.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { itemsOf, plainScalar } from '../values.ts';
import { Missing } from './imputers.ts';

export function iterativeImputer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  if (estimator.boolean('sample_posterior', false)) {
    throw estimator.error('UNSUPPORTED_OP', 'imputes random values', 'sample_posterior');
  }
  const initial = estimator.estimator('initial_imputer_');
  const fills = initial.list('statistics_').map(plainScalar);
  const missing = new Missing(estimator, emitter, x, { fills, makesFloats: true });
  const kept = keptColumns(estimator, fills, x.width);
  const start = emitter.transform(initial, x);
  if (start.width !== kept.length) {
    throw estimator.error('SHAPE', `expected ${kept.length} initially imputed columns, found ${start.width}`);
  }
  const filled = imputed(estimator, emitter, start, missing.indicator(kept));
  if (!estimator.boolean('add_indicator', false)) return filled;
  const features = Array.from(estimator.estimator('indicator_').vector('features_'));
  return features.length === 0 ? filled : emitter.concat([filled, missing.indicator(features)]);
}

/** The columns that had a value in training. */
function keptColumns(estimator: Estimator, fills: readonly PickleValue[], width: number): readonly number[] {
  const empty = estimator.has('_is_empty_feature')
    ? Array.from(estimator.vector('_is_empty_feature', width), Boolean)
    : fills.map((fill) => Number.isNaN(fill));
  if (estimator.boolean('keep_empty_features', false) && empty.includes(true)) {
    const message =
      'is True, and a feature had no value when it was fitted, which versions of scikit-learn treat differently; leave that feature out';
    throw estimator.error('UNSUPPORTED_OP', message, 'keep_empty_features');
  }
  return empty.flatMap((isEmpty, i) => (isEmpty ? [] : [i]));
}

/** `isMissing` has one element for each column of the row. */
function imputed(estimator: Estimator, emitter: Emitter, start: RowVector, isMissing: RowVector): RowVector {
  if (estimator.number('n_iter_', 0) === 0) return start;
  const limits = ['_min_value', '_max_value'].map((name) => limitsOf(estimator, name, start.width));
  return estimator.list('imputation_sequence_').reduce<RowVector>((row, step, i) => {
    const { feature, neighbours, model } = stepOf(estimator, step, `imputation_sequence_[${i}]`, start.width);
    const predicted = predictValues(emitter, model, emitter.gather(row, neighbours));
    if (predicted.width !== 1) throw model.error('SHAPE', `expected one value, found ${predicted.width}`);
    const [low, high] = limits.map((limit) => limit[feature]);
    const isBounded = low !== -Infinity || high !== Infinity;
    const value = isBounded ? emitter.unary(predicted, 'clip', low, high) : predicted;
    const own = emitter.select(emitter.gather(isMissing, [feature]), value, emitter.gather(row, [feature]));
    const order = Array.from({ length: start.width }, (_, at) => (at === feature ? start.width : at));
    return emitter.gather(emitter.concat([row, own]), order);
  }, start);
}

/** The minimum, or maximum, of the imputed values of each column. */
function limitsOf(estimator: Estimator, attribute: string, width: number): Vector {
  const value = estimator.value(attribute);
  if (value === null) return new Float64Array(width).fill(attribute === '_min_value' ? -Infinity : Infinity);
  const { data } = estimator.numbersIn(value, attribute);
  if (data.length === 1) return new Float64Array(width).fill(data[0]);
  if (data.length === width && !data.some(Number.isNaN)) return data;
  throw estimator.error('SHAPE', `expected a limit for each of ${width} columns, found ${data.length}`, attribute);
}

/** The named tuple of a feature, the features that predict it, and the estimator. */
function stepOf(estimator: Estimator, value: PickleValue, place: string, width: number) {
  const [feature, others, model] = (value instanceof PickleObject ? value.args : itemsOf(value)) ?? [];
  const at = plainScalar(feature ?? null);
  if (typeof at !== 'number' || !Number.isInteger(at) || at < 0 || at >= width) {
    throw estimator.error('MALFORMED', `expected a feature below ${width}`, place);
  }
  const neighbours = Array.from(estimator.numbersIn(others ?? null, place).data);
  return { feature: at, neighbours, model: estimator.inside(model, `${place}[2]`) };
}
