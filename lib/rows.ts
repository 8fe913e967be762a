/** Rows as people hold them, into the flat arrays that a model runs. */
import { allocate, type FloatArray, type TypedArray } from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import type { PeopleRows } from './faults.ts';
import type { Port } from './graph/lower.ts';
import type { Given } from './ragged.ts';
import { reading } from './reading.ts';
import { Column, isRow } from './rows/column.ts';
import { RecordReader } from './rows/records.ts';
import { describe, listNames } from './words.ts';

/** What stands for a feature: a number or truth, a string where the feature is one, null where one may be missing. */
export type Cell = number | string | boolean | null | undefined;

/**
 * An object with a property, or a getter, for each feature or input by its name; properties by other names are ignored.
 * Not an array, Map or Set.
 */
export type RowRecord = { readonly [name: string]: unknown } | (object & { readonly [Symbol.iterator]?: never });

/** A flat array of whole rows, an array of rows, or records that name their features or inputs. */
export type Rows = TypedArray | readonly (readonly Cell[] | Float32Array | Float64Array)[] | readonly RowRecord[];

/** What rows are read for. */
export interface RowsTaken {
  readonly inputs: readonly Port[];
  /** Through all inputs, one after another. */
  readonly featureNames: readonly string[] | undefined;
  /** The array of the model's precision. */
  readonly Floats: Float32ArrayConstructor | Float64ArrayConstructor;
}

export interface FlatRows extends PeopleRows {
  /** An array for each input: its rows one after another; of a ragged input their pairs. */
  readonly arrays: readonly Given[];
  /** Whether it was one record, not in an array. */
  readonly isRecord: boolean;
}

/** Reads rows for one model; made once and kept. */
export class RowReader {
  /** What the elements of each input may be. */
  readonly columns: readonly Column[];
  readonly #featureNames: readonly string[] | undefined;
  readonly #Floats: RowsTaken['Floats'];
  /** Made when the first record comes. */
  #records: RecordReader | undefined;

  constructor({ inputs, featureNames, Floats }: RowsTaken) {
    this.columns = inputs.map((port) => new Column(port));
    this.#featureNames = featureNames;
    this.#Floats = Floats;
  }

  /** @throws {ForwardpassError} INPUT, MEMORY. */
  read(rows: Rows | RowRecord): FlatRows {
    if (ArrayBuffer.isView(rows)) return this.#whole(rows as TypedArray);
    return reading('INPUT', 'rows', () => (Array.isArray(rows) ? this.#readAll(rows) : this.#readOne(rows)));
  }

  #whole(array: TypedArray): FlatRows {
    if (this.columns.length > 1) throw this.#needsRecords(array, 'rows');
    return {
      arrays: [array],
      isRecord: false,
      cell: (row, _, element) => ({ value: array[row * this.#width + element], place: 'rows' }),
    };
  }

  #readOne(rows: unknown): FlatRows {
    if (typeof rows !== 'object' || rows === null || isCollection(rows)) {
      const hint = rows instanceof Map ? ' (Object.fromEntries(map) makes a record of a Map)' : '';
      const message = `expected a typed array, an array of rows or of records, or one record, found ${describe(rows)}${hint}`;
      throw new ForwardpassError('INPUT', message, 'rows');
    }
    const arrays = this.#allocate(1);
    const records = this.records;
    records.read(rows, 0, arrays, 'record');
    return { arrays, isRecord: true, cell: (_, input, element) => records.cell(rows, 'record', input, element) };
  }

  #readAll(rows: readonly unknown[]): FlatRows {
    const arrays = this.#allocate(rows.length);
    // Not forEach, which passes over the holes of a sparse array.
    for (let r = 0; r < rows.length; r++) {
      const row: unknown = rows[r];
      if (isRow(row)) this.#readRow(row, r, arrays);
      else if (typeof row === 'object' && row !== null && !isCollection(row)) {
        this.records.read(row, r, arrays, `rows[${r}]`);
      } else throw this.#noRow(row, r);
    }
    return { arrays, isRecord: false, cell: (row, input, element) => this.#cell(rows, row, input, element) };
  }

  #allocate(rows: number): FloatArray[] {
    return this.columns.map(({ port: { width, exact } }) =>
      allocate<FloatArray>(exact ? Float64Array : this.#Floats, rows, { name: 'rows', width }),
    );
  }

  get #width(): number {
    return this.columns[0].port.width;
  }

  /** `14 numbers`, or values where some are strings. */
  get #counted(): string {
    const [column] = this.columns;
    return `${this.#width} ${column.isPlain ? 'numbers' : 'values'}`;
  }

  /** What reads rows that name their features. */
  get records(): RecordReader {
    this.#records ??= new RecordReader(this.columns, this.#featureNames);
    return this.#records;
  }

  #readRow(row: ArrayLike<unknown>, r: number, arrays: readonly FloatArray[]): void {
    const place = `rows[${r}]`;
    if (this.columns.length > 1) throw this.#needsRecords(row, place);
    const width = this.#width;
    if (row.length !== width) {
      throw new ForwardpassError('INPUT', `expected ${this.#counted}, found ${row.length}`, place);
    }
    const [flat] = arrays;
    const [column] = this.columns;
    for (let i = 0; i < width; i++) {
      const value = row[i];
      flat[r * width + i] =
        typeof value === 'number' && column.isPlain ? value : column.numberOf(value, i, () => `${place}[${i}]`);
    }
  }

  #needsRecords(found: unknown, place: string): ForwardpassError {
    const message = `expected a record of ${listNames(this.records.names)}, found ${describe(found)}`;
    return new ForwardpassError('INPUT', message, place);
  }

  #noRow(row: unknown, r: number): ForwardpassError {
    const what = this.columns.length > 1 ? 'a record' : `an array of ${this.#counted} or a record`;
    const hint = typeof row === 'number' && this.#width > 1 ? ' (one row is [[…]], or a typed array)' : '';
    return new ForwardpassError('INPUT', `expected ${what}, found ${describe(row)}${hint}`, `rows[${r}]`);
  }

  #cell(rows: readonly unknown[], r: number, input: number, element: number): { value: unknown; place: string } {
    const row = rows[r];
    if (isRow(row)) return { value: row[element], place: `rows[${r}][${element}]` };
    return this.records.cell(row as object, `rows[${r}]`, input, element);
  }
}

/** What holds its entries elsewhere than in properties. */
function isCollection(value: object): boolean {
  return value instanceof Map || value instanceof Set;
}
