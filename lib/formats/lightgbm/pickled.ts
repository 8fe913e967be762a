/** Pickled boosters and estimators of LightGBM: `Booster`, `LGBMClassifier` and related classes. */
import { PickleDict, type PickleObject } from '../containers/pickle/values.ts';
import { labelsByProbability, pair } from '../sklearn/decisions.ts';
import type { Emitter, Predict } from '../sklearn/emitter.ts';
import type { Estimator } from '../sklearn/estimator.ts';
import type { Features } from '../sklearn/features.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import type { Table } from '../sklearn/reading.ts';
import { plainScalar } from '../sklearn/values.ts';
import { type Predicted, predicted } from './booster.ts';
import { categoriesOf } from './categories.ts';
import { ModelText } from './text.ts';

/** The models that were already read, by booster. */
export const modelOf = new WeakMap<PickleObject, ModelText>();

export function textOf(booster: Estimator): ModelText {
  const known = modelOf.get(booster.object);
  if (known !== undefined) return known;
  const text = ['_handle', 'handle'].map((name) => booster.value(name)).find((value) => typeof value === 'string');
  if (typeof text !== 'string') throw booster.error('MALFORMED', 'the Booster contains no model text', '_handle');
  if (!/^tree\r?\n/.test(text.slice(0, 8))) {
    throw booster.error('MALFORMED', "expected the text of a model, which begins with 'tree'", '_handle');
  }
  const model = new ModelText(text, booster.budget);
  modelOf.set(booster.object, model);
  return model;
}

export function boosterOf(estimator: Estimator): Estimator {
  return estimator.className === 'Booster' ? estimator : estimator.estimator('_Booster');
}

/** The number of iterations to use, if it is positive. */
export function bestOf(booster: Estimator): number {
  const best = booster.has('best_iteration') ? booster.number('best_iteration') : 0;
  if (Number.isInteger(best)) return best;
  throw booster.error('MALFORMED', `expected an integer, found ${best}`, 'best_iteration');
}

function boosted(estimator: Estimator, emitter: Emitter, x: RowVector): Predicted {
  const booster = boosterOf(estimator);
  const count = emitter.askedOf(estimator) ?? bestOf(booster);
  const model = textOf(booster);
  const read = () => predicted(model, emitter, x, count);
  const found = booster === estimator ? read() : emitter.within(booster, read);
  const [objective = 'none'] = model.header.objective;
  emitter.boosted(objective, found.iterations, found.of);
  return found;
}

/** The file has all names, with what LightGBM treats as a space replaced. */
function features(estimator: Estimator): Features | undefined {
  if (estimator.className !== 'Booster' && !estimator.has('_Booster')) return undefined;
  const model = textOf(boosterOf(estimator));
  const { names } = model.header;
  // Records contain categories; if their columns are unknown, they would be misread.
  const isKnown = new Set(names).size === names.length && categoriesOf(model) !== 'unknown';
  return { width: names.length, ...(isKnown && { names }) };
}

/** Constructor arguments that are passed on to `predict` and change its results. */
const OF_PREDICT = [
  ...['pred_early_stop', 'raw_score', 'predict_raw_score', 'predict_rawscore', 'is_predict_raw_score'],
  ...['pred_leaf', 'predict_leaf_index', 'leaf_index', 'is_predict_leaf_index', 'pred_contrib', 'predict_contrib'],
  ...['contrib', 'is_predict_contrib', 'num_iteration_predict', 'start_iteration_predict', 'start_iteration'],
];

function refusePredictOptions(estimator: Estimator): void {
  if (!estimator.has('_other_params')) return;
  const options = estimator.value('_other_params');
  const isGiven = (name: string) => {
    const value = options instanceof PickleDict ? options.get(name) : undefined;
    return value !== undefined && value !== null && value !== false && value !== 0;
  };
  const given = OF_PREDICT.find(isGiven);
  if (given !== undefined)
    throw estimator.error('UNSUPPORTED_OP', `predicts with the option '${given}', which is not supported`);
}

const regressor: Predict = (estimator, emitter, x) => {
  refusePredictOptions(estimator);
  return { kind: 'values', values: boosted(estimator, emitter, x).values };
};

const classifier: Predict = (estimator, emitter, x) => {
  refusePredictOptions(estimator);
  const { values, scores } = boosted(estimator, emitter, x);
  // For a user-defined objective there are only raw scores, also from predict.
  if (typeof plainScalar(estimator.value('_objective')) !== 'string') return { kind: 'values', values };
  const classes = estimator.has('_classes')
    ? estimator.labels('_classes')
    : estimator.estimator('_le').labels('classes_');
  const labels = labelsByProbability(estimator, classes, values.width === 1 ? pair(emitter, values) : values);
  // Other code takes the scores first, if a class has them.
  return textOf(boosterOf(estimator)).knowsScores ? { ...labels, scores } : labels;
};

export const LIGHTGBM: Table = {
  Booster: { predict: regressor, features, isBoosted: true },
  LGBMRegressor: { predict: regressor, features, isBoosted: true },
  LGBMRanker: { predict: regressor, features, isBoosted: true },
  LGBMClassifier: { predict: classifier, features, isBoosted: true },
};
