/** Rows as people hold them, into the flat array that a model runs. */
import { allocate, type FloatArray } from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import { describe, didYouMean, listNames, quote } from './words.ts';

/** A flat array of whole rows, an array of rows, or records that name their features. */
export type Rows =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | readonly (readonly number[] | Float32Array | Float64Array)[]
  | readonly Readonly<Record<string, number>>[];

/**
 * The rows one after another, `width` numbers each, in the order of `featureNames` where they are records.
 * `Output` is the array of the model's precision.
 */
export function flattenRows(
  rows: Rows,
  width: number,
  featureNames: readonly string[] | undefined,
  Output: Float32ArrayConstructor | Float64ArrayConstructor,
): Float32Array | Float64Array | Int32Array | BigInt64Array {
  if (ArrayBuffer.isView(rows)) return rows as Float32Array;
  if (!Array.isArray(rows)) {
    throw new ForwardpassError(
      'INPUT',
      `expected a typed array, an array of rows or of records, found ${describe(rows)}`,
      'rows',
    );
  }
  const flat = allocate<FloatArray>(Output, rows.length, { name: 'rows', width });
  // Not forEach, which passes over the holes of a sparse array.
  for (const [r, row] of (rows as readonly unknown[]).entries()) {
    const place = `rows[${r}]`;
    if (isRow(row)) {
      if (row.length !== width) {
        throw new ForwardpassError('INPUT', `expected ${width} numbers, found ${row.length}`, place);
      }
      for (let i = 0; i < width; i++) flat[r * width + i] = numberAt(row[i], `${place}[${i}]`);
    } else if (typeof row === 'object' && row !== null) {
      if (featureNames === undefined) {
        throw new ForwardpassError(
          'INPUT',
          'records need feature names, and this model has none; pass arrays of numbers',
          place,
        );
      }
      readRecord(row as Record<string, unknown>, featureNames, place, (i, value) => {
        flat[r * width + i] = value;
      });
    } else {
      const number = typeof row === 'number' && width > 1 ? ' (one row is [[…]], or a typed array)' : '';
      throw new ForwardpassError(
        'INPUT',
        `expected an array of ${width} numbers or a record, found ${describe(row)}${number}`,
        place,
      );
    }
  }
  return flat;
}

function isRow(row: unknown): row is ArrayLike<unknown> {
  return Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));
}

function numberAt(value: unknown, place: string): number {
  if (typeof value === 'number') return value;
  throw new ForwardpassError('INPUT', `expected a number, found ${describe(value)}`, place);
}

function readRecord(
  record: Record<string, unknown>,
  names: readonly string[],
  place: string,
  set: (index: number, value: number) => void,
): void {
  const missing = names.filter((name) => !Object.hasOwn(record, name));
  if (missing.length > 0) {
    throw new ForwardpassError('INPUT', `lacks ${listNames(missing)}; expected ${listNames(names)}`, place);
  }
  const known = new Set(names);
  const unknown = Object.keys(record).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new ForwardpassError(
      'INPUT',
      `${quote(unknown)} is not a feature of this model${didYouMean(unknown, names)}`,
      place,
    );
  }
  names.forEach((name, i) => {
    set(i, numberAt(record[name], `${place}.${name}`));
  });
}
