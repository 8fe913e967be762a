/** Rows as people hold them, into the flat arrays that a model runs. */
import { allocate, type FloatArray, type TypedArray } from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import type { PeopleRows } from './faults.ts';
import type { Word } from './graph/graph.ts';
import type { Port } from './graph/lower.ts';
import { describe, didYouMean, listNames, quote } from './words.ts';

/** What stands for a feature: a number or truth, a word where the feature is one, null where one may be missing. */
export type Cell = number | string | boolean | null | undefined;

/** A flat array of whole rows, an array of rows, or records that name their features or inputs. */
export type Rows =
  | TypedArray
  | readonly (readonly Cell[] | Float32Array | Float64Array)[]
  | readonly Readonly<Record<string, Cell | readonly Cell[] | Float32Array | Float64Array>>[];

/** What rows are read for. */
export interface RowsTaken {
  readonly inputs: readonly Port[];
  /** Through all inputs, one after another. */
  readonly featureNames: readonly string[] | undefined;
  /** The array of the model's precision. */
  readonly Floats: Float32ArrayConstructor | Float64ArrayConstructor;
}

export interface FlatRows extends PeopleRows {
  /** An array for each input: its rows one after another. */
  readonly arrays: readonly TypedArray[];
}

/** A part of a record: one feature, or all of an input. */
interface Field {
  readonly name: string;
  readonly input: number;
  /** Of the input's row, where it begins. */
  readonly first: number;
  readonly width: number;
}

/** Reads rows for one model; made once and kept. */
export class RowReader {
  readonly #inputs: readonly Column[];
  readonly #names: readonly string[] | undefined;
  readonly #Floats: RowsTaken['Floats'];
  /** Made when the first record comes. */
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor({ inputs, featureNames, Floats }: RowsTaken) {
    this.#inputs = inputs.map((port) => new Column(port));
    this.#names = featureNames;
    this.#Floats = Floats;
  }

  read(rows: Rows): FlatRows {
    if (ArrayBuffer.isView(rows)) return this.#whole(rows as TypedArray);
    if (!Array.isArray(rows)) {
      throw new ForwardpassError(
        'INPUT',
        `expected a typed array, an array of rows or of records, found ${describe(rows)}`,
        'rows',
      );
    }
    const arrays = this.#inputs.map(({ port: { width } }) =>
      allocate<FloatArray>(this.#Floats, rows.length, { name: 'rows', width }),
    );
    // Not forEach, which passes over the holes of a sparse array.
    for (let r = 0; r < rows.length; r++) {
      const row: unknown = rows[r];
      if (isRow(row)) this.#readRow(row, r, arrays);
      else if (typeof row === 'object' && row !== null) this.#readRecord(row as Record<string, unknown>, r, arrays);
      else throw this.#noRow(row, r);
    }
    return { arrays, cell: (row, input, element) => this.#cell(rows, row, input, element) };
  }

  #whole(array: TypedArray): FlatRows {
    if (this.#inputs.length > 1) throw this.#needsRecords(array, 'rows');
    return {
      arrays: [array],
      cell: (row, _, element) => ({ value: array[row * this.#width + element], place: 'rows' }),
    };
  }

  get #width(): number {
    return this.#inputs[0].port.width;
  }

  #readRow(row: ArrayLike<unknown>, r: number, arrays: readonly FloatArray[]): void {
    const place = `rows[${r}]`;
    if (this.#inputs.length > 1) throw this.#needsRecords(row, place);
    const width = this.#width;
    if (row.length !== width) {
      throw new ForwardpassError('INPUT', `expected ${width} numbers, found ${row.length}`, place);
    }
    const [flat] = arrays;
    const [column] = this.#inputs;
    for (let i = 0; i < width; i++) {
      const value = row[i];
      flat[r * width + i] =
        typeof value === 'number' && column.isPlain ? value : column.numberOf(value, i, () => `${place}[${i}]`);
    }
  }

  #readRecord(record: Record<string, unknown>, r: number, arrays: readonly FloatArray[]): void {
    this.#fields ??= this.#fieldsOf(`rows[${r}]`);
    const fields = this.#fields;
    const place = `rows[${r}]`;
    let found = 0;
    for (const field of fields.values()) {
      if (Object.hasOwn(record, field.name)) found++;
      else if (!this.#inputs[field.input].isUnused(field.first)) throw this.#lacks(record, place);
    }
    if (found < Object.keys(record).length) throw this.#knowsNot(record, place);
    for (const { name, input, first, width } of fields.values()) {
      const column = this.#inputs[input];
      const value = Object.hasOwn(record, name) ? record[name] : undefined;
      const at = r * column.port.width + first;
      if (isRow(value)) {
        if (value.length !== width) {
          throw new ForwardpassError('INPUT', `expected ${width} numbers, found ${value.length}`, `${place}.${name}`);
        }
        for (let i = 0; i < width; i++) {
          arrays[input][at + i] = column.numberOf(value[i], first + i, () => `${place}.${name}[${i}]`);
        }
      } else if (width === 1) {
        arrays[input][at] = column.numberOf(value, first, () => `${place}.${name}`);
      } else {
        throw new ForwardpassError(
          'INPUT',
          `expected an array of ${width} numbers, found ${describe(value)}`,
          `${place}.${name}`,
        );
      }
    }
  }

  /** What records are made of: features by name, or, of a model of several inputs without such names, its inputs. */
  #fieldsOf(place: string): ReadonlyMap<string, Field> {
    const names = this.#names;
    if (names === undefined && this.#inputs.length === 1) {
      throw new ForwardpassError(
        'INPUT',
        'records need feature names, and this model has none; pass arrays of numbers',
        place,
      );
    }
    let feature = 0;
    const fields = this.#inputs.flatMap(({ port: { name, width } }, input): Field[] => {
      if (names === undefined) return [{ name, input, first: 0, width }];
      feature += width;
      const own = names.slice(feature - width, feature);
      return own.map((name, first) => ({ name, input, first, width: 1 }));
    });
    return new Map(fields.map((field) => [field.name, field]));
  }

