/** Estimators that chose or fitted another one, and predict as it does. */
import type { Reading, Table } from '../table.ts';

/** By the name of the attribute that holds it; older versions had the second. */
function delegate(...attributes: readonly [string, string?]): Reading {
  return {
    predict: (estimator, emitter, x) => emitter.predict(estimator.estimator(held(estimator, attributes)), x),
    transform: (estimator, emitter, x) => emitter.transform(estimator.estimator(held(estimator, attributes)), x),
  };
}

function held(estimator: { has(attribute: string): boolean }, [first, second]: readonly [string, string?]): string {
  return second !== undefined && !estimator.has(first) ? second : first;
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
