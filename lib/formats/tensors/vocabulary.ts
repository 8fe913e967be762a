/** The words of string tensors, which are read as numbers: the index of each. */
export class Vocabulary {
  readonly #list: string[];
  readonly #indices: Map<string, number>;

  /** A word that is given twice counts where it is first. */
  constructor(words: Iterable<string> = []) {
    this.#list = [...words];
    this.#indices = new Map(this.#list.map((word, index): [string, number] => [word, index]).reverse());
  }

  /** Grows with the words that are looked up. */
  get list(): readonly string[] {
    return this.#list;
  }

  /** Adds the word if it is new. */
  indexOf(word: string): number {
    let index = this.#indices.get(word);
    if (index === undefined) {
      index = this.#list.push(word) - 1;
      this.#indices.set(word, index);
    }
    return index;
  }
}
