/** The steps of a pipeline. */
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { itemsOf } from '../../formats/sklearn/values.ts';

export interface Named<Step> {
  readonly name: string;
  readonly step: Step;
}

/** Without those that do nothing. */
export function stepsOf(estimator: Estimator): Named<Estimator>[] {
  return estimator.list('steps').flatMap((item, i) => {
    const [name, value] = itemsOf(item) ?? [];
    if (value === null || value === 'passthrough') return [];
    return [{ name: typeof name === 'string' ? name : `${i}`, step: estimator.inside(value, `steps[${i}]`) }];
  });
}

/** Steps that scale numbers, and may learn to. */
export const SCALERS = ['StandardScaler', 'MinMaxScaler', 'MaxAbsScaler'];

/** How many of the first steps make rows for the others: up to the last before the model that is not a scaler. */
export function frontOf(steps: readonly Named<Estimator>[]): number {
  return 1 + steps.slice(0, -1).findLastIndex(({ step }) => !SCALERS.includes(step.className));
}

/** What gives sparse rows if it takes some. */
const KEEPING = /^(Select\w+|VarianceThreshold|MaxAbsScaler|StandardScaler|Normalizer|Binarizer|TfidfTransformer)$/;
/** What gives dense rows of dense ones. */
const DENSE_OF_DENSE = /^(PolynomialFeatures|FunctionTransformer|SplineTransformer)$/;
/** What gives dense rows always. */
const DENSE =
  /^(SimpleImputer|KNNImputer|IterativeImputer|MinMaxScaler|RobustScaler|PowerTransformer|QuantileTransformer|PCA|TruncatedSVD|IncrementalPCA|KernelPCA|FastICA|FactorAnalysis|NMF|Nystroem|RBFSampler|OrdinalEncoder|TargetEncoder)$/;

/**
 * Whether scikit-learn hands on sparse rows, from which some models learn otherwise.
 * @throws {ForwardpassError} UNSUPPORTED_OP for a step of which that is not known.
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
        'is before the step that learns; whether it gives sparse rows, from which scikit-learn learns otherwise, is not known. Save the last step by itself, and give it rows as the others make them';
      throw step.error('UNSUPPORTED_OP', message);
    }
  }
  return isSparse;
}
