/** What the elements of an input may be, and the number that each becomes. */
import { ForwardpassError } from '../errors.ts';
import type { Word } from '../graph/graph.ts';
import type { Port } from '../graph/lower.ts';
import { spreadOf } from '../graph/word-hash.ts';
import { describe, quote } from '../messages.ts';
import { categoryHash } from './category-hash.ts';

/** What an element's usual values are written as; undefined for what needs a closer look, or is an error. */
export interface QuickElement {
  /** Whether a number or boolean is written as it is. */
  readonly takesNumbers: boolean;
  readonly categories: ReadonlyMap<Word, number> | undefined;
  /** For a string that is not among the words. */
  readonly unknown: number | undefined;
  /** For null. */
  readonly nothing: number | undefined;
  /** For anything, also nothing at all, where nothing looks at the element. */
  readonly unused: number | undefined;
}

/** Of words that were hashed, so many are kept with what they became. */
const MOST_HASHED = 4096;

/** What a word is written as that is none of an element's, and anything for an element that nothing looks at. */
const UNKNOWN = -1;
const UNUSED = -1;

export class Column {
  /** Whether a number stands for itself in every element. */
  readonly isPlain: boolean;
  /** By element, the index of each word. */
  readonly #indices: ReadonlyMap<number, ReadonlyMap<Word, number>>;
  /** By element of which only hashes are known, the index of each hash. */
  readonly #hashes: ReadonlyMap<number, Remembered>;

  /** What other words are written as, where they are put into places by their hash. */
  readonly #unknown: Remembered | undefined;

  constructor(readonly port: Port) {
    const { spread } = port;
    this.#unknown = spread && new Remembered((word) => -1 - spreadOf(word, spread));
    // Elements of one list share its indices.
    const shared = new Map<readonly Word[], ReadonlyMap<Word, number>>();
    const indicesOf = (list: readonly Word[]) => {
      const indices = shared.get(list) ?? new Map(list.map((word, index) => [word, index]));
      shared.set(list, indices);
      return indices;
    };
    this.#indices = new Map([...(port.categories ?? [])].map(([at, list]) => [at, indicesOf(list)]));
    this.#hashes = new Map([...(port.hashes ?? [])].map(([at, hashes]) => [at, indicesByHash(hashes)]));
    const { nones, present } = port;
    this.isPlain = this.#indices.size === 0 && this.#hashes.size === 0 && nones === undefined && present === undefined;
  }

  /** Whether nothing looks at the element. */
  isUnused(element: number): boolean {
    return this.#unknown === undefined && this.#indices.get(element)?.size === 0;
  }

  /** Whether a row may lack the element: nothing looks at it, or the model does something where it is missing. */
  isOptional(element: number): boolean {
    if (this.#hashes.has(element)) return false;
    if (this.isUnused(element) || this.port.fills?.get(element)?.known === true) return true;
    return this.#none(element) !== undefined;
  }

  /** `a number`, or what strings it may be. */
  kindOf(element: number): string {
    if (this.#hashes.has(element)) return 'a string or an integer';
    if (this.port.present?.has(element)) return 'a number or a string';
    const categories = this.#indices.get(element);
    if (categories === undefined) return 'a number';
    const example = [...categories.keys()].find((word) => word !== null);
    return example === undefined ? 'a string' : `a string such as ${quote(example)}`;
  }

  /** What {@link numberOf} gives for the usual values. */
  quick(element: number): QuickElement {
    if (this.isUnused(element)) {
      return { takesNumbers: false, categories: undefined, unknown: UNUSED, nothing: UNUSED, unused: UNUSED };
    }
    const words = this.#indices.get(element);
    const isOther = this.#hashes.has(element) || this.port.present?.has(element) === true;
    return {
      takesNumbers: !isOther && words === undefined && this.port.nones?.get(element) === undefined,
      categories: isOther ? undefined : words,
      unknown: isOther || words === undefined || this.#unknown !== undefined ? undefined : UNKNOWN,
      nothing: isOther ? undefined : this.#absent(null, element),
      unused: undefined,
    };
  }

  /** What a value is written as; undefined that of an element which a row lacks. */
  numberOf(value: unknown, element: number, place: () => string): number {
    const hashed = this.#hashes.get(element);
    if (hashed !== undefined) {
      const word = wordOf(value);
      if (word !== undefined) return hashed.of(word);
      throw new ForwardpassError('INPUT', `expected ${this.kindOf(element)}, found ${describe(value)}`, place());
    }
    const indices = this.#indices.get(element);
    if (this.isUnused(element)) return UNUSED;
    if (value === null || value === undefined || Number.isNaN(value)) {
      const number = this.#absent(value as null | undefined | number, element);
      if (number !== undefined) return number;
    }
    if (typeof value === 'string' && this.port.present?.has(element)) return 0;
    if (indices !== undefined && typeof value === 'string') return indices.get(value) ?? this.#numberOfUnknown(value);
    if (indices === undefined && typeof value === 'boolean') return Number(value);
    if (indices !== undefined || typeof value !== 'number') {
      throw new ForwardpassError('INPUT', `expected ${this.kindOf(element)}, found ${describe(value)}`, place());
    }
    if (Object.is(value, this.port.nones?.get(element))) {
      const message = `holds ${value}, where this model knows numbers and None; pass null for None`;
      throw new ForwardpassError('INPUT', message, place());
    }
    return value;
  }

  #numberOfUnknown(word: string): number {
    return this.#unknown === undefined ? UNKNOWN : this.#unknown.of(word);
  }

  /**
   * The number for null, undefined or NaN, where the element takes it. Where the model knows both, null is None, and undefined is NaN as in a data frame made of records that lack a key;
   * where it knows one of them, null and undefined are that one.
   */
  #absent(value: null | undefined | number, element: number): number | undefined {
    const { missing, fills } = this.port;
    const none = this.#none(element);
    if (none === undefined) return missing || fills?.has(element) ? Number.NaN : undefined;
    if (Number.isNaN(value)) return Number.isNaN(none) ? undefined : Number.NaN;
    return value === null || !fills?.get(element)?.known ? none : Number.NaN;
  }

  /** What None is written as, where the model knows it. */
  #none(element: number): number | undefined {
    return this.#indices.get(element)?.get(null) ?? this.port.nones?.get(element);
  }
}

export function isRow(row: unknown): row is ArrayLike<unknown> {
  return Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));
}

/** What words become by their hashes, which is kept for those that were met last. */
class Remembered {
  readonly #met = new Map<string, number>();

  constructor(readonly make: (word: string) => number) {}

  of(word: string): number {
    const met = this.#met.get(word);
    if (met !== undefined) return met;
    const made = this.make(word);
    if (this.#met.size >= MOST_HASHED) this.#met.clear();
    this.#met.set(word, made);
    return made;
  }
}

/** Of an element of which only hashes are known, the index of a word's hash; −1 for a word with another. */
function indicesByHash(hashes: readonly number[]): Remembered {
  const indices = new Map(hashes.map((hash, index) => [hash, index]));
  return new Remembered((word) => indices.get(categoryHash(word)) ?? UNKNOWN);
}

/** What CatBoost takes for a category: a string, or an integer or truth as a string. */
function wordOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return Number.isSafeInteger(value) ? `${value}` : undefined;
}
