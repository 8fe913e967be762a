/** Pickled boosters, and pickled classes of XGBoost's scikit-learn interface. */
import { PickleObject, pickleKind } from '../containers/pickle/values.ts';
import type { Emitter, Predict } from '../sklearn/emitter.ts';
import { Estimator } from '../sklearn/estimator.ts';
import type { Features } from '../sklearn/features.ts';
import type { Label, Outcome, RowVector } from '../sklearn/outcome.ts';
import type { Table } from '../sklearn/reading.ts';
import { readModel } from './content.ts';
import type { XgboostModel } from './model.ts';
import { boosterOutcome, classifierOutcome, regressorOutcome } from './outcome.ts';
import { type Rows, roundsAsked } from './sums.ts';
import { roundsUntilBest } from './wrapper.ts';

/** By bytes: a model is read once for all callers. */
const known = new WeakMap<Uint8Array, XgboostModel>();
const knownWithStatistics = new WeakMap<Uint8Array, XgboostModel>();

/** The model of a booster: an object of `xgboost.core.Booster`, whose handle has the bytes that it would save. */
export function modelOf(booster: Estimator, statistics = false): XgboostModel {
  const handle = booster.value('handle');
  if (!(handle instanceof Uint8Array)) {
    throw booster.error('MALFORMED', `expected the bytes of a model, found ${pickleKind(handle)}`, 'handle');
  }
  const models = statistics ? knownWithStatistics : known;
  const model = models.get(handle) ?? readModel(handle, booster.budget, booster.placeOf('handle'), statistics);
  models.set(handle, model);
  return model;
}

/** The booster of an estimator, which exists once it is fitted. */
export const boosterOf = (estimator: Estimator) => estimator.estimator('_Booster');

function featuresOf(booster: Estimator): Features {
  const { features: width, featureNames: names } = modelOf(booster);
  return names === undefined ? { width } : { width, names };
}

/** The features of an estimator; without a booster it is not fitted, which another check reports. */
function ownFeatures(estimator: Estimator): Features | undefined {
  return estimator.value('_Booster') instanceof PickleObject ? featuresOf(boosterOf(estimator)) : undefined;
}

/** How an estimator's attributes say that its rows are treated. */
function rowsOf(estimator: Estimator, model: XgboostModel, emitter: Emitter): Rows {
  const missing = estimator.has('missing') ? estimator.number('missing') : Number.NaN;
  const rounds = roundsAsked(model, emitter.askedOf(estimator)) ?? roundsUntilBestOf(estimator, model);
  return { missing, infinite: model.booster.kind === 'trees', rounds, inPlace: isInPlace(estimator, model) };
}

/** Until 2.0 a predictor could be chosen; with one, prediction was not in place, nor in 1.5 with categories. */
function isInPlace(estimator: Estimator, { version }: XgboostModel): boolean {
  const predictor = estimator.value('predictor');
  if (!(predictor === undefined || predictor === null || predictor === 'auto')) return false;
  return !(version[0] === 1 && version[1] === 5 && estimator.value('enable_categorical') === true);
}

/** Before 2.0 the best round was also an attribute of the booster object, and that one was used. */
function roundsUntilBestOf(estimator: Estimator, model: XgboostModel): number | undefined {
  const booster = boosterOf(estimator);
  if (model.booster.kind !== 'trees') return undefined;
  if (!booster.has('best_iteration')) return roundsUntilBest(model);
  const round = booster.number('best_iteration');
  if (Number.isInteger(round) && round >= 0) return round + 1;
  throw booster.error('MALFORMED', `expected the number of a round, found ${round}`, 'best_iteration');
}

/** The classes that the file names; in later versions they are indices. */
function classesOf(estimator: Estimator): readonly Label[] | undefined {
  // Before 1.6 there was a label encoder.
  const encoder = estimator.value('_le');
  if (encoder instanceof PickleObject) {
    const inside = Estimator.of(encoder, estimator.placeOf('_le'), estimator.budget);
    if (inside.has('classes_')) return inside.labels('classes_');
  }
  return estimator.has('classes_') ? estimator.labels('classes_') : undefined;
}

type Answer = (estimator: Estimator, model: XgboostModel, emitter: Emitter, x: RowVector) => Outcome;

function wrapper(answer: Answer): Table[string] {
  const predict: Predict = (estimator, emitter, x) =>
    asSingle(answer(estimator, modelOf(boosterOf(estimator)), emitter, x));
  return { predict, features: ownFeatures, isBoosted: true };
}

/** Outer estimators receive float32. */
function asSingle(outcome: Outcome): Outcome {
  if (outcome.kind === 'values') return { ...outcome, values: { ...outcome.values, single: true } };
  if (outcome.kind === 'targets' || outcome.kind === 'neighbours' || outcome.probabilities === undefined)
    return outcome;
  return { ...outcome, probabilities: { ...outcome.probabilities, single: true } };
}

const classifier = wrapper((estimator, model, emitter, x) =>
  classifierOutcome(model, emitter, x, rowsOf(estimator, model, emitter), classesOf(estimator)),
);
const regressor = wrapper((estimator, model, emitter, x) =>
  regressorOutcome(model, emitter, x, rowsOf(estimator, model, emitter)),
);

export const XGBOOST: Table = {
  Booster: {
    predict: (estimator, emitter, x) => boosterOutcome(modelOf(estimator), emitter, x, emitter.askedOf(estimator)),
    features: featuresOf,
    isBoosted: true,
  },
  XGBModel: regressor,
  XGBRegressor: regressor,
  XGBRFRegressor: regressor,
  XGBRanker: regressor,
  XGBClassifier: classifier,
  XGBRFClassifier: classifier,
};
