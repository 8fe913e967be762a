/**
 * What the cells of the model's input may be: words, numbers, None and NaN. No one place of a file says so; each
 * estimator that looks at a column tells its part, in the order in which they are read.
 */
import type { ForwardpassError } from '../../errors.ts';
import type { Word } from '../../graph/graph.ts';

export class Cells {
  /** By column, its words, None among them as null: see {@link wordIndices}. */
  readonly words = new Map<number, Word[]>();
  /** Whether an imputer or its like takes missing values in. */
  takesMissing = false;
  /** Columns of numbers whose NaN means None. */
  readonly nones = new Set<number>();
  /** Columns of numbers in which NaN is looked for, and None is not. */
  readonly #nans = new Set<number>();
  /** Columns that were taken to hold numbers. */
  readonly #numbers = new Set<number>();
  readonly #conflicts = new Map<number, ForwardpassError>();

  /** `known` are columns of which an earlier reading found that they hold words. */
  constructor(private readonly known: ReadonlySet<number> = new Set()) {}

  /** Whether the column holds words, as far as is known; where it does not, it is taken to hold numbers. */
  isOfWords(column: number): boolean {
    if (this.known.has(column) || this.words.has(column)) return true;
    this.#numbers.add(column);
    return false;
  }

  /** The numbers by which the column is given words: their indices among all the words of the column. */
  wordIndices(column: number, words: readonly Word[]): readonly number[] {
    const known = this.words.get(column) ?? [];
    this.words.set(column, known);
    const indices = new Map(known.map((word, i) => [word, i]));
    return words.map((word) => {
      const index = indices.get(word) ?? known.push(word) - 1;
      indices.set(word, index);
      return index;
    });
  }

  /** NaN is looked for in the column, and None is another thing there: among words they differ, among numbers not. */
  takeNan(column: number | undefined, conflict: () => ForwardpassError): void {
    this.takesMissing = true;
    if (column === undefined || this.isOfWords(column)) return;
    this.#nans.add(column);
    if (this.nones.has(column)) this.#conflicts.set(column, conflict());
  }

  /** None is looked for in a column of numbers, where NaN has to stand for it. */
  takeNone(column: number, conflict: () => ForwardpassError): void {
    this.nones.add(column);
    if (this.#nans.has(column)) this.#conflicts.set(column, conflict());
  }

  /**
   * What the next reading has to know from its beginning, since columns that were taken to hold numbers turned out to
   * hold words; undefined when there is nothing of the kind. Throws where None and NaN are two things in a column of
   * numbers.
   */
  settle(): ReadonlySet<number> | undefined {
    const isLate = (column: number) => this.words.has(column) && !this.known.has(column);
    if ([...this.#numbers].some(isLate)) return new Set([...this.known, ...this.words.keys()]);
    for (const conflict of this.#conflicts.values()) throw conflict;
    return undefined;
  }
}
