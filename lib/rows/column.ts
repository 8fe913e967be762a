/** The values that the elements of an input may have, and how they are encoded as numbers. */
import { ForwardpassError } from '../errors.ts';
import type { Word } from '../graph/graph.ts';
import type { Port } from '../graph/lower.ts';
import { spreadOf } from '../graph/word-hash.ts';
import { describe, quote } from '../messages.ts';
import { categoryHash } from './category-hash.ts';

/** The encoding of an element's usual values; undefined for values that need a closer look or are errors. */
export interface QuickElement {
  /** Whether a number or boolean is written unchanged. */
  readonly takesNumbers: boolean;
  readonly categories: ReadonlyMap<Word, number> | undefined;
  /** The number for an unknown string. */
  readonly unknown: number | undefined;
  /** The number for null. */
  readonly nothing: number | undefined;
  /** The number for any value, or none, if the element is unused. */
  readonly unused: number | undefined;
}

/** The most hashed strings that are cached with their numbers. */
const MOST_HASHED = 4096;

/** The number for unknown strings, and for any value of an unused element. */
const UNKNOWN = -1;
const UNUSED = -1;

export class Column {
  /** Whether every element is a number that is written unchanged. */
  readonly isPlain: boolean;
  /** The index of each string, by element. */
  readonly #indices: ReadonlyMap<number, ReadonlyMap<Word, number>>;
  /** The index of each hash, by element of which only hashes are known. */
  readonly #hashes: ReadonlyMap<number, Remembered>;

  /** The encoding of unknown strings, if they are put into buckets by hash. */
  readonly #unknown: Remembered | undefined;

  constructor(readonly port: Port) {
    const { spread } = port;
    this.#unknown = spread && new Remembered((word) => -1 - spreadOf(word, spread));
    // Elements with the same list share its indices.
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

  /** Whether the element is unused. */
  isUnused(element: number): boolean {
    return this.#unknown === undefined && this.#indices.get(element)?.size === 0;
  }

  /** Whether a row may lack the element: it is unused, or the model handles missing values. */
  isOptional(element: number): boolean {
    if (this.#hashes.has(element)) return false;
    if (this.isUnused(element) || this.port.fills?.get(element)?.known === true) return true;
    return this.#none(element) !== undefined;
  }

  /** A description of the allowed values: `a number`, or which strings. */
  kindOf(element: number): string {
    if (this.#hashes.has(element)) return 'a string or an integer';
    if (this.port.present?.has(element)) return 'a number or a string';
    const categories = this.#indices.get(element);
    if (categories === undefined) return 'a number';
    const example = [...categories.keys()].find((word) => word !== null);
    return example === undefined ? 'a string' : `a string such as ${quote(example)}`;
  }

  /** The results of {@link numberOf} for the usual values. */
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

  /** The number that encodes a value; the value is undefined if a row lacks the element. */
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
      const message = `holds ${value}, but the model only accepts numbers and None; pass null for None`;
      throw new ForwardpassError('INPUT', message, place());
    }
    return value;
  }

  #numberOfUnknown(word: string): number {
    return this.#unknown === undefined ? UNKNOWN : this.#unknown.of(word);
  }

  /**
   * The number for null, undefined or NaN, if the element accepts it. If the model distinguishes both, null is None,
   * and undefined is NaN, as in a data frame of records that lack a key. If it knows only one of them, null and
   * undefined both mean that one.
   */
  #absent(value: null | undefined | number, element: number): number | undefined {
    const { missing, fills } = this.port;
    const none = this.#none(element);
    if (none === undefined) return missing || fills?.has(element) ? Number.NaN : undefined;
    if (Number.isNaN(value)) return Number.isNaN(none) ? undefined : Number.NaN;
    return value === null || !fills?.get(element)?.known ? none : Number.NaN;
  }

  /** The number for None, if the model knows it. */
  #none(element: number): number | undefined {
    return this.#indices.get(element)?.get(null) ?? this.port.nones?.get(element);
  }
}

export function isRow(row: unknown): row is ArrayLike<unknown> {
  return Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));
}

/** The numbers of strings by their hashes, cached for recent strings. */
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

/** For an element of which only hashes are known: the index of a string's hash; −1 if it is unknown. */
function indicesByHash(hashes: readonly number[]): Remembered {
  const indices = new Map(hashes.map((hash, index) => [hash, index]));
  return new Remembered((word) => indices.get(categoryHash(word)) ?? UNKNOWN);
}

/** The string that CatBoost uses as a category: a string itself, or an integer or boolean as a string. */
function wordOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return Number.isSafeInteger(value) ? `${value}` : undefined;
}
