/** Keras' description of a model, JSON as Python writes it; each field is checked when it is read. */
import { type ErrorCode, ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { describe, quote } from '../../messages.ts';
import { endOfString, jsonBytes } from '../containers/json-cost.ts';

/** The placeholder for NaN in the parsed JSON. */
const NAN = '\u0000NaN';
/** Python writes numbers that JSON does not allow; outside of strings, they are replaced by values that it allows. */
const PYTHON_NUMBERS = new Map([
  ['NaN', JSON.stringify(NAN)],
  ['Infinity', '1e999'],
]);

/** Bytes of memory for each character that are not charged, because ordinary files need them. */
const FREE_PER_CHARACTER = 1;

/** Throws `MALFORMED`, and `LIMIT` for text that takes much more in memory than in the file. */
export function parseJson(text: string, place: string, budget: Budget): unknown {
  budget.build(jsonBytes(text, 'common') - FREE_PER_CHARACTER * text.length, place);
  const plain = readable(text);
  try {
    if (plain === text) return JSON.parse(plain);
    return JSON.parse(plain, (_, value: unknown) => (value === NAN ? Number.NaN : value));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ForwardpassError('MALFORMED', `is not valid JSON: ${reason}`, place, { cause });
  }
}

/** The text with numbers that JSON allows. */
function readable(text: string): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') {
      at = endOfString(text, at);
    } else if (sign === 'N' || sign === 'I') {
      const number = sign === 'N' ? 'NaN' : 'Infinity';
      if (!text.startsWith(number, at)) continue;
      parts.push(text.slice(start, at), PYTHON_NUMBERS.get(number) ?? '');
      start = at + number.length;
      at = start - 1;
    }
  }
  return start === 0 ? text : parts.join('') + text.slice(start);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object in the description. */
export class Config {
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    /** What the object describes, for messages: `layer dense_1 (Dense)`. */
    readonly place: string,
  ) {
    if (!isObject(value))
      throw new ForwardpassError('MALFORMED', `expected an object, found ${describe(value)}`, place);
    this.fields = value;
  }

  /** Whether the field is present and not None. */
  has(field: string): boolean {
    return this.raw(field) !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.fields);
  }

  raw(field: string): unknown {
    return Object.hasOwn(this.fields, field) ? (this.fields[field] ?? undefined) : undefined;
  }

  text(field: string, fallback?: string): string {
    const value = this.raw(field) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.wrong(field, 'a string');
  }

  number(field: string, fallback?: number): number {
    const value = this.raw(field) ?? fallback;
    if (typeof value === 'number') return value;
    throw this.wrong(field, 'a number');
  }

  whole(field: string, fallback?: number): number {
    const value = this.raw(field) ?? fallback;
    if (Number.isSafeInteger(value)) return value as number;
    throw this.wrong(field, 'an integer');
  }

  flag(field: string, fallback: boolean): boolean {
    const value = this.raw(field) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.wrong(field, 'true or false');
  }

  choice<T extends string>(field: string, choices: readonly T[], fallback: T): T {
    const value = this.raw(field) ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.wrong(field, `one of ${choices.map(quote).join(', ')}`);
  }

  list(field: string): readonly unknown[] {
    const value = this.raw(field);
    if (Array.isArray(value)) return value;
    throw this.wrong(field, 'an array');
  }

  /** One integer, or a list of them, as a list. */
  wholes(field: string, fallback?: number): readonly number[] {
    const value = this.raw(field) ?? fallback;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.every(Number.isSafeInteger)) return list as number[];
    throw this.wrong(field, 'integers');
  }

  object(field: string): Config {
    return new Config(this.raw(field), `${this.place} ${field}`);
  }

  wrong(field: string, expected: string): ForwardpassError {
    return this.error('MALFORMED', `expected ${field} to be ${expected}, found ${describe(this.raw(field))}`);
  }

  error(code: ErrorCode, message: string): ForwardpassError {
    return new ForwardpassError(code, message, this.place);
  }
}
