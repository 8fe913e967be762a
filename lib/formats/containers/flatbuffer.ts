/**
 * FlatBuffers: tables whose fields are found through offsets. Every offset, table and vector is checked against the
 * file before it is followed, and nothing is decoded before it is requested. https://flatbuffers.dev/internals/
 */
import { ForwardpassError } from '../../errors.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Offsets may overlap, so a small file could list a lot: at most this many times its size is decoded. */
const MOST_DECODED = 8;

class FileBytes {
  readonly view: DataView;
  #left: number;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = MOST_DECODED * bytes.length;
  }

  /** Throws unless the file contains `length` bytes from `at`. */
  need(at: number, length: number, place: string): void {
    if (at + length <= this.bytes.length) return;
    const message = `expected ${length} bytes at ${at}, but the file ends at ${this.bytes.length}`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }

  spend(length: number, place: string): void {
    this.#left -= length;
    if (this.#left < 0) throw malformed('the lists of the file overlap repeatedly', place);
  }
}

/** The vectors of tables of a {@link Table}; each table is opened on demand. */
export interface Tables {
  readonly length: number;
  /** The index must be below `length`. */
  at(index: number): Table;
}

const NO_TABLES: Tables = {
  length: 0,
  at(index) {
    throw malformed(`table ${index} not found: the list is empty`, 'flatbuffer');
  },
};

/** A table; its fields are numbered in the order of the schema from 0, and a union takes two numbers. */
export class Table {
  readonly #buffer: FileBytes;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldsEnd: number;
  readonly #size: number;

  private constructor(
    buffer: FileBytes,
    at: number,
    /** For messages. */
    readonly place: string,
  ) {
    const { view } = buffer;
    buffer.need(at, 4, place);
    const fields = at - view.getInt32(at, true);
    if (fields < 0) throw malformed(`the list of its fields would begin at ${fields}`, place);
    buffer.need(fields, 4, place);
    const [fieldsSize, size] = [view.getUint16(fields, true), view.getUint16(fields + 2, true)];
    if (fieldsSize < 4 || fieldsSize % 2 !== 0 || size < 4) {
      throw malformed(`a table of ${size} bytes with a list of fields of ${fieldsSize} bytes`, place);
    }
    buffer.need(fields, fieldsSize, place);
    buffer.need(at, size, place);
    this.#buffer = buffer;
    this.#at = at;
    this.#fields = fields;
    this.#fieldsEnd = fields + fieldsSize;
    this.#size = size;
  }

  /** The root table of the file. */
  static root(bytes: Uint8Array, place: string): Table {
    const buffer = new FileBytes(bytes);
    buffer.need(0, 4, place);
    return new Table(buffer, buffer.view.getUint32(0, true), place);
  }

  has(field: number): boolean {
    return this.#field(field, 0) !== undefined;
  }

  bool(field: number): boolean {
    return this.uint8(field) !== 0;
  }

  int8(field: number, otherwise = 0): number {
    const at = this.#field(field, 1);
    return at === undefined ? otherwise : this.#buffer.view.getInt8(at);
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.#field(field, 1);
    return at === undefined ? otherwise : this.#buffer.view.getUint8(at);
  }

  int32(field: number, otherwise = 0): number {
    const at = this.#field(field, 4);
    return at === undefined ? otherwise : this.#buffer.view.getInt32(at, true);
  }

  uint32(field: number, otherwise = 0): number {
    const at = this.#field(field, 4);
    return at === undefined ? otherwise : this.#buffer.view.getUint32(at, true);
  }

