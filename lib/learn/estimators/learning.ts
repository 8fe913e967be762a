/** The type of entries of the table of estimators. */
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { LearningOptions } from '../origin.ts';
import type { Incremental } from './incremental.ts';

/** A parameter of a constructor; an array is a tuple, an object a dict. */
export type Parameter = null | boolean | number | string | readonly number[] | { readonly [key: string]: number };

export interface Learning {
  /** The module of the class in scikit-learn, by which its reader recognises it. */
  readonly module: string;
  /** The parameters of its constructor, with defaults. */
  readonly defaults: Readonly<Record<string, Parameter>>;
  /** Opens an estimator of a file, or one from `newEstimator`; `openInner` opens the estimators in it. */
  open(estimator: Estimator, options: LearningOptions, openInner: OpenInner): Incremental;
}

export type OpenInner = (estimator: Estimator) => Incremental;

export type LearningTable = Readonly<Record<string, Learning>>;
