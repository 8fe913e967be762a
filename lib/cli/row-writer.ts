/** The interface of writers of results, block by block, in any format. */
import { elementCount } from './row-layout.ts';

export interface ResultColumn {
  readonly name: string;
  /** The shape of one row. */
  readonly shape: readonly number[];
  /** The names of a row's elements instead of 0, 1, 2 … */
  readonly labels?: readonly (string | number)[];
  /** Whether labels become keys in formats that have objects. */
  readonly byLabel?: boolean;
  /** Whether it is copied from the rows, and not a result of the model. */
  readonly isKept?: boolean;
  /** The type of the values, if it is known in advance and they are not in an array of floats. */
  readonly kind?: 'text' | 'integer' | 'double';
}

/** null only occurs in columns that are kept. */
export type ResultValue = string | number | bigint | boolean | null;

/** Row-major, one value for each element of the rows. */
export type ResultValues = Float32Array | Float64Array | readonly ResultValue[];

export interface RowWriter {
  /** One array of values for each column; the writer is done with them when the promise resolves. */
  write(values: readonly ResultValues[], rowCount: number): Promise<void>;
  end(): Promise<void>;
  /** Gives up, and leaves no file that looks complete. Does nothing after `end`. */
  discard(): Promise<void>;
}

/** A name for each element of a row: `name`, or `name[0]`, `name[1]` …, or `name[no]`, `name[yes]`. */
export function elementNames({ name, shape, labels }: ResultColumn): string[] {
  const width = elementCount(shape);
  if (width === 1 && !labels) return [name];
  return Array.from({ length: width }, (_, element) => `${name}[${labels ? labels[element] : element}]`);
}