  /** Beyond 2^53 only approximate. */
  uint64(field: number, otherwise = 0): number {
    const at = this.#field(field, 8);
    return at === undefined ? otherwise : Number(this.#buffer.view.getBigUint64(at, true));
  }

  float32(field: number, otherwise = 0): number {
    const at = this.#field(field, 4);
    return at === undefined ? otherwise : this.#buffer.view.getFloat32(at, true);
  }

  float64(field: number, otherwise = 0): number {
    const at = this.#field(field, 8);
    return at === undefined ? otherwise : this.#buffer.view.getFloat64(at, true);
  }

  string(field: number): string | undefined {
    const bytes = this.bytes(field);
    if (bytes === undefined) return undefined;
    this.#buffer.spend(bytes.length, this.place);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw malformed(`the text of field ${field} is not valid UTF-8`, this.place);
    }
  }

  /** A view of the file's bytes, not a copy. */
  bytes(field: number): Uint8Array | undefined {
    const vector = this.#vector(field, 1);
    return vector && this.#buffer.bytes.subarray(vector.start, vector.start + vector.length);
  }

  int32s(field: number): number[] | undefined {
    return this.#numbers(field, 4, (view, at) => view.getInt32(at, true));
  }

  float32s(field: number): number[] | undefined {
    return this.#numbers(field, 4, (view, at) => view.getFloat32(at, true));
  }

  /** Beyond ±2^53 only approximate. */
  int64s(field: number): number[] | undefined {
    return this.#numbers(field, 8, (view, at) => Number(view.getBigInt64(at, true)));
  }

  float64s(field: number): Float64Array | undefined {
    return this.#filled(field, 8, Float64Array, (view, at) => view.getFloat64(at, true));
  }

  uint32s(field: number): Uint32Array | undefined {
    return this.#filled(field, 4, Uint32Array, (view, at) => view.getUint32(at, true));
  }

  table(field: number, place: string): Table | undefined {
    const at = this.#field(field, 4);
    return at === undefined ? undefined : new Table(this.#buffer, this.#target(at), place);
  }

  /** Each table is named after the list: `operators[3]`. */
  tables(field: number, place: string): Tables {
    const vector = this.#vector(field, 4);
    if (vector === undefined) return NO_TABLES;
    const { start, length } = vector;
    return {
      length,
      at: (index) => new Table(this.#buffer, this.#target(start + 4 * index), `${place}[${index}]`),
    };
  }

  /** Where the field's `width` bytes are; undefined if the table omits it. */
  #field(field: number, width: number): number | undefined {
    const entry = this.#fields + 4 + 2 * field;
    if (entry >= this.#fieldsEnd) return undefined;
    const offset = this.#buffer.view.getUint16(entry, true);
    if (offset === 0) return undefined;
    if (offset >= 4 && offset + width <= this.#size) return this.#at + offset;
    throw malformed(`field ${field} lies at ${offset} in a table of ${this.#size} bytes`, this.place);
  }

  #target(at: number): number {
    return at + this.#buffer.view.getUint32(at, true);
  }

  #vector(field: number, width: number): { start: number; length: number } | undefined {
    const at = this.#field(field, 4);
    if (at === undefined) return undefined;
    const start = this.#target(at) + 4;
    this.#buffer.need(start - 4, 4, this.place);
    const length = this.#buffer.view.getUint32(start - 4, true);
    this.#buffer.need(start, width * length, this.place);
    return { start, length };
  }

  #numbers(field: number, width: number, read: (view: DataView, at: number) => number): number[] | undefined {
    const vector = this.#vector(field, width);
    if (vector === undefined) return undefined;
    const { start, length } = vector;
    this.#buffer.spend(width * length, this.place);
    return Array.from({ length }, (_, i) => read(this.#buffer.view, start + width * i));
  }

  #filled<T extends Float64Array | Uint32Array>(
    field: number,
    width: number,
    TypedArray: new (length: number) => T,
    read: (view: DataView, at: number) => number,
  ): T | undefined {
    const vector = this.#vector(field, width);
    if (vector === undefined) return undefined;
    const { start, length } = vector;
    this.#buffer.spend(width * length, this.place);
    const numbers = new TypedArray(length);
    for (let i = 0; i < length; i++) numbers[i] = read(this.#buffer.view, start + width * i);
    return numbers;
  }
}

function malformed(message: string, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, place);
}
