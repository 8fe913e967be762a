/** The arguments of a function besides the row: those of a `functools.partial`, and keywords. */

import { quote } from '../../../messages.ts';
import { PickleDict, PickleObject, type PickleValue, pickleKind } from '../../containers/pickle/values.ts';
import type { Vector } from '../arrays.ts';
import type { Estimator } from '../estimator.ts';
import { functionName, plainScalar } from '../values.ts';

/** Keywords that have no effect on a row of floats, if they have their default values or only affect memory. */
const NEUTRAL: Readonly<Record<string, readonly (PickleValue | undefined)[] | 'any'>> = {
  casting: 'any',
  copy: 'any',
  dtype: [null],
  order: 'any',
  out: [null],
  subok: 'any',
  where: [true],
};

export class Arguments {
  readonly #keywords = new Map<string, PickleValue>();
  readonly #taken = new Set<string>();

  constructor(
    readonly estimator: Estimator,
    /** The attribute of the estimator, for messages. */
    readonly attribute: string,
    readonly name: string,
    /** Arguments before the row. */
    readonly before: readonly PickleValue[],
    keywords: readonly PickleValue[],
  ) {
    for (const dict of keywords) {
      if (!(dict instanceof PickleDict)) continue;
      for (const [key, value] of dict.entries) if (typeof key === 'string') this.#keywords.set(key, value);
    }
  }

  /** The keyword; undefined if it is None or not given. */
  take(name: string): PickleValue | undefined {
    this.#taken.add(name);
    const given = this.#keywords.get(name) ?? null;
    return given === null ? undefined : plainScalar(given);
  }

  number(name: string, fallback: number): number {
    const value = this.take(name) ?? fallback;
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
    throw this.error(`expected a number as ${name}, found ${pickleKind(value)}`);
  }

  integer(name: string, fallback: number): number {
    const value = this.number(name, fallback);
    if (Number.isSafeInteger(value)) return value;
    throw this.error(`expected an integer as ${name}, found ${value}`);
  }

  truth(name: string, fallback: boolean): boolean {
    return this.number(name, Number(fallback)) !== 0;
  }

  text(name: string, fallback: string): string {
    const value = this.take(name) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.error(`expected a string as ${name}, found ${pickleKind(value)}`);
  }

  /** A number, or one for each element of the row; undefined if it is not given. */
  numbers(name: string): Vector | number | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : this.numbersOf(value);
  }

  numbersOf(value: PickleValue): Vector | number {
    const { shape, data } = this.estimator.numbersIn(value, this.attribute);
    if (shape.length > 1) throw this.error(`expected numbers of one axis, found [${shape.join(', ')}]`);
    return shape.length === 0 ? data[0] : data;
  }

  /** Whether the `dtype` is float32; otherwise it must be float64 or not given. */
  isSingle(): boolean {
    const value = this.take('dtype');
    if (value === undefined) return false;
    const [first] = value instanceof PickleObject && value.callable.name === 'dtype' ? value.args : [];
    const name = String(first ?? functionName(value) ?? value);
    if (/^(?:float64|f8|<f8|d|double|float|builtins\.float|numpy\.float64)$/.test(name)) return false;
    if (/^(?:float32|f4|<f4|f|single|numpy\.float32)$/.test(name)) return true;
    throw this.error(`expected float64 or float32 as dtype, found ${pickleKind(value)}`);
  }

  /**
   * Checks that the function works along the row: along other axes it would mix rows. `otherwise` is the default axis.
   */
  alongRow(otherwise?: number): void {
    const axis = this.#keywords.has('axis') ? this.take('axis') : otherwise;
    if (axis === 1 || axis === -1) return;
    const found = axis === undefined ? 'none' : pickleKind(axis);
    throw this.error(`is supported only along a row, with axis=1; found ${found}`);
  }

  /** Checks that a function that reduces a row keeps its axis. */
  checkKept(): void {
    if (this.truth('keepdims', false)) return;
    throw this.error('does not return a table, which an estimator would need, without keepdims=True');
  }

  /** Refuses arguments that have not been used. */
  finish(): void {
    for (const [key, value] of this.#keywords) {
      if (this.#taken.has(key)) continue;
      const allowed = Object.hasOwn(NEUTRAL, key) ? NEUTRAL[key] : [];
      if (allowed !== 'any' && !allowed.includes(value))
        throw this.error(`the argument ${quote(key)} is not supported`);
    }
  }

  error(message: string) {
    return this.estimator.error('UNSUPPORTED_OP', `${this.name}: ${message}`, this.attribute);
  }
}
