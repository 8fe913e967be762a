/** What the elements of an input may be, and the number that each becomes. */
import { ForwardpassError } from '../errors.ts';
import type { Word } from '../graph/graph.ts';
import type { Port } from '../graph/lower.ts';
import { describe, quote } from '../words.ts';

export class Column {
  /** Whether a number stands for itself in every element. */
  readonly isPlain: boolean;
  /** By element, the index of each word. */
  readonly #indices: ReadonlyMap<number, ReadonlyMap<Word, number>>;
  /** Elements whose NaN means None. */
  readonly #nones: ReadonlySet<number>;

  constructor(readonly port: Port) {
    // Elements of one list share its indices.
    const shared = new Map<readonly Word[], ReadonlyMap<Word, number>>();
    const indicesOf = (list: readonly Word[]) => {
      const indices = shared.get(list) ?? new Map(list.map((word, index) => [word, index]));
      shared.set(list, indices);
      return indices;
    };
    this.#indices = new Map([...(port.words ?? [])].map(([at, list]) => [at, indicesOf(list)]));
    this.isPlain = this.#indices.size === 0 && port.nones === undefined;
    this.#nones = new Set(port.nones);
  }

  /** Whether nothing looks at the element. */
  isUnused(element: number): boolean {
    return this.#indices.get(element)?.size === 0;
  }

  /** Whether a row may lack the element: nothing looks at it, or the model does something where it is missing. */
  isOptional(element: number): boolean {
    if (this.isUnused(element) || this.port.fills?.get(element)?.known === true) return true;
    return this.#indices.get(element)?.has(null) === true;
  }

  /** `a number`, or what strings it may be. */
  kindOf(element: number): string {
    const words = this.#indices.get(element);
    if (words === undefined) return 'a number';
    const example = [...words.keys()].find((word) => word !== null);
    return example === undefined ? 'a string' : `a string such as ${quote(example)}`;
  }

  /** What a value is written as; undefined that of an element which a row lacks. */
  numberOf(value: unknown, element: number, place: () => string): number {
    const indices = this.#indices.get(element);
    if (indices?.size === 0) return -1;
    if (value === null || value === undefined || Number.isNaN(value)) {
      const number = this.#absent(value as null | undefined | number, element, indices?.get(null));
      if (number !== undefined) return number;
    }
    if (indices !== undefined && typeof value === 'string') return indices.get(value) ?? -1;
    if (indices === undefined && typeof value === 'boolean') return Number(value);
    if (indices !== undefined || typeof value !== 'number') {
      throw new ForwardpassError('INPUT', `expected ${this.kindOf(element)}, found ${describe(value)}`, place());
    }
    if (Number.isNaN(value) && this.#nones.has(element)) {
      const message = 'holds NaN, where this model knows numbers and None; pass null for None';
      throw new ForwardpassError('INPUT', message, place());
    }
    return value;
  }

  /**
   * The number for null, undefined or NaN, where the element takes it; `none` is the index of None among its words.
   * Where the model knows both, null is None, and undefined is NaN as in a data frame made of records that lack a key;
   * where it knows one of them, null and undefined are that one.
   */
  #absent(value: null | undefined | number, element: number, none: number | undefined): number | undefined {
    const { missing, fills } = this.port;
    if (none !== undefined) return value === null || (value === undefined && !missing) ? none : Number.NaN;
    const isTaken = this.#nones.has(element) ? !Number.isNaN(value) : missing || fills?.has(element);
    return isTaken ? Number.NaN : undefined;
  }
}

export function isRow(row: unknown): row is ArrayLike<unknown> {
  return Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));
}
