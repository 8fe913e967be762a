/** What a name of an ONNX file stands for while the file is read. */
import type { Row, Value } from '../tracing/value.ts';

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Value[];
}

export type Known = Value | Sequence | RowNumber | RowNumbers | RowPlaces;

/** For the row at position i of the batch the whole number start + step·i. */
export interface RowNumber {
  readonly kind: 'row number';
  readonly start: number;
  readonly step: number;
}

/** The numbers of all rows in one list, and of so many that would follow: element i is start + step·i. */
export interface RowNumbers {
  readonly kind: 'row numbers';
  readonly start: number;
  readonly step: number;
  readonly more: number;
}

/** In each row the row's own number, and an index into the row. */
export interface RowPlaces {
  readonly kind: 'row places';
  readonly indices: Row;
}
