/** Rows by columns, from the caller or from a step. */
import { isTypedArray, lengthOf } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import { describe, didYouMean, listNames, nearestTo, quote } from '../messages.ts';
import { isRow } from '../rows/column.ts';
import { has } from '../rows/records.ts';
import type { RowRecord, Rows } from '../rows.ts';
import { columnOf } from './columns.ts';
import type { StepColumn } from './types.ts';

export interface Frame {
  readonly rows: number;
  readonly width: number;
  readonly names: readonly string[] | undefined;
  /** A new column each time, which the receiver may change. */
  column(at: number): StepColumn;
  /** @throws {ForwardpassError} INPUT if a record lacks the column, for rows whose columns are named in the file. */
  check(at: number): void;
  /** The value in a row, and its place for messages. */
  cell(row: number, at: number): { readonly value: unknown; readonly place: string };
}

/** What the file says about the rows that a model takes. */
export interface Taken {
  readonly width?: number;
  readonly names?: readonly string[];
}

/** The caller's rows. @throws {ForwardpassError} INPUT. */
export function frameOf(rows: Rows | RowRecord | string, taken: Taken): Frame & { readonly isRecord: boolean } {
  if (isTypedArray(rows)) return { ...flatFrame(rows as ArrayLike<number>, taken), isRecord: false };
  if (typeof rows === 'string') return { ...textFrame([rows], taken, () => 'text'), isRecord: true };
  const isRecord = !Array.isArray(rows);
  if (isRecord && !isRecordLike(rows)) throw noRows(rows);
  const list: readonly unknown[] = isRecord ? [rows] : rows;
  return { ...listFrame(list, taken, isRecord), isRecord };
}

function flatFrame(rows: ArrayLike<number>, { width, names }: Taken): Frame {
  if (width === undefined) {
    const message =
      'the file does not say how many columns a row has, so a flat array is ambiguous; pass records, or an array of rows to predict()';
    throw new ForwardpassError('INPUT', message, 'rows');
  }
  const length = lengthOf(rows);
  if (length % width !== 0) {
    throw new ForwardpassError('INPUT', `expected a multiple of ${width} elements, found ${length}`, 'rows');
  }
  const count = length / width;
  const value = (row: number, at: number) => rows[row * width + at];
  return framed(count, width, names, value, () => 'rows');
}

function listFrame(list: readonly unknown[], taken: Taken, isRecord: boolean): Frame {
  const placeOf = (row: number) => (isRecord ? 'record' : `rows[${row}]`);
  const [first] = list;
  if (typeof first === 'string') return textFrame(list, taken, placeOf);
  if (isRow(first)) {
    const width = taken.width ?? first.length;
    for (let row = 0; row < list.length; row++) {
      const found = list[row];
      if (isRow(found) && found.length === width) continue;
      const what = isRow(found) ? `${found.length}` : describe(found);
      throw new ForwardpassError('INPUT', `expected an array of ${width} values, found ${what}`, placeOf(row));
    }
    const value = (row: number, at: number) => (list[row] as ArrayLike<unknown>)[at];
    return framed(list.length, width, taken.names, value, (row, at) => `${placeOf(row)}[${at}]`);
  }
  for (let row = 0; row < list.length; row++) {
    if (isRecordLike(list[row])) continue;
    throw new ForwardpassError('INPUT', `expected a record, found ${describe(list[row])}`, placeOf(row));
  }
  const names = taken.names ?? namesIn(list as readonly object[]);
  const value = (row: number, at: number) => {
    const record = list[row] as object;
    return has(record, names[at]) ? (record as Record<string, unknown>)[names[at]] : undefined;
  };
  const place = (row: number, at: number) => `${placeOf(row)}.${names[at]}`;
  if (taken.names === undefined) return framed(list.length, names.length, names, value, place);
  const check = (at: number) => checkHas(list as readonly object[], names[at], placeOf);
  return framed(list.length, names.length, names, value, place, check);
}

