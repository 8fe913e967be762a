/** Converts rows of JavaScript values to the flat arrays that a model runs. */
import { allocate, type FloatArray, type NewArray, type TypedArray } from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import { holdsInt32, type PeopleRows } from './faults.ts';
import type { Port } from './graph/lower.ts';
import { describe, listNames } from './messages.ts';
import type { Given } from './ragged.ts';
import { reading } from './reading.ts';
import { Column, isRow } from './rows/column.ts';
import { FeatureRows } from './rows/feature-rows.ts';
import { Features } from './rows/features.ts';
import { RecordReader } from './rows/records.ts';
import type { CreateScanner, TermColumn } from './rows/term-column.ts';
import { texts } from './rows/texts.ts';

/** The value of a feature: a number or boolean, a string if the feature is one, null if it is missing. */
export type Cell = number | string | boolean | null | undefined;

/**
 * An object with a property or getter for each feature or input. Properties with other names are ignored. Not an array, Map or
 * Set.
 */
export type RowRecord = { readonly [name: string]: unknown } | (object & { readonly [Symbol.iterator]?: never });

/** Rows for `predict`: a flat array of whole rows, an array of rows, records by the names of features or inputs, or texts. */
export type Rows =
  | TypedArray
  | readonly (readonly Cell[] | Float32Array | Float64Array)[]
  | readonly RowRecord[]
  | readonly string[];

/** The layout into which rows are read. */
export interface RowsTaken {
  readonly inputs: readonly Port[];
  /** The names across all inputs in sequence. */
  readonly featureNames: readonly string[] | undefined;
  /** The array type of the model's precision. */
  readonly Floats: Float32ArrayConstructor | Float64ArrayConstructor;
  /** Allocates lent arrays, to which a call is bound: the engine's function, unless rows are only read. */
  readonly newLent?: NewArray;
  /** Creates a faster reader of texts, if available. */
  readonly createScanner?: CreateScanner;
}

export interface FlatRows extends PeopleRows {
  /** An array for each input: its rows in sequence; for a ragged input, their pairs. */
  readonly arrays: readonly Given[];
  /** Whether the rows were one record or text, not in an array. */
  readonly isRecord: boolean;
  /** For `run` of a model with steps of the caller: whether the input was passed directly, and not by name. */
  readonly isBare?: boolean;
  /** Whether the arrays belong to the reader, which overwrites them with the next record. */
  readonly isLent?: boolean;
}

/** Reads rows for one model; created once and kept. */
export class RowReader {
  /** The columns of each input. */
  readonly columns: readonly Column[];
  readonly #featureNames: readonly string[] | undefined;
  readonly #Floats: RowsTaken['Floats'];
  readonly #newLent: NewArray | undefined;
  readonly #features: Features;
  readonly #createScanner: CreateScanner | undefined;
  /** The readers of inputs that are made from texts; created with the first row. */
  #terms: readonly (TermColumn | undefined)[] | undefined;
  /** Created on first use. */
  #featureRows: FeatureRows | undefined;
  /** Created with the first record. */
  #records: RecordReader | undefined;
  /** Whether all inputs are numbers of one kind, for which a call can be bound to the reader's own arrays. */
  readonly #canLend: boolean;
  #lent: readonly FloatArray[] | undefined;
  #isReading = false;

  constructor({ inputs, featureNames, Floats, newLent, createScanner }: RowsTaken) {
    this.columns = inputs.map((port) => new Column(port));
    this.#featureNames = featureNames;
    this.#Floats = Floats;
    this.#newLent = newLent;
    this.#features = new Features(inputs);
    this.#createScanner = createScanner;
    this.#canLend = inputs.every((port) => !port.ragged && port.terms === undefined && !holdsInt32(port));
  }

