/** `feature_importances_`, which CatBoost computes when it fits, and leaves in a pickle. */
import type { Vector } from '../sklearn/arrays.ts';
import type { Estimator } from '../sklearn/estimator.ts';

/** Of losses of groups, and of all others. */
const ATTRIBUTES = ['_loss_value_change', '_prediction_values_change'];

/** Undefined of another package's estimators, and where the file does not have them, or both kinds of them. */
export function importancesOf(estimator: Estimator): Vector | undefined {
  if (estimator.module.split('.', 1)[0] !== 'catboost') return undefined;
  const [attribute, other] = ATTRIBUTES.filter((name) => estimator.has(name));
  return attribute === undefined || other !== undefined ? undefined : estimator.vector(attribute);
}
