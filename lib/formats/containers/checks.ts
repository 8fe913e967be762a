/**
 * Checks of untrusted parsed JSON, field by field. Each check returns the value as its type, or throws with its place.
 */
import { ForwardpassError } from '../../errors.ts';
import { describe, listNames } from '../../messages.ts';
import { decodeNumber } from './json-numbers.ts';

export type Check<T> = (value: unknown, place: string) => T;
export type Fields = Readonly<Record<string, unknown>>;

export function refuse(place: string, message: string): never {
  throw new ForwardpassError('MALFORMED', message, place);
}

function expected(what: string, found: unknown, place: string): never {
  return refuse(place, `expected ${what}, found ${describe(found)}`);
}

export const fields: Check<Fields> = (value, place) => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  return expected('an object', value, place);
};

export const text: Check<string> = (value, place) =>
  typeof value === 'string' ? value : expected('a string', value, place);

export const truth: Check<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : expected('true or false', value, place);

export const number: Check<number> = (value, place) => decodeNumber(value) ?? expected('a number', value, place);

export const whole: Check<number> = (value, place) =>
  Number.isSafeInteger(value) ? (value as number) : expected('an integer', value, place);

/** A size or an index. */
export const count: Check<number> = (value, place) =>
  whole(value, place) >= 0 ? (value as number) : expected('an integer of 0 or more', value, place);

export const label: Check<string | number> = (value, place) =>
  typeof value === 'string' || typeof value === 'number' ? value : expected('a string or a number', value, place);

export function oneOf<T extends string>(choices: readonly T[]): Check<T> {
  return (value, place) => {
    const found = choices.find((choice) => choice === value);
    return found ?? expected(`one of ${listNames(choices, choices.length)}`, value, place);
  };
}

export function list<T>(check: Check<T>): Check<T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return expected('an array', value, place);
    return value.map((item, at) => check(item, `${place}[${at}]`));
  };
}

export function pair<T>(check: Check<T>): Check<readonly [T, T]> {
  return (value, place) => {
    const [first, second, ...others] = list(check)(value, place);
    if (second === undefined || others.length > 0) return expected('an array of 2', value, place);
    return [first, second];
  };
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, place) => (value === undefined ? undefined : check(value, place));
}

/** The fields that `checks` names; others are refused, because their meaning is unknown. */
export function record<T extends object>(checks: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  return (value, place) => {
    const given = fields(value, place);
    const known = Object.keys(checks) as (keyof T & string)[];
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(checks, key));
    if (unknown !== undefined) return refuse(`${place}.${unknown}`, 'is not known here');
    const entries = known.map((key) => {
      const found = Object.hasOwn(given, key) ? given[key] : undefined;
      return [key, checks[key](found, `${place}.${key}`)] as const;
    });
    return Object.fromEntries(entries.filter(([, field]) => field !== undefined)) as T;
  };
}
