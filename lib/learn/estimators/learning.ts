/** What the table of estimators says of each class. */
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { LearningOptions } from '../origin.ts';
import type { Incremental } from './incremental.ts';

/** A parameter of a constructor; an array is a tuple, an object a dict. */
export type Parameter = null | boolean | number | string | readonly number[] | { readonly [key: string]: number };

export interface Learning {
  /** Where scikit-learn has the class, which its reader tells it by. */
  readonly module: string;
  /** Of its constructor. */
  readonly defaults: Readonly<Record<string, Parameter>>;
  /** From the estimator of a file, or one that `newEstimator` made; `openInner` opens those that it holds. */
  open(estimator: Estimator, options: LearningOptions, openInner: OpenInner): Incremental;
}

export type OpenInner = (estimator: Estimator) => Incremental;

export type LearningTable = Readonly<Record<string, Learning>>;
