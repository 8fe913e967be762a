/** Columns of values, for functions of the option `functions`. */
import { isTypedArray, lengthOf } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import { describe } from '../messages.ts';
import { millisecondsOf } from './dates.ts';
import type { StepCell, StepColumn } from './types.ts';

/** Makes the error for a value in a row that a column must not contain. */
export type Refuse = (row: number, found: string) => ForwardpassError;

/** A new column: a Float64Array if all values are numbers, booleans or missing, otherwise an array of cells. */
export function columnOf(values: ArrayLike<unknown>, refuse: Refuse): StepColumn {
  if (isTypedArray(values)) return numbersOf(values as ArrayLike<number | bigint>, refuse);
  const { length } = values;
  const numbers = new Float64Array(length);
  for (let row = 0; row < length; row++) {
    const value = values[row];
    if (typeof value === 'number') numbers[row] = value;
    else if (value === null || value === undefined) numbers[row] = Number.NaN;
    else if (typeof value === 'boolean') numbers[row] = Number(value);
    else if (typeof value === 'bigint') numbers[row] = numberOf(value, row, refuse);
    else return cellsOf(values, refuse);
  }
  return numbers;
}

function numbersOf(values: ArrayLike<number | bigint>, refuse: Refuse): Float64Array {
  const numbers = new Float64Array(lengthOf(values));
  for (let row = 0; row < numbers.length; row++) {
    const value = values[row];
    numbers[row] = typeof value === 'bigint' ? numberOf(value, row, refuse) : value;
  }
  return numbers;
}

function cellsOf(values: ArrayLike<unknown>, refuse: Refuse): StepCell[] {
  const cells: StepCell[] = [];
  for (let row = 0; row < values.length; row++) cells.push(cellOf(values[row], row, refuse));
  return cells;
}

function cellOf(value: unknown, row: number, refuse: Refuse): StepCell {
  if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return numberOf(value, row, refuse);
  if (value instanceof Date) return value;
  throw refuse(row, describe(value));
}

function numberOf(value: bigint, row: number, refuse: Refuse): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw refuse(row, `${describe(value)}, beyond ±2^53`);
}

/** A column as numbers, for a function; `place` is for messages. */
export function asNumbers(column: StepColumn, place: string): Float64Array {
  if (column instanceof Float64Array) return column;
  const at = column.findIndex((cell) => typeof cell === 'string' || cell instanceof Date);
  throw wrong('numbers', column, at, place);
}

export function asStrings(column: StepColumn, place: string): (string | null)[] {
  const cells: readonly StepCell[] =
    column instanceof Float64Array ? Array.from(column, (value) => (Number.isNaN(value) ? null : value)) : column;
  const at = cells.findIndex((cell) => cell !== null && typeof cell !== 'string');
  if (at >= 0) throw wrong('strings', cells, at, place);
  return cells as (string | null)[];
}

export function asDates(column: StepColumn, place: string): Float64Array {
  if (column instanceof Float64Array) return column;
  return Float64Array.from(column, (cell, row) => {
    if (cell === null) return Number.NaN;
    if (cell instanceof Date) return cell.getTime();
    const found = typeof cell === 'string' ? millisecondsOf(cell) : typeof cell === 'number' ? cell : undefined;
    if (found === undefined) throw wrong('Dates, ISO 8601 text or milliseconds', column, row, place);
    return found;
  });
}

function wrong(expected: string, cells: readonly StepCell[], row: number, place: string): ForwardpassError {
  return new ForwardpassError('FUNCTION', `expected ${expected}, found ${describe(cells[row])} in row ${row}`, place);
}
