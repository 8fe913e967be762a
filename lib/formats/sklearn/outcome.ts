/**
 * What an estimator returns for a row, as row tensors of one axis: the results of scikit-learn's predict and related
 * methods.
 */
import type { DType } from '../../graph/graph.ts';

/** A row tensor of one axis. */
export interface RowVector {
  /** Its name in the graph. */
  readonly operand: string;
  readonly width: number;
  /**
   * By index, the column of the model's input that this element is, unchanged except for imputed values, if it is one.
   */
  readonly columns?: readonly (number | undefined)[];
  /** The same, only for columns that are entirely unchanged: a user-defined step takes these. */
  readonly raw?: readonly (number | undefined)[];
  /** The column names, if the row belongs to a data frame. */
  readonly frame?: readonly string[];
  /** Whether the number of columns is not in the file: only user-defined steps take such a row. */
  readonly isOpen?: boolean;
  /** The column names, if there are any. */
  readonly names?: readonly string[];
  /** Whether the library has these numbers as float32, and continues in float32. */
  readonly single?: boolean;
  /** Whether scikit-learn has it as a sparse matrix, which does not store zeros: see sparsity.ts. */
  readonly holdsNoZeros?: boolean;
}

export type Label = string | number;

/** From regressors: a value for each target. */
export interface Values {
  readonly kind: 'values';
  readonly values: RowVector;
  /** If it is not the model's own float type. */
  readonly dtype?: DType;
}

/** From classifiers; without `probabilities` and `scores`, only predictions are given. */
export interface Labels {
  readonly kind: 'labels';
  readonly classes: readonly Label[];
  /** predict_proba: one for each class. */
  readonly probabilities?: RowVector;
  /**
   * decision_function: one for each class or pair of classes, or a single one, which is positive for the second of two
   * classes.
   */
  readonly scores?: RowVector;
  /** What predict is based on: one for each class, of which the first maximum wins, or a single one. */
  readonly decider: RowVector;
  /** The second of two classes wins if the single decider is above this; 0 by default. */
  readonly threshold?: number;
}

/**
 * From multilabel classifiers, whose labels a row may each have or not; without `probabilities` and `scores`, as above.
 */
export interface Multilabel {
  readonly kind: 'multilabel';
  readonly probabilities?: RowVector;
  readonly scores?: RowVector;
  /** For each label: the row has it if this is above the threshold. */
  readonly decider: RowVector;
  readonly threshold: number;
}

/** From classifiers of several targets, each with its own classes. */
export interface Targets {
  readonly kind: 'targets';
  readonly targets: readonly Labels[];
}

/** From a search: the distances and row numbers of the nearest fitted rows. */
export interface Neighbours {
  readonly kind: 'neighbours';
  readonly distances: RowVector;
  readonly places: RowVector;
}

export type Outcome = Values | Labels | Multilabel | Targets | Neighbours;
