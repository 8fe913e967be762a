/** Detects user-defined classes and functions: those of no known library. */
import type { PickleGlobal } from '../../containers/pickle/values.ts';

/** Libraries whose classes are supported, or refused for their own reason, by the first part of the module name. */
const LIBRARIES: ReadonlySet<string> = new Set(
  (
    'sklearn imblearn lightgbm xgboost catboost statsmodels sklearnex daal4py onedal cuml torch keras tensorflow ' +
    'tf_keras skorch scikeras pandas numpy scipy polars pyarrow onnxruntime builtins math operator functools'
  ).split(' '),
);

export function isOwn({ module }: Pick<PickleGlobal, 'module'>): boolean {
  return !LIBRARIES.has(module.split('.', 1)[0]);
}
