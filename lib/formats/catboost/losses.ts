/** How each loss turns a row's sums into predictions. */
import { ForwardpassError } from '../../errors.ts';

/** What the sums mean; for classifiers, also how they become probabilities. */
export type Link =
  | 'identity'
  | 'exponential'
  /** A mean, and the logarithm of a standard deviation. */
  | 'mean_and_variance'
  | 'two_classes'
  | 'one_class_of_many'
  | 'each_class_or_not'
  | 'each_label_or_not';

const IDENTITY = [
  ...['RMSE', 'MAE', 'Quantile', 'MultiQuantile', 'LogLinQuantile', 'Expectile', 'MAPE', 'Lq', 'Huber', 'LogCosh'],
  ...['Cox', 'SurvivalAft', 'MultiRMSE', 'MultiRMSEWithMissingValues', 'PairLogit', 'PairLogitPairwise', 'YetiRank'],
  ...['YetiRankPairwise', 'QueryRMSE', 'GroupQuantile', 'QueryAUC', 'QuerySoftMax', 'QueryCrossEntropy'],
  ...['StochasticFilter', 'LambdaMart', 'StochasticRank', 'Combination'],
];

const LINKS: Readonly<Record<string, Link>> = {
  ...Object.fromEntries(IDENTITY.map((name) => [name, 'identity'] as const)),
  Poisson: 'exponential',
  Tweedie: 'exponential',
  RMSEWithUncertainty: 'mean_and_variance',
  Logloss: 'two_classes',
  CrossEntropy: 'two_classes',
  Focal: 'two_classes',
  MultiClass: 'one_class_of_many',
  MultiClassOneVsAll: 'each_class_or_not',
  MultiLogloss: 'each_label_or_not',
  MultiCrossEntropy: 'each_label_or_not',
};

/** Losses that users define in Python code, which does not say what the sums mean. */
const OWN = /^(?:PythonUserDefined\w{0,40}|User(?:PerObj|Querywise)Metric|Custom)$/;

/** Undefined if the meaning of the sums is unknown: no loss is named, or it is user-defined. Throws `UNSUPPORTED_OP`. */
export function linkOf(loss: string | undefined): Link | undefined {
  if (loss === undefined || OWN.test(loss)) return undefined;
  if (Object.hasOwn(LINKS, loss)) return LINKS[loss];
  const known = Object.keys(LINKS).join(', ');
  const message = `the loss ${JSON.stringify(loss.slice(0, 40))} is not supported; expected one of ${known}`;
  throw new ForwardpassError('UNSUPPORTED_OP', message, 'loss_function');
}

export function isClassification(loss: string): boolean {
  return Object.hasOwn(LINKS, loss) && /class|label/.test(LINKS[loss]);
}
