/** The words of string tensors, which are represented by numbers: the index of each word. */
export class Vocabulary {
  readonly #list: string[];
  readonly #indices: Map<string, number>;

  /** For a word that occurs twice, the first index applies. */
  constructor(words: Iterable<string> = []) {
    this.#list = [...words];
    this.#indices = new Map(this.#list.map((word, index): [string, number] => [word, index]).reverse());
  }

  /** Grows as words are looked up. */
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
