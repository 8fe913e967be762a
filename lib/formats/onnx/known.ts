/** What a name of an ONNX file refers to while the file is read. */
import type { Row, Value } from '../tensors/value.ts';

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Value[];
}

export type Known = Value | Sequence | RowNumber | RowNumbers | RowPlaces | BatchTest;

/** For the row at position i of the batch, the integer start + step·i. */
export interface RowNumber {
  readonly kind: 'row number';
  readonly start: number;
  readonly step: number;
}

/** The numbers of all rows in one list, plus a fixed number of following ones: element i is start + step·i. */
export interface RowNumbers {
  readonly kind: 'row numbers';
  readonly start: number;
  readonly step: number;
  readonly more: number;
  /** Whether they form a matrix of one column. */
  readonly isColumn?: boolean;
}

/** In each row, the row's own number and an index into the row; merged into number·width + index if there is a width. */
export interface RowPlaces {
  readonly kind: 'row places';
  /** Only with the batch axis. */
  readonly indices: Row;
  readonly width?: number;
}

/**
 * Truth values: element i is `data[i]`, but the opposite in a batch of `except[i]` rows; NaN if there is no such batch
 * size.
 */
export interface BatchTest {
  readonly kind: 'batch test';
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly except: Float64Array;
}
