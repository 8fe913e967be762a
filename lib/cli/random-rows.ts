/** Random rows to measure with, which the model accepts. */
import { ForwardpassError } from '../errors.ts';
import { quote } from '../messages.ts';
import type { Column } from '../rows/column.ts';
import type { CliModel } from './environment.ts';

type Asked = Pick<CliModel, 'ask' | 'rowReader'>;

/** Values to try where the model rejects a number. Numeric categories are seldom anything else. */
const CANDIDATES: readonly number[] = [0, 1, 0.5, -1, ...Array.from({ length: 4096 }, (_, i) => i + 2)];
const MOST_TRIES = 100_000;

/** An element of a row that the model rejected. */
interface Refused {
  readonly row: number;
  readonly input: number;
  readonly element: number;
}

/**
 * Known strings, ids of their table, and otherwise numbers from −1 to 1 or values that the model accepts instead: an
 * array for each input. Throws the model's error if no such rows are found.
 */
export function randomRows(model: Asked, rowCount: number): Float64Array[] {
  const { columns } = model.rowReader;
  const pairs = columns.find(({ port }) => port.ragged);
  if (pairs !== undefined) {
    const message =
      'takes rows of any number of terms, which the command cannot generate; measure `predict` with your own texts';
    throw new ForwardpassError('UNSUPPORTED_OP', message, `input ${quote(pairs.port.name)}`);
  }
  let base: readonly Float64Array[] | undefined;
  const rows = columns.map((column) => {
    const { width } = column.port;
    return Float64Array.from({ length: width * rowCount }, (_, at) => randomOf(column, at % width));
  });
  // If an element is rejected in one row, all rows get that element of a row which is accepted.
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const refused = refusalOf(model, rows);
    if (refused === undefined) return rows;
    const { input, element } = refused;
    const { width } = columns[input].port;
    base ??= acceptedRow(model, columns);
    for (let at = element; at < rows[input].length; at += width) rows[input][at] = base[input][element];
  }
  return rows;
}

function randomOf({ port }: Column, element: number): number {
  const categories = port.categories?.get(element) ?? port.hashes?.get(element);
  if (categories !== undefined) {
    if (categories.length > 0) return Math.floor(Math.random() * categories.length);
    return port.spread === undefined ? 0 : -1;
  }
  const ids = port.ids?.get(element);
  if (ids !== undefined) return Math.floor(Math.random() * ids);
  return /^u?int|^bool/.test(port.dtype) ? 0 : Math.random() * 2 - 1;
}

/** One row that the model accepts, found element by element. */
function acceptedRow(model: Asked, columns: readonly Column[]): Float64Array[] {
  const row = columns.map((column) =>
    Float64Array.from({ length: column.port.width }, (_, element) => randomOf(column, element)),
  );
  const tried = new Map<number, number>();
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const refused = refusalOf(model, row);
    if (refused === undefined) return row;
    const { input, element } = refused;
    const key = input * 2 ** 32 + element;
    const next = tried.get(key) ?? 0;
    if (next === CANDIDATES.length) break;
    tried.set(key, next + 1);
    row[input][element] = CANDIDATES[next];
  }
  const message = 'no random row was found that the model accepts; measure it with your own rows, from a program';
  throw new ForwardpassError('INPUT', message);
}

/**
 * The element that the model rejects; undefined if it accepts the rows. Throws if the error does not say which element.
 */
function refusalOf(model: Asked, arrays: readonly Float64Array[]): Refused | undefined {
  let refused: Refused | undefined;
  const cell = (row: number, input: number, element: number) => {
    refused = { row, input, element };
    return { value: Number.NaN, place: 'a random row' };
  };
  try {
    model.ask('run', { arrays, isRecord: false, cell });
    return undefined;
  } catch (error) {
    if (refused === undefined) throw error;
    return refused;
  }
}
