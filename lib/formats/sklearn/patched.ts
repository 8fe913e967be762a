/**
 * Classes with which Intel's extension replaces scikit-learn's (`patch_sklearn`). They have the same attributes; if
 * these are properties, the file contains the private attributes behind them.
 */
import type { PickleGlobal, PickleObject, PickleValue } from '../containers/pickle/values.ts';
import { isModuleOf, isNone } from './values.ts';

export function isPatched({ module }: PickleGlobal): boolean {
  return isModuleOf('sklearnex', module) || isModuleOf('daal4py.sklearn', module);
}

/** Forests that oneDAL fitted: their trees are in its own binary format, and it computes their predictions. */
export function isOfOneDal(object: PickleObject): boolean {
  const { callable } = object;
  if (!isPatched(callable) || !/Forest|ExtraTrees/.test(callable.name)) return false;
  return ['_onedal_estimator', 'daal_model_'].some((name) => !isNone(object.attribute(name)));
}

/** The private name for `intercept_`: for support vector machines `_intercept_internal`, for others `_intercept_`. */
export function patchedAttribute(object: PickleObject, name: string): PickleValue | undefined {
  const { callable } = object;
  if (!isPatched(callable) || !name.endsWith('_') || name.startsWith('_')) return undefined;
  if (/^(?:Nu)?SV[CR]$/.test(callable.name)) return object.attribute(`_${name.slice(0, -1)}_internal`);
  if (name === 'estimators_') return object.attribute('_cached_estimators_');
  return object.attribute(`_${name}`);
}
