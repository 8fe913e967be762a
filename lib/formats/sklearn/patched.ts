/**
 * Classes with which Intel's extension replaces scikit-learn's (`patch_sklearn`). They keep the same attributes; where
 * those are properties, the file has what is behind them.
 */
import type { PickleGlobal, PickleObject, PickleValue } from '../containers/pickle/values.ts';
import { isModuleOf, isNone } from './values.ts';

export function isPatched({ module }: PickleGlobal): boolean {
  return isModuleOf('sklearnex', module) || isModuleOf('daal4py.sklearn', module);
}

/** Forests that oneDAL fitted: their trees are bytes of its own, and it computes what they predict. */
export function isOfOneDal(object: PickleObject): boolean {
  const { callable } = object;
  if (!isPatched(callable) || !/Forest|ExtraTrees/.test(callable.name)) return false;
  return ['_onedal_estimator', 'daal_model_'].some((name) => !isNone(object.attribute(name)));
}

/** In `intercept_`, the name behind it: of support vector machines `_intercept_internal`, of others `_intercept_`. */
export function patchedAttribute(object: PickleObject, name: string): PickleValue | undefined {
  const { callable } = object;
  if (!isPatched(callable) || !name.endsWith('_') || name.startsWith('_')) return undefined;
  if (/^(?:Nu)?SV[CR]$/.test(callable.name)) return object.attribute(`_${name.slice(0, -1)}_internal`);
  if (name === 'estimators_') return object.attribute('_cached_estimators_');
  return object.attribute(`_${name}`);
}
