/** Pickled CatBoost classes: their state is their parameters, and the model as cbm. */
import { type PickleObject, pickleKind } from '../containers/pickle/values.ts';
import type { Emitter, Predict } from '../sklearn/emitter.ts';
import type { Estimator } from '../sklearn/estimator.ts';
import type { Features } from '../sklearn/features.ts';
import type { Outcome, RowVector } from '../sklearn/outcome.ts';
import type { Table } from '../sklearn/reading.ts';
import { readModel } from './content.ts';
import type { CatboostModel } from './model.ts';
import { classifierOutcome, modelOutcome, rankerOutcome, regressorOutcome } from './outcome.ts';

/** The attribute of a fitted object that holds its model. */
const MODEL = '__model';

/** Models that were already read, by object. */
export const known = new WeakMap<PickleObject, CatboostModel>();

function modelOf(estimator: Estimator): CatboostModel {
  const read = known.get(estimator.object) ?? fromState(estimator);
  known.set(estimator.object, read);
  return read;
}

function fromState(estimator: Estimator): CatboostModel {
  const bytes = estimator.value(MODEL);
  if (bytes instanceof Uint8Array) return readModel(bytes, estimator.budget, estimator.placeOf(MODEL));
  const message = `expected the bytes of a model, found ${pickleKind(bytes)}; the estimator may not be fitted`;
  throw estimator.error('MALFORMED', message, MODEL);
}

/** An object without a model is not fitted; another check reports that. */
function features(estimator: Estimator): Features | undefined {
  if (!known.has(estimator.object) && !estimator.has(MODEL)) return undefined;
  const { width, featureNames: names } = modelOf(estimator);
  return names === undefined ? { width } : { width, names };
}

/** At most `most` trees, all of them if there are fewer, as with CatBoost's `ntree_end`. */
function* firstOf<T>(items: Iterable<T>, most: number): Iterable<T> {
  let count = 0;
  for (const item of items) {
    if (count++ >= most) return;
    yield item;
  }
}

function reading(outcome: (model: CatboostModel, emitter: Emitter, x: RowVector) => Outcome): Table[string] {
  const predict: Predict = (estimator, emitter, x) => {
    const model = modelOf(estimator);
    const asked = emitter.askedOf(estimator);
    const count = asked === undefined || asked <= 0 ? model.treeCount : Math.min(asked, model.treeCount);
    emitter.boosted(model.info.loss ?? 'unknown loss', count, model.treeCount);
    if (count === model.treeCount) return outcome(model, emitter, x);
    return outcome({ ...model, trees: (splits) => firstOf(model.trees(splits), count) }, emitter, x);
  };
  return { predict, features, isBoosted: true };
}

export const CATBOOST: Table = {
  CatBoost: reading(modelOutcome),
  CatBoostClassifier: reading(classifierOutcome),
  CatBoostRegressor: reading(regressorOutcome),
  CatBoostRanker: reading(rankerOutcome),
};
