/** What takes results, block by block, in whichever format. */
import { elementCount } from './row-layout.ts';

export interface ResultColumn {
  readonly name: string;
  /** Of one row. */
  readonly shape: readonly number[];
  /** What to call the elements of a row instead of 0, 1, 2 … */
  readonly labels?: readonly (string | number)[];
  /** Whether labels are keys where the format has objects. */
  readonly byLabel?: boolean;
  /** Whether it comes from the rows, and not of the model. */
  readonly isKept?: boolean;
  /** What the values are, where it is known of all of them beforehand and they are in no array of floats. */
  readonly kind?: 'text' | 'integer' | 'double';
}

/** null only of columns that are kept. */
export type ResultValue = string | number | bigint | boolean | null;

/** Row-major, as many as the rows have elements. */
export type ResultValues = Float32Array | Float64Array | readonly ResultValue[];

export interface RowWriter {
  /** One array of values for each column; the writer is done with them when the promise resolves. */
  write(values: readonly ResultValues[], rowCount: number): Promise<void>;
  end(): Promise<void>;
  /** Leaves nothing that looks complete. Does nothing after `end`. */
  discard(): Promise<void>;
}

/** A name for each element of a row: `name`, or `name[0]`, `name[1]` …, or `name[no]`, `name[yes]`. */
export function elementNames({ name, shape, labels }: ResultColumn): string[] {
  const width = elementCount(shape);
  if (width === 1 && !labels) return [name];
  return Array.from({ length: width }, (_, element) => `${name}[${labels ? labels[element] : element}]`);
}
