/** Estimators that chose or fitted another one, and predict like it. */
import type { Estimator } from '../estimator.ts';
import type { Reading, Table } from '../reading.ts';
import { notRefitted } from '../refusals.ts';

/** By the name of the attribute that contains it; older versions use the second name. */
function delegate(...attributes: readonly [string, string?]): Reading {
  return {
    predict: (estimator, emitter, x) => emitter.predict(held(estimator, attributes), x),
    transform: (estimator, emitter, x) => emitter.transform(held(estimator, attributes), x),
    inner: (estimator) => held(estimator, attributes),
  };
}

function held(estimator: Estimator, [first, second]: readonly [string, string?]): Estimator {
  const attribute = second !== undefined && !estimator.has(first) ? second : first;
  if (!estimator.has(attribute) && estimator.value('refit') === false) throw notRefitted(estimator);
  return estimator.estimator(attribute);
}

const search = delegate('best_estimator_');

export const WRAPPERS: Table = {
  GridSearchCV: search,
  RandomizedSearchCV: search,
  HalvingGridSearchCV: search,
  HalvingRandomSearchCV: search,
  SelfTrainingClassifier: delegate('estimator_', 'base_estimator_'),
  RANSACRegressor: delegate('estimator_'),
  FrozenEstimator: delegate('estimator'),
};
