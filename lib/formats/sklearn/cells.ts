/**
 * The possible values of the input's cells: words, numbers, None and NaN. A file does not state them in one place; each
 * estimator that examines a column contributes its part, in the order in which they are read.
 */
import type { Word } from '../../graph/graph.ts';

/** What an earlier pass over the file found. */
export interface Known {
  /** Columns that hold words. */
  readonly categories: ReadonlySet<number>;
  /** Columns of numbers in which None and NaN are different. */
  readonly both: ReadonlySet<number>;
}

/** The least float32: represents None among numbers if it differs from NaN. */
const NONE = -(2 - 2 ** -23) * 2 ** 127;

export class Cells {
  /** By column, its words, with None as null: see {@link wordIndices}. */
  readonly categories = new Map<number, Word[]>();
  /** By column of words of which only hashes are known: these hashes. See `GraphInput.hashes`. */
  readonly hashes = new Map<number, number[]>();
  /** Whether an imputer or a similar step accepts missing values. */
  takesMissing = false;
  /** By column of numbers, what represents None. */
  readonly nones = new Map<number, number>();
  /** The index of each word among those of its column. */
  readonly #indices = new Map<number, Map<Word, number>>();
  /** Columns of numbers in which some step handles NaN but not None. */
  readonly #nans = new Set<number>();
  /** Columns that were assumed to contain numbers. */
  readonly #numbers = new Set<number>();

  constructor(private readonly known: Known = { categories: new Set(), both: new Set() }) {}

  /** Whether the column contains words, as far as known; if not, it is assumed to contain numbers. */
  isOfWords(column: number): boolean {
    if (this.known.categories.has(column) || this.categories.has(column)) return true;
    this.#numbers.add(column);
    return false;
  }

  /** The numbers that represent words in the column: their indices among all the words of the column. */
  wordIndices(column: number, words: readonly Word[]): readonly number[] {
    const known = this.categories.get(column) ?? [];
    const indices = this.#indices.get(column) ?? new Map<Word, number>();
    this.categories.set(column, known);
    this.#indices.set(column, indices);
    return words.map((word) => {
      const index = indices.get(word) ?? known.push(word) - 1;
      indices.set(word, index);
      return index;
    });
  }

  /** The same for words of which only hashes are known. */
  hashIndices(column: number, hashes: readonly number[]): readonly number[] {
    const known = this.hashes.get(column) ?? [];
    this.hashes.set(column, known);
    const indices = new Map(known.map((hash, index) => [hash, index]));
    return hashes.map((hash) => {
      const index = indices.get(hash) ?? known.push(hash) - 1;
      indices.set(hash, index);
      return index;
    });
  }

  /** Notes that a step handles NaN in the column, but not None. */
  takeNan(column: number | undefined): void {
    this.takesMissing = true;
    if (column !== undefined && !this.isOfWords(column)) this.#nans.add(column);
  }

  /** Notes that a step handles None in a column of numbers; returns what represents it: NaN, unless the two differ. */
  takeNone(column: number): number {
    const none = this.noneOf(column);
    this.nones.set(column, none);
    return none;
  }

  /** NaN if None is represented by NaN, or is not handled. */
  noneOf(column: number): number {
    return this.hasBoth(column) ? NONE : Number.NaN;
  }

  /** Whether None is represented by its own number in the column, which must not be computed with. */
  hasBoth(column: number | undefined): boolean {
    return column !== undefined && this.known.both.has(column);
  }

  /** What the next pass has to know from its beginning; undefined if this one knew it. */
  settle(): Known | undefined {
    const { categories, both } = this.known;
    const isLate = (column: number) => this.categories.has(column) && !categories.has(column);
    if ([...this.#numbers].some(isLate))
      return { categories: new Set([...categories, ...this.categories.keys()]), both };
    const found = [...this.nones.keys()].filter((column) => this.#nans.has(column) && !both.has(column));
    return found.length > 0 ? { categories, both: new Set([...both, ...found]) } : undefined;
  }
}
