/** Columns of the rows that are copied to the results. */
import { ForwardpassError } from '../errors.ts';
import { didYouMean, listNames, quote } from '../messages.ts';
import type { KeptValue } from './row-source.ts';

/**
 * The positions of the kept columns in a table. Throws `OPTION` for a name that the table does not have exactly once.
 */
export function keptColumns(keep: readonly string[], names: readonly string[] | undefined, place: string): number[] {
  if (keep.length > 0 && names === undefined) throw noNames(place);
  return keep.map((name) => {
    const at = names?.indexOf(name) ?? -1;
    if (at < 0) throw noColumn(name, names ?? [], place);
    if (names?.indexOf(name, at + 1) !== -1) {
      throw new ForwardpassError('OPTION', `${place} has several columns ${quote(name)}`, '--keep');
    }
    return at;
  });
}

export function noColumn(name: string, names: readonly string[], place: string): ForwardpassError {
  const meant = didYouMean(name, names) || `; it has ${listNames(names, 8)}`;
  return new ForwardpassError('OPTION', `${place} has no column ${quote(name)}${meant}`, '--keep');
}

export function noNames(place: string): ForwardpassError {
  return new ForwardpassError('OPTION', `the columns of ${place} have no names to keep them by`, '--keep');
}

/** A kept value from a JSON document; arrays and objects are kept as JSON text. */
export function keptJson(value: unknown, place: string): KeptValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isInteger(value)) {
    const message = `the integer ${value} has lost digits, because JSON numbers are read as floats; write it as a string`;
    throw new ForwardpassError('INPUT', message, place);
  }
  return value as string | number | boolean;
}