  /**
   * With `lend`, one record may be read into arrays that the next one overwrites, for callers that run it at once.
   *
   * @throws {ForwardpassError} INPUT, MEMORY.
   */
  read(rows: Rows | RowRecord | string, lend = false): FlatRows {
    if (ArrayBuffer.isView(rows)) return this.#whole(rows as TypedArray);
    return reading('INPUT', 'rows', () => {
      // A getter of a record may call predict again, which then uses its own term readers.
      const [isWithin, terms] = [this.#isReading, this.#terms];
      if (isWithin) this.#terms = undefined;
      this.#isReading = true;
      try {
        const lends = lend && !isWithin;
        return Array.isArray(rows) ? this.#readAll(rows, lends) : this.#readOne(rows, lends);
      } finally {
        this.#isReading = isWithin;
        if (isWithin) this.#terms = terms;
      }
    });
  }

  /** The lent arrays, for callers that write one row into them themselves; undefined if there are none. */
  get lent(): readonly FloatArray[] | undefined {
    if (this.#canLend) this.#lent ??= this.#allocate(1, this.#newLent);
    return this.#lent;
  }

  #whole(array: TypedArray): FlatRows {
    if (this.#features.isMapped) {
      const message = `expected ${this.#isOneText ? 'texts' : 'arrays or records with texts'}, found ${describe(array)}`;
      throw new ForwardpassError('INPUT', message, 'rows');
    }
    if (this.columns.length > 1) throw this.#needsRecords(array, 'rows');
    return {
      arrays: [array],
      isRecord: false,
      cell: (row, _, element) => ({ value: array[row * this.#width + element], place: 'rows' }),
    };
  }

  #readOne(rows: unknown, lends: boolean): FlatRows {
    if (typeof rows === 'string' || (this.#features.isWholeRow && typeof rows === 'object' && rows !== null)) {
      if (!this.#isOneText) throw this.#noRow(rows, 'rows');
      const terms = this.#begin(1);
      this.#readTerms(
        terms,
        () => rows,
        () => 'text',
      );
      return { arrays: this.#finish(terms, [], lends), isRecord: true, cell: () => ({ value: rows, place: 'text' }) };
    }
    if (typeof rows !== 'object' || rows === null || isCollection(rows)) {
      const hint = rows instanceof Map ? ' (Object.fromEntries(map) makes a record from a Map)' : '';
      const message = `expected a typed array, an array of rows or of records, or one record, found ${describe(rows)}${hint}`;
      throw new ForwardpassError('INPUT', message, 'rows');
    }
    const { records } = this;
    const cell: FlatRows['cell'] = (_, input, element) => records.cell(rows, 'record', input, element);
    const lent = lends ? this.lent : undefined;
    if (lent !== undefined) {
      records.read(rows, 0, lent, () => 'record');
      return { arrays: lent, isRecord: true, isLent: true, cell };
    }
    const arrays = this.#allocate(1);
    const terms = this.#begin(1);
    records.read(rows, 0, arrays, () => 'record');
    this.#readTermsOf(terms, rows, () => 'record');
    return { arrays: this.#finish(terms, arrays, lends), isRecord: true, cell };
  }

  #readAll(rows: readonly unknown[], lends: boolean): FlatRows {
    const arrays = this.#allocate(rows.length);
    const terms = this.#begin(rows.length);
    // Not forEach, which skips the holes of a sparse array.
    for (let r = 0; r < rows.length; r++) {
      const row: unknown = rows[r];
      if (this.#isOneText && (typeof row === 'string' || this.#features.isWholeRow)) {
        this.#readTerms(
          terms,
          () => row,
          () => `rows[${r}]`,
        );
      } else if (isRow(row)) this.#readRow(row, r, arrays, terms);
      else if (typeof row === 'object' && row !== null && !isCollection(row)) {
        this.records.read(row, r, arrays, () => `rows[${r}]`);
        this.#readTermsOf(terms, row, () => `rows[${r}]`);
      } else throw this.#noRow(row, `rows[${r}]`);
    }
    return {
      arrays: this.#finish(terms, arrays, lends),
      isRecord: false,
      cell: (row, input, element) => this.#cell(rows, row, input, element),
    };
  }

  /** Arrays for the inputs that have a number for each element; none for the others. */
  #allocate(rows: number, make?: NewArray): FloatArray[] {
    return this.columns.map(({ port: { width, exact, ragged } }) =>
      allocate<FloatArray>(exact ? Float64Array : this.#Floats, ragged ? 0 : rows, { name: 'rows', width }, make),
    );
  }

  // Texts

  /** Whether a row is a single value, from which the model's inputs are made. */
  get #isOneText(): boolean {
    return this.#features.count === 1 && this.#features.texts.size === 1;
  }

  #begin(rows: number): readonly (TermColumn | undefined)[] {
    this.#terms ??= this.columns.map(
      ({ port }) => port.terms && new (texts().TermColumn)(port, port.terms, this.#Floats, this.#createScanner),
    );
    for (const column of this.#terms) column?.begin(rows);
    return this.#terms;
  }

  #readTerms(
    terms: readonly (TermColumn | undefined)[],
    value: (feature: number) => unknown,
    place: (feature: number) => string,
  ): void {
    for (const column of terms) column?.read({ value, place });
  }

  #readTermsOf(terms: readonly (TermColumn | undefined)[], record: object, place: () => string): void {
    if (this.#features.texts.size === 0) return;
    const nameOf = (feature: number) => this.#featureNames?.[feature] ?? this.#features.nameOf(feature);
    const values = record as Record<string, unknown>;
    this.#readTerms(
      terms,
      (feature) => values[nameOf(feature)],
      (feature) => `${place()}.${nameOf(feature)}`,
    );
  }

  #finish(terms: readonly (TermColumn | undefined)[], arrays: readonly FloatArray[], lends: boolean): readonly Given[] {
    return terms.map((column, input) => column?.finish(lends) ?? arrays[input]);
  }

