/** What a name of an ONNX file stands for while the file is read. */
import type { Row, Value } from '../tensors/value.ts';

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Value[];
}

export type Known = Value | Sequence | RowNumber | RowNumbers | RowPlaces | BatchTest;

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
  /** Whether they are a matrix of one column. */
  readonly isColumn?: boolean;
}

/** In each row the row's own number, and an index into the row; as the one number number·width + index where there is a width. */
export interface RowPlaces {
  readonly kind: 'row places';
  /** Without an axis but the batch. */
  readonly indices: Row;
  readonly width?: number;
}

/** Truths: element i is `data[i]`, but the opposite in a batch of `except[i]` rows; NaN where there is no such batch. */
export interface BatchTest {
  readonly kind: 'batch test';
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly except: Float64Array;
}
