/** What learns: the face that every estimator and network has to the learner. */
import type { FloatArray } from '../../buffers.ts';
import type { Label } from '../../labels.ts';
import type { RaggedParts } from '../../ragged.ts';

/** What targets are: labels of {@link Incremental.classes}, numbers, or nothing. */
export type TargetKind = 'classes' | 'values' | 'none';

/** The targets of rows, as the caller gave them: an item for each row. @inline */
export type Targets = ArrayLike<Label | boolean | bigint | readonly (Label | boolean)[]>;

/** What was said of rows: values, or labels, with probabilities of all classes where there are any. */
export type Said =
  | { readonly values: ArrayLike<number> }
  | { readonly labels: ArrayLike<Label>; readonly probabilities?: ArrayLike<number> };

/** Rows to learn from, which are the caller's: to be copied before anything changes. */
export interface Batch {
  /** Row after row. */
  readonly x: FloatArray;
  readonly rows: number;
  /** Of what learns from texts: their terms, in place of x. */
  readonly pairs?: RaggedParts;
  /** An item for each row; undefined where none were given. */
  readonly targets: Targets | undefined;
  /** A finite number of 0 or more for each row, of which not all are 0; undefined where all count the same. */
  readonly weights: FloatArray | undefined;
  /** Of what takes one: the learning rate from this fit on. */
  readonly rate?: number | undefined;
}

export interface Incremental {
  /** The name of its class: `SGDClassifier`. */
  readonly name: string;
  /** Of what its classes say, or of those that the first fit gets: undefined before. */
  readonly classes?: readonly Label[];
  readonly targets: TargetKind;
  /** Whether a fit may change the learning rate. */
  readonly takesRate?: true;
  /** Whether rows are texts, which the model that it is reads into pairs of a term and its weight. */
  readonly takesTexts?: boolean;
  /** Of a Pipeline, how many of its first steps stay as they are, and make the rows that it takes: see {@link Origin.front}. */
  readonly frontSteps?: number;
  /** Elements of a row; undefined until it has seen one. */
  readonly width: number | undefined;
  /** The arrays of its rows. */
  readonly Floats: Float64ArrayConstructor | Float32ArrayConstructor;

  /** For one that has learnt nothing: what rows and classes will be. Called once, before the first fit. */
  begin?(width: number, classes: readonly Label[] | undefined, Floats: Incremental['Floats']): void;
  /**
   * Learns from some rows, one at least, or throws a ForwardpassError and is as it was.
   * @throws {ForwardpassError} INPUT, DIVERGED, MEMORY.
   */
  partialFit(batch: Batch): void;
  /** The state from before the last fit. Called once after a fit that went well. */
  undo(): void;
  /** A copy of its state, for {@link restore}, however many fits later. */
  keep(): unknown;
  restore(kept: unknown): void;
  /**
   * What the model as it is gives for rows, [rows, outputs]: values, or probabilities of the classes (of two, it may be of
   * the second alone). Where it is quicker than a model made for it.
   */
  outputs?(x: FloatArray, rows: number): FloatArray;
  /**
   * What the model as it is says of rows, for progressive validation, which asks before every fit: where that is quicker
   * than a model made for it, whose last bits it need not have.
   */
  say?(x: FloatArray, rows: number): Said;
  /** By the framework's own attribute names, as copies. */
  state(): Record<string, unknown>;
  /** Writes its state to where {@link Origin.graph} and {@link Origin.tree} read it. */
  store(): void;
}
