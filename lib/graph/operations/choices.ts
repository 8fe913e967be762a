/** Named choices within operations: norms, metrics, modes. */
import { type Numbered, namesOf } from './entry.ts';

type Choices<N extends string> = Readonly<Record<N, Numbered & { readonly formula?: string }>>;

/** What `normalize` divides by. */
export const NORM = { l1: { number: 0 }, l2: { number: 1 }, max: { number: 2 } } satisfies Choices<string>;
/** A norm of a row. @inline */
export type NormName = keyof typeof NORM;
export const NORM_NAMES = namesOf(NORM);

/** The distance of x from a point y: what is summed over the features, where d is the difference in one. */
export const METRIC = {
  sum_square: { number: 0, formula: 'Σ d²' },
  l1: { number: 1, formula: 'Σ |d|' },
  max: { number: 2, formula: 'max |d|' },
  power: { number: 3, formula: 'Σ weight·|d|^exponent' },
  different: { number: 4, formula: 'the number of unequal features' },
  canberra: { number: 5, formula: 'Σ |d|/(|x| + |y|), 0 where both are 0' },
  known_sum_square: { number: 6, formula: 'Σ d² over the features where neither is NaN' },
} satisfies Choices<string>;
export type MetricName = keyof typeof METRIC;
export const METRIC_NAMES = namesOf(METRIC);

/** How `bag` combines the rows of its table. */
export const BAG = {
  sum: { number: 0, since: 4 },
  mean: { number: 1, since: 4, formula: 'the sum divided by the number of pairs' },
  max: { number: 2, since: 4, formula: 'the greatest of each column' },
} satisfies Choices<string>;
/** How the rows of a bag are combined. @inline */
export type BagMode = keyof typeof BAG;
export const BAG_MODES = namesOf(BAG);

export const TREE_SUM = {
  float64: { number: 0 },
  float32: { number: 1 },
  none: { number: 2 },
} satisfies Choices<string>;
export type TreeSum = keyof typeof TREE_SUM;
export const TREE_SUMS = namesOf(TREE_SUM);

export const SORT = { values: { number: 0 }, places: { number: 1 } } satisfies Choices<string>;
export type SortResult = keyof typeof SORT;
export const SORT_RESULTS = namesOf(SORT);

/** How a dense layer's weights are packed; the parameter always has the plan's precision. */
export const WEIGHT = { whole: { number: 0 }, bf16: { number: 1 }, int8: { number: 2 } } satisfies Choices<string>;