/** Texts are rows with one column each. */
function textFrame(list: readonly unknown[], { width, names }: Taken, placeOf: (row: number) => string): Frame {
  for (const [row, found] of list.entries()) {
    if (typeof found === 'string' && (width ?? 1) === 1) continue;
    const expected = width === undefined || width === 1 ? 'a string' : `an array of ${width} values or a record`;
    throw new ForwardpassError('INPUT', `expected ${expected}, found ${describe(found)}`, placeOf(row));
  }
  return framed(list.length, 1, names, (row) => list[row], placeOf);
}

/** The most names of a record that a hint checks. */
const MOST_STRANGERS = 1000;

/** Throws if a record lacks a name that the file declares. */
function checkHas(records: readonly object[], name: string, placeOf: (row: number) => string): void {
  const row = records.findIndex((record) => !has(record, name));
  if (row < 0) return;
  const near = nearestTo(name, Object.keys(records[row]).slice(0, MOST_STRANGERS));
  const hint = near === undefined ? '' : `, and has ${quote(near)}; did you mean ${quote(name)}?`;
  throw new ForwardpassError('INPUT', `lacks ${quote(name)}${hint}`, placeOf(row));
}

/** The names in all records, in order of occurrence, like pandas' data frames of records. */
function namesIn(records: readonly object[]): readonly string[] {
  const names = new Set<string>();
  for (const record of records) for (const name of Object.keys(record)) names.add(name);
  return [...names];
}

function framed(
  rows: number,
  width: number,
  names: readonly string[] | undefined,
  value: (row: number, at: number) => unknown,
  place: (row: number, at: number) => string,
  check: (at: number) => void = () => {},
): Frame {
  const column = (at: number) => {
    check(at);
    const values = Array.from({ length: rows }, (_, row) => value(row, at));
    return columnOf(values, (row, found) => {
      const message = `expected a number, a string, true or false, a Date or null, found ${found}`;
      return new ForwardpassError('INPUT', message, place(row, at));
    });
  };
  return { rows, width, names, column, check, cell: (row, at) => ({ value: value(row, at), place: place(row, at) }) };
}

/** A copy that does not change with the rows. */
export function keptFrame(frame: Frame & { readonly isRecord: boolean }): Frame & { readonly isRecord: boolean } {
  const { rows, width, names, isRecord } = frame;
  const cells = Array.from({ length: width }, (_, at) =>
    Array.from({ length: rows }, (_, row) => frame.cell(row, at).value),
  );
  const place = (row: number, at: number) => frame.cell(row, at).place;
  return { ...framed(rows, width, names, (row, at) => cells[at][row], place, frame.check), isRecord };
}

/** The frame of a step's result. */
export function givenFrame(
  columns: readonly StepColumn[],
  names: readonly string[] | undefined,
  rows: number,
  step: string,
): Frame {
  return {
    rows,
    width: columns.length,
    names,
    column: (at) => columns[at].slice(),
    check: () => {},
    cell: (row, at) => ({ value: columns[at][row], place: `${step}()[${row}].${names?.[at] ?? at}` }),
  };
}

/** The positions of columns by name. @throws {ForwardpassError} FUNCTION if one is missing. */
export function positionsIn(frame: Frame, names: readonly string[], place: string): readonly number[] {
  const known = frame.names;
  if (known === undefined) {
    const message = `takes columns by name, ${listNames(names, 8)}, but receives columns without names`;
    throw new ForwardpassError('FUNCTION', message, place);
  }
  const positions = new Map(known.map((name, at) => [name, at]));
  return names.map((name) => {
    const at = positions.get(name);
    if (at !== undefined) return at;
    const message = `takes the column ${quote(name)}, which was not found${didYouMean(name, known)}; found ${listNames(known)}`;
    throw new ForwardpassError('FUNCTION', message, place);
  });
}

function isRecordLike(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Map) && !(value instanceof Set) && !isRow(value)
  );
}

function noRows(found: unknown): ForwardpassError {
  const message = `expected a typed array, an array of rows or of records, or one record, found ${describe(found)}`;
  return new ForwardpassError('INPUT', message, 'rows');
}