  #lacks(record: Record<string, unknown>, place: string): ForwardpassError {
    const needed = [...(this.#fields?.values() ?? [])].filter(
      ({ input, first }) => !this.#inputs[input].isUnused(first),
    );
    const names = needed.map(({ name }) => name);
    const missing = names.filter((name) => !Object.hasOwn(record, name));
    return new ForwardpassError('INPUT', `lacks ${listNames(missing)}; expected ${listNames(names)}`, place);
  }

  #knowsNot(record: Record<string, unknown>, place: string): ForwardpassError {
    const names = [...(this.#fields?.keys() ?? [])];
    const unknown = Object.keys(record).find((name) => !names.includes(name)) as string;
    const message = `${quote(unknown)} is not a feature of this model${didYouMean(unknown, names)}`;
    return new ForwardpassError('INPUT', message, place);
  }

  #needsRecords(found: unknown, place: string): ForwardpassError {
    const names = this.#names ?? this.#inputs.map(({ port }) => port.name);
    return new ForwardpassError('INPUT', `expected a record of ${listNames(names)}, found ${describe(found)}`, place);
  }

  #noRow(row: unknown, r: number): ForwardpassError {
    const width = this.#width;
    const what = this.#inputs.length > 1 ? 'a record' : `an array of ${width} numbers or a record`;
    const hint = typeof row === 'number' && width > 1 ? ' (one row is [[…]], or a typed array)' : '';
    return new ForwardpassError('INPUT', `expected ${what}, found ${describe(row)}${hint}`, `rows[${r}]`);
  }

  #cell(rows: readonly unknown[], r: number, input: number, element: number): { value: unknown; place: string } {
    const row = rows[r];
    if (isRow(row)) return { value: row[element], place: `rows[${r}][${element}]` };
    const fields = [...(this.#fields?.values() ?? [])];
    const isHere = (field: Field) =>
      field.input === input && element >= field.first && element < field.first + field.width;
    const { name, first } = fields.find(isHere) as Field;
    const value = (row as Record<string, unknown>)[name];
    return isRow(value)
      ? { value: value[element - first], place: `rows[${r}].${name}[${element - first}]` }
      : { value, place: `rows[${r}].${name}` };
  }
}

/** What the elements of an input may be, and the number that each becomes. */
class Column {
  /** Whether a number stands for itself in every element. */
  readonly isPlain: boolean;
  /** By element, the index of each word. */
  readonly #indices: ReadonlyMap<number, ReadonlyMap<Word, number>>;
  /** Elements whose NaN means None. */
  readonly #nones: ReadonlySet<number>;

  constructor(readonly port: Port) {
    const words = [...(port.words ?? [])];
    this.#indices = new Map(words.map(([at, list]) => [at, new Map(list.map((word, index) => [word, index]))]));
    this.isPlain = words.length === 0 && port.nones === undefined;
    this.#nones = new Set(port.nones);
  }

  isUnused(element: number): boolean {
    return this.#indices.get(element)?.size === 0;
  }

  numberOf(value: unknown, element: number, place: () => string): number {
    const indices = this.#indices.get(element);
    if (indices?.size === 0) return -1;
    if (value === null || value === undefined || Number.isNaN(value)) {
      const number = this.#absent(value as null | undefined | number, element, indices?.get(null));
      if (number !== undefined) return number;
    }
    if (indices !== undefined) {
      if (typeof value === 'string') return indices.get(value) ?? -1;
      const example = [...indices.keys()].find((word) => word !== null) ?? '';
      throw new ForwardpassError(
        'INPUT',
        `expected a word such as ${quote(example)}, found ${describe(value)}`,
        place(),
      );
    }
    if (Number.isNaN(value) && this.#nones.has(element)) {
      const message = 'holds NaN, where this model knows numbers and None; pass null for None';
      throw new ForwardpassError('INPUT', message, place());
    }
    if (typeof value === 'number') return value;
    if (typeof value === 'boolean') return Number(value);
    throw new ForwardpassError('INPUT', `expected a number, found ${describe(value)}`, place());
  }

  /**
   * The number for null, undefined or NaN, where the element takes it; `none` is the index of None among its words.
   * Where the model knows both, null is None, and undefined is NaN as in a data frame made of records that lack a key;
   * where it knows one of them, null and undefined are that one.
   */
  #absent(value: null | undefined | number, element: number, none: number | undefined): number | undefined {
    const { missing } = this.port;
    if (none !== undefined) return value === null || (value === undefined && !missing) ? none : Number.NaN;
    const isTaken = this.#nones.has(element) ? !Number.isNaN(value) : missing;
    return isTaken ? Number.NaN : undefined;
  }
}

function isRow(row: unknown): row is ArrayLike<unknown> {
  return Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));
}
