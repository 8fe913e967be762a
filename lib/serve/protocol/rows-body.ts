/**
 * Rows from the bytes of a body: `[[…], …]`, `[{…}, …]` or one `{…}`, as such or under a name such as `instances`.
 * Plain bodies are read from bytes directly into the model's arrays. All others go through JSON.parse and the model's
 * row reader, so that both ways give the same answers and errors.
 */
import type { FloatArray } from '../../buffers.ts';
import type { FlatRows, RowRecord, Rows } from '../../rows.ts';
import { parseJson } from './body.ts';
import { BYTE, Scanner } from './json-scanner.ts';
import { type Layout, layoutOf } from './layout.ts';
import { badRequest } from './refusal.ts';
import type { ProtocolLimits, ServedModel, Work } from './types.ts';

export interface RowsRead extends Work {
  /** Whether the body was one record, whose answer is not an array. */
  readonly isOne: boolean;
}

/**
 * `wrappers` are names under which rows may be; with `isWrapped`, they must be. The name of a feature or an input is
 * not a wrapper.
 */
export interface RowsForm {
  readonly wrappers: readonly string[];
  readonly isWrapped: boolean;
}

export function readRows(bytes: Uint8Array, served: ServedModel, form: RowsForm, limits: ProtocolLimits): RowsRead {
  const layout = layoutOf(served.model);
  const fast = layout.isByRows ? undefined : new FastRows(bytes, layout, layout.mostRows(limits)).read(form);
  if (fast === undefined) return readSlowly(bytes, served, form, limits);
  const { arrays, count, isOne, isLent } = fast;
  // Only needed for error messages, for which the body is parsed again.
  let again: FlatRows | undefined;
  const cell: FlatRows['cell'] = (row, input, element) => {
    again ??= readSlowly(bytes, served, form, limits).rows;
    return again.cell(row, input, element);
  };
  return { count, isOne, rows: { arrays, isRecord: isOne, isLent, cell } };
}

/** Reads rows with JSON.parse. */
export function readSlowly(bytes: Uint8Array, served: ServedModel, form: RowsForm, limits: ProtocolLimits): RowsRead {
  const rows = unwrapped(parseJson(bytes), layoutOf(served.model), form);
  const isOne = !Array.isArray(rows);
  const count = isOne ? 1 : (rows as unknown[]).length;
  const layout = layoutOf(served.model);
  layout.checkRows(count, limits);
  const isFlat = layout.texts !== undefined || layout.inputs.every(({ shape }) => shape.length === 1);
  const flat = isFlat ? rows : flattened(rows, layout);
  return { count, isOne, rows: served.model.flatten(flat as Rows | RowRecord) };
}

/**
 * Flattens inputs whose rows are nested arrays, or single values, according to their shape; other values are unchanged.
 */
function flattened(rows: unknown, { inputs, fields }: Layout): unknown {
  const flatRow = (row: unknown): unknown => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      return inputs.length === 1 ? flatValue(row, inputs[0].shape, true) : row;
    }
    if (fields.length > 0) return row;
    const shapes = new Map(inputs.map(({ name, shape }) => [name, shape]));
    const entries = Object.entries(row).map(([name, value]) => [name, flatValue(value, shapes.get(name) ?? [], false)]);
    return Object.fromEntries(entries);
  };
  return Array.isArray(rows) ? rows.map(flatRow) : flatRow(rows);
}

/** A value without dimensions becomes an array of one if it is the whole row. */
function flatValue(value: unknown, shape: readonly number[], isRow: boolean): unknown {
  if (!Array.isArray(value)) return isRow && shape.length === 0 && isCell(value) ? [value] : value;
  let level: unknown[] = [value];
  for (const size of shape) {
    if (!level.every((part) => Array.isArray(part) && part.length === size)) return value;
    level = level.flat(1);
  }
  return shape.length === 0 ? value : level;
}

function isCell(value: unknown): boolean {
  return value === null || typeof value !== 'object';
}

function unwrapped(body: unknown, layout: Layout, { wrappers, isWrapped }: RowsForm): unknown {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const found = isObject ? wrappers.filter((name) => Object.hasOwn(body, name) && isWrapper(name, layout)) : [];
  if (found.length === 0) {
    if (isWrapped) throw badRequest(`expected an object with ${wrappers.map((name) => `'${name}'`).join(' or ')}`);
    return body;
  }
  if (found.length > 1) throw badRequest(`has both '${found[0]}' and '${found[1]}'`);
  const rows = (body as Record<string, unknown>)[found[0]];
  if (!Array.isArray(rows)) throw badRequest(`expected an array of rows as '${found[0]}'`);
  return rows;
}

function isWrapper(name: string, { names }: Layout): boolean {
  return !names.has(name);
}

/** The place does not matter: errors are found again by the slow way. */
const anywhere = () => 'rows';

interface FastRead {
  readonly arrays: readonly FloatArray[];
  readonly count: number;
  readonly isOne: boolean;
  readonly isLent: boolean;
}

/** The fast reader, which gives up (undefined) if anything is not plain. */
class FastRows {
  readonly #scanner: Scanner;
  readonly #layout: Layout;
  readonly #most: number;
  #arrays: readonly FloatArray[] = [];
  /** The number of rows for which the arrays have room. */
  #room = 0;
  /** The last row in which each field was seen, counted from 1. */
  readonly #met: Uint32Array;

