/**
 * Which rows scikit-learn has as sparse matrices. Most estimators treat both alike; XGBoost treats elements that a
 * sparse matrix does not store as missing, but 0 in an array as 0.
 */
import type { Estimator } from './estimator.ts';
import type { RowVector } from './outcome.ts';
import { MixedRow, TermRow } from './sparse.ts';
import { isModuleOf } from './values.ts';

const ALWAYS = new Set([
  'CountVectorizer',
  'TfidfVectorizer',
  'TfidfTransformer',
  'HashingVectorizer',
  'FeatureHasher',
]);

/** Steps that turn a sparse matrix into one with the same stored elements, or with some of them. */
const KEEPING = new Set(
  (
    'AdditiveChi2Sampler Binarizer GenericUnivariateSelect MaxAbsScaler Normalizer PolynomialFeatures QuantileTransformer ' +
    'RFE RFECV RobustScaler SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest SelectPercentile ' +
    'SequentialFeatureSelector SimpleImputer StandardScaler VarianceThreshold'
  ).split(' '),
);

/** Steps whose inner steps decide. */
const AS_INSIDE = new Set(['FeatureUnion', 'Pipeline']);

/** The result of a step for `x`, with a note of whether scikit-learn has it as a sparse matrix. */
export function withSparsity(estimator: Estimator, x: RowVector, row: RowVector): RowVector {
  if (!isModuleOf('sklearn', estimator.module) || AS_INSIDE.has(estimator.className)) return row;
  return asSparse(row, isSparseAfter(estimator, x, row));
}

function isSparseAfter(estimator: Estimator, x: RowVector, row: RowVector): boolean {
  const { className } = estimator;
  const before = x.holdsNoZeros === true;
  if (ALWAYS.has(className)) return true;
  if (KEEPING.has(className)) return before;
  switch (className) {
    case 'ColumnTransformer':
      return estimator.boolean('sparse_output_', row.holdsNoZeros === true);
    case 'OneHotEncoder':
      // Until 1.2 the option was named `sparse`.
      return estimator.boolean(estimator.has('sparse_output') ? 'sparse_output' : 'sparse', true);
    case 'DictVectorizer':
      return estimator.boolean('sparse', true);
    case 'KBinsDiscretizer':
      return estimator.text('encode', 'onehot') === 'onehot';
    case 'SplineTransformer':
      return estimator.boolean('sparse_output', false);
    case 'SparseRandomProjection':
      return before && !estimator.boolean('dense_output', false);
    case 'MissingIndicator':
      return estimator.value('sparse') === 'auto' ? before : estimator.boolean('sparse', false);
    case 'FunctionTransformer':
      // A user-defined function returns a new row, usually to make it dense.
      return before && row.holdsNoZeros !== false;
  }
  return false;
}

function asSparse(row: RowVector, holdsNoZeros: boolean): RowVector {
  if (row instanceof MixedRow) return row.withParts(row.parts.map((part) => marked(part, holdsNoZeros)));
  return marked(row, holdsNoZeros);
}

function marked(row: RowVector, holdsNoZeros: boolean): RowVector {
  if ((row.holdsNoZeros ?? false) === holdsNoZeros) return row;
  return row instanceof TermRow ? row.marked(holdsNoZeros) : { ...row, holdsNoZeros };
}