  // Numbers and strings

  get #width(): number {
    return this.#features.count;
  }

  /** `14 numbers`, or `14 values` if some are strings. */
  get #counted(): string {
    const isPlain = this.columns.every((column) => column.isPlain && column.port.terms === undefined);
    return `${this.#width} ${isPlain ? 'number' : 'value'}${this.#width === 1 ? '' : 's'}`;
  }

  /** Takes rows whose features were read separately; undefined if no input is made from texts. */
  get featureRows(): FeatureRows | undefined {
    if (this.#features.texts.size === 0) return undefined;
    this.#featureRows ??= new FeatureRows(this.columns, this.#features, this.#Floats, this.#createScanner);
    return this.#featureRows;
  }

  /** The reader of rows that name their features. */
  get records(): RecordReader {
    this.#records ??= new RecordReader(this.columns, this.#featureNames, this.#features);
    return this.#records;
  }

  #readRow(
    row: ArrayLike<unknown>,
    r: number,
    arrays: readonly FloatArray[],
    terms: readonly (TermColumn | undefined)[],
  ): void {
    const { isMapped } = this.#features;
    if (this.columns.length > 1 && !isMapped) throw this.#needsRecords(row, `rows[${r}]`);
    const width = this.#width;
    if (row.length !== width) {
      throw new ForwardpassError('INPUT', `expected ${this.#counted}, found ${row.length}`, `rows[${r}]`);
    }
    if (isMapped) {
      this.#readMapped(row, r, arrays);
      this.#readTerms(
        terms,
        (feature) => row[feature],
        (feature) => `rows[${r}][${feature}]`,
      );
      return;
    }
    const [flat] = arrays;
    const [column] = this.columns;
    for (let i = 0; i < width; i++) {
      const value = row[i];
      flat[r * width + i] =
        typeof value === 'number' && column.isPlain ? value : column.numberOf(value, i, () => `rows[${r}][${i}]`);
    }
  }

  #readMapped(row: ArrayLike<unknown>, r: number, arrays: readonly FloatArray[]): void {
    for (const [input, column] of this.columns.entries()) {
      const { features = [], terms, width } = column.port;
      for (let at = 0; terms === undefined && at < width; at++) {
        const feature = features[at];
        arrays[input][r * width + at] = column.numberOf(row[feature], at, () => `rows[${r}][${feature}]`);
      }
    }
  }

  #needsRecords(found: unknown, place: string): ForwardpassError {
    const message = `expected a record of ${listNames(this.records.names)}, found ${describe(found)}`;
    return new ForwardpassError('INPUT', message, place);
  }

  #noRow(row: unknown, place: string): ForwardpassError {
    const { texts } = this.#features;
    const isMany = this.columns.length > 1 && !this.#features.isMapped;
    const array = isMany ? 'a record' : `an array of ${this.#counted} or a record`;
    const what = this.#isOneText ? `a string, ${array}` : array;
    const isStray = typeof row === 'string' && texts.size === 0;
    const hint =
      typeof row === 'number' && this.#width > 1
        ? ' (one row is [[…]], or a typed array)'
        : isStray
          ? '; this model does not take texts'
          : '';
    return new ForwardpassError('INPUT', `expected ${what}, found ${describe(row)}${hint}`, place);
  }

  #cell(rows: readonly unknown[], r: number, input: number, element: number): { value: unknown; place: string } {
    const row = rows[r];
    const feature = this.columns[input].port.features?.[element] ?? element;
    if (isRow(row)) return { value: row[feature], place: `rows[${r}][${feature}]` };
    return this.records.cell(row as object, `rows[${r}]`, input, element);
  }
}

/** Whether the value stores its entries elsewhere than in properties. */
function isCollection(value: object): boolean {
  return value instanceof Map || value instanceof Set;
}
