/** What functions of the option `functions` take and give. */
import type { TextFunction } from '../graph/terms.ts';

export type { TextContext, TextFunction } from '../graph/terms.ts';

/** A number, a string, a truth, a moment; null where something is missing. */
export type StepCell = number | string | boolean | Date | null;

/** One column, with a value for each row: of only numbers a Float64Array, in which what is missing is NaN. */
export type StepColumn = Float64Array | readonly StepCell[];

/** By their names; where they have none, an array of them. Either way they may be gone through in their order. */
export type StepColumns = { readonly [name: string | number]: StepColumn } & Iterable<StepColumn>;

/** What a function may give for a column; its length is the number of rows. */
export type StepValues =
  | ArrayLike<number>
  | BigInt64Array
  | BigUint64Array
  | readonly (StepCell | undefined)[]
  | readonly bigint[];

/** Columns by name, or one after another in an array; one column may go by itself. */
export type StepResult = { readonly [name: string]: StepValues } | readonly StepValues[] | StepValues;

/** What a function of {@link StepFunctions} is told beside its columns. */
export interface StepContext {
  /** The step's name in Python: `__main__.AddFamilySize`. */
  readonly name: string;
  /**
   * What the file has of the step, by Python's names: arrays are arrays, dicts and Series objects, None is null, moments are
   * text. All of it is frozen, and objects have no prototype.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what they hold depends on the file
  readonly attributes: Readonly<Record<string, any>>;
  /** What the columns are called, in their order; undefined where they have no names. */
  readonly featureNames: readonly string[] | undefined;
  /** How many rows there are. */
  readonly rows: number;
  /** A column of numbers, by its name or position. @throws {ForwardpassError} where it holds anything else. */
  numbers(column: string | number): Float64Array;
  /** A column of strings, null where one is missing. @throws {ForwardpassError} where it holds anything else. */
  strings(column: string | number): (string | null)[];
  /**
   * A column of moments as milliseconds since 1970 in UTC, NaN where one is missing: of Dates, of ISO 8601 text (without a
   * zone it is taken as UTC, as NumPy and pandas do), or of milliseconds. @throws {ForwardpassError} where it holds anything else.
   */
  dates(column: string | number): Float64Array;
  /**
   * Of a module of PyTorch: one of the modules inside it, by its name (`fc1`, `encoder.fc1`), which runs natively over columns of
   * numbers, one for each element of its row. @throws {ForwardpassError} if there is none of the name that is read.
   */
  module(name: string): (columns: Iterable<ArrayLike<number>>) => Float64Array[];
}

/** Computes a step of one's own for some rows; it is called for all rows of a call at once. */
export type StepFunction = (columns: StepColumns, context: StepContext) => StepResult;

/** By the name in Python, the function; or with it what it gives, where the file does not say so. */
export type StepFunctions = Readonly<
  Record<
    string,
    | StepFunction
    | {
        readonly run: StepFunction;
        /** How many columns it gives, or what they are called. */
        readonly columns?: number | readonly string[];
        /** Of a function for `predict`: the labels that it gives, where the file does not say so. */
        readonly classes?: readonly (string | number)[];
      }
    | {
        /** Of a vectorizer: what computes its tokenizer, preprocessor or analyzer. */
        readonly text: TextFunction;
      }
  >
>;

/** The same once checked. One that takes texts computes no columns, and fails where it is asked to. */
export interface Step {
  readonly run: StepFunction;
  readonly columns?: number | readonly string[];
  readonly classes?: readonly (string | number)[];
  readonly text?: TextFunction;
}
