/**
 * The column names of a data frame after a step of scikit-learn: `get_feature_names_out`, if the step returns data
 * frames (`set_output`). User-defined steps access columns by these names.
 */
import { PickleDict } from '../../containers/pickle/values.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { isSparse } from '../sparse.ts';
import { isModuleOf, isNone, itemsOf, plainScalar } from '../values.ts';

type Names = readonly string[];

const ONE_TO_ONE: ReadonlySet<string> = new Set(
  (
    'StandardScaler MinMaxScaler MaxAbsScaler RobustScaler PowerTransformer QuantileTransformer Normalizer Binarizer ' +
    'OrdinalEncoder TargetEncoder KBinsDiscretizer SimpleImputer KNNImputer IterativeImputer'
  ).split(' '),
);
const SELECTING = /^(?:Select|VarianceThreshold$|GenericUnivariateSelect$|RFE|SequentialFeatureSelector$)/;
/** Their column names are the lowercase class name and a number. */
const NUMBERED: ReadonlySet<string> = new Set(
  'PCA IncrementalPCA TruncatedSVD FastICA FactorAnalysis NMF KMeans MiniBatchKMeans Nystroem RBFSampler'.split(' '),
);
/** They return what the last of their steps returns, or name their columns themselves. */
const AS_INSIDE = /^(?:Pipeline|.*SearchCV|FrozenEstimator|ColumnTransformer|FeatureUnion)$/;

/** The result of a step with its column names, or without if it is no longer a data frame. */
export function withFrame(estimator: Estimator, x: RowVector, row: RowVector): RowVector {
  // Sparse matrices are not data frames.
  if (isSparse(row)) return row;
  const { className } = estimator;
  if (!isModuleOf('sklearn', estimator.module) || row.isOpen) return row;
  if (className === 'FunctionTransformer') {
    const isKept = row.frame === undefined && row.width === x.width && estimator.value('validate') !== true;
    return isKept && x.frame ? { ...row, frame: x.frame } : row;
  }
  const isFrame = givesFrames(estimator);
  if (AS_INSIDE.test(className)) return isFrame || !/^(?:Col|Feat)/.test(className) ? row : without(row);
  const frame = isFrame ? namesAfter(estimator, x, row) : undefined;
  return frame?.length === row.width ? { ...row, frame } : without(row);
}

function without(row: RowVector): RowVector {
  return row.frame === undefined ? row : { ...row, frame: undefined };
}

function givesFrames(estimator: Estimator): boolean {
  const config = estimator.value('_sklearn_output_config');
  return config instanceof PickleDict && /^(?:pandas|polars)$/.test(String(config.get('transform')));
}

function namesAfter(estimator: Estimator, x: RowVector, row: RowVector): Names | undefined {
  const { className } = estimator;
  if (SELECTING.test(className)) return row.frame;
  if (NUMBERED.has(className)) {
    return Array.from({ length: row.width }, (_, i) => `${className.toLowerCase()}${i}`);
  }
  const names = namesOf(estimator) ?? x.frame;
  if (ONE_TO_ONE.has(className)) return names;
  if (className !== 'OneHotEncoder' || names === undefined) return undefined;
  // If categories are dropped or merged, there are fewer columns.
  return estimator
    .list('categories_')
    .flatMap((list, i) => (itemsOf(list) ?? []).map((item) => `${names[i]}_${String(plainScalar(item))}`));
}

function namesOf(estimator: Estimator): Names | undefined {
  const value = estimator.value('feature_names_in_');
  const names = isNone(value) ? undefined : itemsOf(value)?.map(plainScalar);
  return names?.every((name) => typeof name === 'string') ? names : undefined;
}

/** For parallel steps: prefixes each name with that of its step, unless the names are unique. */
export function frameOfParts(
  estimator: Estimator,
  parts: readonly { readonly name: unknown; readonly rows: readonly RowVector[] }[],
): Names | undefined {
  const isLong = estimator.value('verbose_feature_names_out', true);
  if (typeof isLong !== 'boolean' || !givesFrames(estimator)) return undefined;
  const names: string[] = [];
  for (const { name, rows } of parts) {
    for (const { frame } of rows) {
      if (frame === undefined) return undefined;
      for (const own of frame) names.push(isLong ? `${String(name)}__${own}` : own);
    }
  }
  return names;
}