  constructor(bytes: Uint8Array, layout: Layout, mostRows: number) {
    this.#scanner = new Scanner(bytes);
    this.#layout = layout;
    this.#most = mostRows;
    this.#met = new Uint32Array(layout.fields.length);
  }

  read(form: RowsForm): FastRead | undefined {
    const scanner = this.#scanner;
    const first = scanner.peek();
    if (first === BYTE.openArray) return form.isWrapped ? undefined : this.#ended(this.#rows(), false);
    if (first !== BYTE.openObject) return undefined;
    const start = scanner.at;
    scanner.at++;
    if (scanner.peek() === BYTE.quote) {
      const name = scanner.string();
      if (name !== undefined && form.wrappers.includes(name) && isWrapper(name, this.#layout)) {
        if (!scanner.take(BYTE.colon)) return undefined;
        const count = this.#rows();
        // Further names, which may be other wrappers, are left to the slow way.
        return scanner.take(BYTE.closeObject) ? this.#ended(count, false) : undefined;
      }
    }
    if (form.isWrapped || this.#layout.fields.length === 0) return undefined;
    scanner.at = start;
    this.#makeRoom(1);
    return this.#record(0) ? this.#ended(1, true) : undefined;
  }

  #ended(count: number, isOne: boolean): FastRead | undefined {
    if (count < 0 || !this.#scanner.isDone()) return undefined;
    const { lent } = this.#layout;
    if (lent !== undefined && this.#arrays === lent) return { arrays: lent, count, isOne, isLent: true };
    const arrays = this.#layout.inputs.map(({ width }, input) => {
      const array = this.#arrays[input] ?? this.#layout.allocate(0)[input];
      return count === this.#room ? array : array.slice(0, count * width);
    });
    return { arrays, count, isOne, isLent: false };
  }

  #makeRoom(rows: number): void {
    if (rows <= this.#room) return;
    const { lent } = this.#layout;
    if (rows === 1 && lent !== undefined) {
      this.#arrays = lent;
      this.#room = 1;
      return;
    }
    this.#room = this.#room === 0 ? rows : Math.min(Math.max(rows, this.#room * 2), this.#most);
    const arrays = this.#layout.allocate(this.#room);
    this.#arrays.forEach((array, input) => {
      arrays[input].set(array);
    });
    this.#arrays = arrays;
  }

  /** Reads the rows; returns their number, or −1. */
  #rows(): number {
    const scanner = this.#scanner;
    if (!scanner.take(BYTE.openArray)) return -1;
    if (scanner.take(BYTE.closeArray)) return 0;
    let count = 0;
    do {
      if (count === this.#most) return -1;
      this.#makeRoom(count + 1);
      const byte = scanner.peek();
      if (!(byte === BYTE.openArray ? this.#row(count) : byte === BYTE.openObject && this.#record(count))) return -1;
      count++;
    } while (scanner.take(BYTE.comma));
    return scanner.take(BYTE.closeArray) ? count : -1;
  }

  #row(r: number): boolean {
    const { columns } = this.#layout;
    if (columns.length > 1) return false;
    const scanner = this.#scanner;
    const [column] = columns;
    const { width } = column.port;
    const flat = this.#arrays[0];
    scanner.at++;
    for (let i = 0; i < width; i++) {
      if (i > 0 && !scanner.take(BYTE.comma)) return false;
      const byte = scanner.peek();
      const isNumber = byte <= BYTE.nine && byte !== BYTE.quote;
      if (isNumber && column.isPlain) {
        const value = scanner.number();
        if (Number.isNaN(value)) return false;
        flat[r * width + i] = value;
      } else {
        const value = this.#valueOf(column, i);
        if (value === undefined) return false;
        flat[r * width + i] = value;
      }
    }
    return scanner.take(BYTE.closeArray);
  }

  #record(r: number): boolean {
    const { fields, byName } = this.#layout;
    const scanner = this.#scanner;
    if (fields.length === 0) return false;
    scanner.at++;
    if (scanner.take(BYTE.closeObject)) return false;
    let next = 0;
    let met = 0;
    do {
      // Most clients always use the same order.
      let field = next < fields.length && scanner.takeAll(fields[next].key) ? fields[next] : undefined;
      if (field === undefined) {
        if (scanner.peek() !== BYTE.quote) return false;
        const name = scanner.string();
        if (name === undefined) return false;
        field = byName.get(name);
      }
      if (!scanner.take(BYTE.colon)) return false;
      if (field === undefined) {
        if (!scanner.skip()) return false;
        continue;
      }
      const { column, input, element, position } = field;
      next = position + 1;
      scanner.peek();
      const value = this.#valueOf(column, element);
      if (value === undefined) return false;
      this.#arrays[input][r * column.port.width + element] = value;
      if (this.#met[position] !== r + 1) met++;
      this.#met[position] = r + 1;
    } while (scanner.take(BYTE.comma));
    return met === fields.length && scanner.take(BYTE.closeObject);
  }

  /** The number for the next value; undefined if the column does not accept it quickly. */
  #valueOf(column: Layout['columns'][number], element: number): number | undefined {
    const scanner = this.#scanner;
    const byte = scanner.peek();
    let value: unknown;
    if (byte === BYTE.quote) value = scanner.string();
    else if (byte <= BYTE.nine) {
      const number = scanner.number();
      if (!Number.isNaN(number)) value = number;
    } else value = scanner.word();
    if (value === undefined) return undefined;
    try {
      return column.numberOf(value, element, anywhere);
    } catch {
      return undefined;
    }
  }
}
