/** The interface of estimators and networks that learn. */
import type { FloatArray } from '../../buffers.ts';
import type { Label } from '../../labels.ts';
import type { RaggedParts } from '../../ragged.ts';

/** The kind of targets: labels in {@link Incremental.classes}, numbers, or none. */
export type TargetKind = 'classes' | 'values' | 'none';

/** The targets of rows, as passed by the caller: an item for each row. @inline */
export type Targets = ArrayLike<Label | boolean | bigint | readonly (Label | boolean)[]>;

/** Predictions for rows: values, or labels, with probabilities of all classes if available. */
export type Said =
  | { readonly values: ArrayLike<number> }
  | { readonly labels: ArrayLike<Label>; readonly probabilities?: ArrayLike<number> };

/** Rows to learn from. The arrays belong to the caller and must be copied before a change. */
export interface Batch {
  /** The rows, row-major. */
  readonly x: FloatArray;
  readonly rows: number;
  /** For learning from texts: their terms, instead of x. */
  readonly pairs?: RaggedParts;
  /** An item for each row; undefined if there are no targets. */
  readonly targets: Targets | undefined;
  /** A finite number of 0 or more for each row, not all 0; undefined if all rows have the same weight. */
  readonly weights: FloatArray | undefined;
  /** The learning rate from this fit on, if the learner takes one. */
  readonly rate?: number | undefined;
}

export interface Incremental {
  /** The name of its class, such as `SGDClassifier`. */
  readonly name: string;
  /** The classes, which may come with the first fit; undefined before. */
  readonly classes?: readonly Label[];
  readonly targets: TargetKind;
  /** Whether a fit may change the learning rate. */
  readonly takesRate?: true;
  /** Whether rows are texts, which the model turns into pairs of a term and its weight. */
  readonly takesTexts?: boolean;
  /**
   * For a Pipeline: how many of its first steps do not learn, and make the rows for the others: see {@link
   * Origin.front}.
   */
  readonly frontSteps?: number;
  /** The number of elements of a row; undefined until it has seen one. */
  readonly width: number | undefined;
  /** The type of the arrays of its rows. */
  readonly Floats: Float64ArrayConstructor | Float32ArrayConstructor;

  /** For a new learner: sets the width of rows and the classes. Called once, before the first fit. */
  begin?(width: number, classes: readonly Label[] | undefined, Floats: Incremental['Floats']): void;
  /**
   * Learns from one or more rows, or throws a ForwardpassError and stays unchanged.
   * @throws {ForwardpassError} INPUT, DIVERGED, MEMORY.
   */
  partialFit(batch: Batch): void;
  /** Restores the state before the last fit. Called at most once after each successful fit. */
  undo(): void;
  /** A copy of its state, for {@link restore} after any number of fits. */
  keep(): unknown;
  restore(kept: unknown): void;
  /**
   * The results of the current model for rows, [rows, outputs]: values, or probabilities of the classes (of two,
   * possibly only those of the second). Present if it is faster than making a model.
   */
  outputs?(x: FloatArray, rows: number): FloatArray;
  /**
   * The predictions of the current model, for progressive validation before every fit. Present if it is faster than
   * making a model; the last bits may differ from that.
   */
  say?(x: FloatArray, rows: number): Said;
  /** Its state by the framework's own attribute names, as copies. */
  state(): Record<string, unknown>;
  /** Writes its state where {@link Origin.graph} and {@link Origin.tree} read it. */
  store(): void;
}
