/** What takes results, block by block, in whichever format. */
export interface ResultColumn {
  readonly name: string;
  /** Of one row. */
  readonly shape: readonly number[];
  /** What to call the elements of a row instead of 0, 1, 2 … */
  readonly labels?: readonly (string | number)[];
}

/** Row-major, as many as the rows have elements. */
export type ResultValues = Float32Array | Float64Array | readonly (string | number)[];

export interface RowWriter {
  /** One array of values for each column; the writer is done with them when the promise resolves. */
  write(values: readonly ResultValues[], rowCount: number): Promise<void>;
  end(): Promise<void>;
  /** Leaves nothing that looks complete. Does nothing after `end`. */
  discard(): Promise<void>;
}
