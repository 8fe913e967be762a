/** What an estimator gives for a row, as row tensors of one axis: what scikit-learn's predict and its kin would say. */
import type { DType } from '../../graph/graph.ts';

/** A row tensor of one axis. */
export interface RowVector {
  /** Its name in the graph. */
  readonly operand: string;
  readonly width: number;
  /** By position, the column of the model's input that is here, unchanged but for what was filled in, where one is. */
  readonly columns?: readonly (number | undefined)[];
  /** The same, of columns that are unchanged altogether: as a step of the author's own takes them. */
  readonly raw?: readonly (number | undefined)[];
  /** What the columns are called in the data frame that the row is of, where it is of one. */
  readonly frame?: readonly string[];
  /** Whether the file does not say how many columns there are: only steps of the author's own take such a row. */
  readonly isOpen?: boolean;
  /** What the columns are called, where they have names. */
  readonly names?: readonly string[];
  /** Whether the library has these numbers as float32, and computes on in float32. */
  readonly single?: boolean;
  /** Whether scikit-learn has it as a sparse matrix, which does not hold zeros: see sparsity.ts. */
  readonly holdsNoZeros?: boolean;
}

export type Label = string | number;

/** Of regressors: a value for each target. */
export interface Values {
  readonly kind: 'values';
  readonly values: RowVector;
  /** Where it is not the model's own float. */
  readonly dtype?: DType;
}

/** Of classifiers; those that have neither `probabilities` nor `scores` predict and give nothing else. */
export interface Labels {
  readonly kind: 'labels';
  readonly classes: readonly Label[];
  /** predict_proba: one for each class. */
  readonly probabilities?: RowVector;
  /**
   * decision_function: one for each class, or for each pair of them, or one alone, which is positive for the second of two
   * classes.
   */
  readonly scores?: RowVector;
  /** What predict goes by: for each class, of which the first greatest wins, or one alone. */
  readonly decider: RowVector;
  /** The second of two classes wins where the one decider is above it; 0 unless given. */
  readonly threshold?: number;
}

/** Of classifiers of labels that a row may each have or not; with neither `probabilities` nor `scores`, as above. */
export interface Multilabel {
  readonly kind: 'multilabel';
  readonly probabilities?: RowVector;
  readonly scores?: RowVector;
  /** For each label: the row has it where this is above the threshold. */
  readonly decider: RowVector;
  readonly threshold: number;
}

/** Of classifiers of several targets, each with classes of its own. */
export interface Targets {
  readonly kind: 'targets';
  readonly targets: readonly Labels[];
}

/** For a search: how far the nearest rows are that it was fitted on, and which these are. */
export interface Neighbours {
  readonly kind: 'neighbours';
  readonly distances: RowVector;
  readonly places: RowVector;
}

export type Outcome = Values | Labels | Multilabel | Targets | Neighbours;
