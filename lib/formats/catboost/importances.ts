/** `feature_importances_`, which CatBoost computes during fitting and stores in the pickle. */
import type { Vector } from '../sklearn/arrays.ts';
import type { Estimator } from '../sklearn/estimator.ts';

/** The attributes for ranking losses, and for all other losses. */
const ATTRIBUTES = ['_loss_value_change', '_prediction_values_change'];

/** Undefined for estimators of other packages, and if the file has no importances, or both kinds. */
export function importancesOf(estimator: Estimator): Vector | undefined {
  if (estimator.module.split('.', 1)[0] !== 'catboost') return undefined;
  const [attribute, other] = ATTRIBUTES.filter((name) => estimator.has(name));
  return attribute === undefined || other !== undefined ? undefined : estimator.vector(attribute);
}
