/** Which classes and functions are the author's own: of no library that is known here. */
import type { PickleGlobal } from '../../containers/pickle/values.ts';

/** Libraries whose classes are read, or refused for their own reason, by the first part of their modules' names. */
const LIBRARIES: ReadonlySet<string> = new Set(
  (
    'sklearn imblearn lightgbm xgboost catboost statsmodels sklearnex daal4py onedal cuml torch keras tensorflow ' +
    'tf_keras skorch scikeras pandas numpy scipy polars pyarrow onnxruntime builtins math operator functools'
  ).split(' '),
);

export function isOwn({ module }: Pick<PickleGlobal, 'module'>): boolean {
  return !LIBRARIES.has(module.split('.', 1)[0]);
}
