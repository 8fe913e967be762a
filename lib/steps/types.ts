/** The arguments and results of functions of the option `functions`. */
import type { TextFunction } from '../graph/terms.ts';

export type { TextContext, TextFunction } from '../graph/terms.ts';

/** A number, string, boolean or date; null if it is missing. */
export type StepCell = number | string | boolean | Date | null;

/** One column, with a value for each row. A column of only numbers is a Float64Array, with NaN for missing values. */
export type StepColumn = Float64Array | readonly StepCell[];

/** Columns by name, or an array of them if they have no names. Both can be iterated in order. */
export type StepColumns = { readonly [name: string | number]: StepColumn } & Iterable<StepColumn>;

/** What a function may return for a column; its length is the number of rows. */
export type StepValues =
  | ArrayLike<number>
  | BigInt64Array
  | BigUint64Array
  | readonly (StepCell | undefined)[]
  | readonly bigint[];

/** Columns by name, or in an array; a single column may be returned directly. */
export type StepResult = { readonly [name: string]: StepValues } | readonly StepValues[] | StepValues;

/** What a function of {@link StepFunctions} receives besides its columns. */
export interface StepContext {
  /** The step's name in Python: `__main__.AddFamilySize`. */
  readonly name: string;
  /**
   * The step's attributes in the file, by their Python names: arrays are arrays, dicts and Series are objects, None is null,
   * dates are strings. All of it is frozen, and objects have no prototype.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what they hold depends on the file
  readonly attributes: Readonly<Record<string, any>>;
  /** The names of the columns, in order; undefined if they have no names. */
  readonly featureNames: readonly string[] | undefined;
  /** The number of rows. */
  readonly rows: number;
  /** A column of numbers, by its name or position. @throws {ForwardpassError} if it contains anything else. */
  numbers(column: string | number): Float64Array;
  /** A column of strings, null if missing. @throws {ForwardpassError} if it contains anything else. */
  strings(column: string | number): (string | null)[];
  /**
   * A column of dates as milliseconds since 1970 in UTC, NaN if missing: from Dates, ISO 8601 text (without a time zone
   * it is treated as UTC, as in NumPy and pandas), or milliseconds. @throws {ForwardpassError} if it contains anything
   * else.
   */
  dates(column: string | number): Float64Array;
  /**
   * For a PyTorch module: one of its submodules by name (`fc1`, `encoder.fc1`), which runs natively over columns of
   * numbers, one for each element of its row. @throws {ForwardpassError} if the submodule was not found.
   */
  module(name: string): (columns: Iterable<ArrayLike<number>>) => Float64Array[];
}

/** Computes a custom step. It is called once for all rows of a call. */
export type StepFunction = (columns: StepColumns, context: StepContext) => StepResult;

/** By Python name, the function; or an object with it and what it returns, if the file does not say so. */
export type StepFunctions = Readonly<
  Record<
    string,
    | StepFunction
    | {
        readonly run: StepFunction;
        /** The number of columns it returns, or their names. */
        readonly columns?: number | readonly string[];
        /** For a function for `predict`: the labels it returns, if the file does not say so. */
        readonly classes?: readonly (string | number)[];
      }
    | {
        /** For a vectorizer: the function that is its tokenizer, preprocessor or analyzer. */
        readonly text: TextFunction;
      }
  >
>;

/** A checked step. One that takes texts cannot compute columns, and fails if that is required. */
export interface Step {
  readonly run: StepFunction;
  readonly columns?: number | readonly string[];
  readonly classes?: readonly (string | number)[];
  readonly text?: TextFunction;
}
