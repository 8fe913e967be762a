/** The steps of a pipeline. */
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { itemsOf } from '../../formats/sklearn/values.ts';

export interface Named<Step> {
  readonly name: string;
  readonly step: Step;
}

/** The steps, without those that do nothing. */
export function stepsOf(estimator: Estimator): Named<Estimator>[] {
  return estimator.list('steps').flatMap((item, i) => {
    const [name, value] = itemsOf(item) ?? [];
    if (value === null || value === 'passthrough') return [];
    return [{ name: typeof name === 'string' ? name : `${i}`, step: estimator.inside(value, `steps[${i}]`) }];
  });
}

/** Steps that scale numbers, and may learn to. */
export const SCALERS = ['StandardScaler', 'MinMaxScaler', 'MaxAbsScaler'];

/**
 * The number of first steps that make rows for the others: up to the last step before the model that is not a scaler.
 */
export function frontOf(steps: readonly Named<Estimator>[]): number {
  return 1 + steps.slice(0, -1).findLastIndex(({ step }) => !SCALERS.includes(step.className));
}

/** Steps that return sparse rows for sparse rows. */
const KEEPING = /^(Select\w+|VarianceThreshold|MaxAbsScaler|StandardScaler|Normalizer|Binarizer|TfidfTransformer)$/;
/** Steps that return dense rows for dense rows. */
const DENSE_OF_DENSE = /^(PolynomialFeatures|FunctionTransformer|SplineTransformer)$/;
/** Steps that always return dense rows. */
const DENSE =
  /^(SimpleImputer|KNNImputer|IterativeImputer|MinMaxScaler|RobustScaler|PowerTransformer|QuantileTransformer|PCA|TruncatedSVD|IncrementalPCA|KernelPCA|FastICA|FactorAnalysis|NMF|Nystroem|RBFSampler|OrdinalEncoder|TargetEncoder)$/;

/**
 * Whether scikit-learn passes on sparse rows, from which some models learn differently.
 * @throws {ForwardpassError} UNSUPPORTED_OP for a step where that is unknown.
 */
export function givesSparse(steps: readonly Named<Estimator>[]): boolean {
  let isSparse = false;
  for (const { step } of steps) {
    const { className } = step;
    const says = ['sparse_output_', 'sparse_output', 'sparse']
      .map((name) => step.value(name))
      .find((value) => typeof value === 'boolean');
    if (typeof says === 'boolean') isSparse = says;
    else if (DENSE.test(className)) isSparse = false;
    else if (!KEEPING.test(className) && (isSparse || !DENSE_OF_DENSE.test(className))) {
      const message =
        'is before the step that learns, and it is unknown whether it returns sparse rows, from which scikit-learn learns differently; save the last step separately, and pass it the rows that the other steps make';
      throw step.error('UNSUPPORTED_OP', message);
    }
  }
  return isSparse;
}
