/**
 * What the cells of the model's input may be: words, numbers, None and NaN. No one place of a file says so; each
 * estimator that looks at a column tells its part, in the order in which they are read.
 */
import type { Word } from '../../graph/graph.ts';

/** What an earlier reading found. */
export interface Known {
  /** Columns that hold words. */
  readonly categories: ReadonlySet<number>;
  /** Columns of numbers in which None and NaN are two things. */
  readonly both: ReadonlySet<number>;
}

/** The least float32: what None is among numbers where it is not NaN. */
const NONE = -(2 - 2 ** -23) * 2 ** 127;

export class Cells {
  /** By column, its words, None among them as null: see {@link wordIndices}. */
  readonly categories = new Map<number, Word[]>();
  /** By column of words for which only hashes are known, the hashes: see `GraphInput.hashes`. */
  readonly hashes = new Map<number, number[]>();
  /** Whether an imputer or its like takes missing values in. */
  takesMissing = false;
  /** By column of numbers, what None is there. */
  readonly nones = new Map<number, number>();
  /** Of each word its index among those of its column. */
  readonly #indices = new Map<number, Map<Word, number>>();
  /** Columns of numbers in which NaN is looked for, and None is not. */
  readonly #nans = new Set<number>();
  /** Columns that were taken to hold numbers. */
  readonly #numbers = new Set<number>();

  constructor(private readonly known: Known = { categories: new Set(), both: new Set() }) {}

  /** Whether the column holds words, as far as is known; where it does not, it is taken to hold numbers. */
  isOfWords(column: number): boolean {
    if (this.known.categories.has(column) || this.categories.has(column)) return true;
    this.#numbers.add(column);
    return false;
  }

  /** The numbers by which the column is given words: their indices among all the words of the column. */
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

  /** The same for words for which only hashes are known. */
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

  /** NaN is looked for in the column, and None is another thing there. */
  takeNan(column: number | undefined): void {
    this.takesMissing = true;
    if (column !== undefined && !this.isOfWords(column)) this.#nans.add(column);
  }

  /** None is looked for in a column of numbers; gives what it is there: NaN, unless that is another thing. */
  takeNone(column: number): number {
    const none = this.noneOf(column);
    this.nones.set(column, none);
    return none;
  }

  /** NaN where None is NaN, or is not looked for. */
  noneOf(column: number): number {
    return this.hasBoth(column) ? NONE : Number.NaN;
  }

  /** Whether None is its own number in the column, which nothing may compute with. */
  hasBoth(column: number | undefined): boolean {
    return column !== undefined && this.known.both.has(column);
  }

  /** What the next reading has to know from its beginning; undefined when this one knew it. */
  settle(): Known | undefined {
    const { categories, both } = this.known;
    const isLate = (column: number) => this.categories.has(column) && !categories.has(column);
    if ([...this.#numbers].some(isLate))
      return { categories: new Set([...categories, ...this.categories.keys()]), both };
    const found = [...this.nones.keys()].filter((column) => this.#nans.has(column) && !both.has(column));
    return found.length > 0 ? { categories, both: new Set([...both, ...found]) } : undefined;
  }
}
