/** Regular expressions of Python's `re`, in time proportional to pattern and text for any input. */
import { parsePattern } from './parse.ts';
import { programOf } from './program.ts';
import { Search } from './search.ts';
import { leastOfWordRun } from './word-run.ts';

export class Pattern {
  /** If it matches every whole run of `\w` of at least some length: that length. */
  readonly leastOfWordRun: number | undefined;
  readonly #search: Search;

  /**
   * @throws {ForwardpassError} MALFORMED, UNSUPPORTED_OP, LIMIT at `place` for patterns that `re` or this parser
   * rejects.
   */
  constructor(pattern: string, place: string) {
    const { expression, hasGroup } = parsePattern(pattern, place);
    this.leastOfWordRun = leastOfWordRun(expression);
    this.#search = new Search(programOf(expression, place), hasGroup);
  }

  /**
   * Calls back with the begin and end of each match, or of its group, like `findall`. Throws `INPUT` for a text that
   * takes too long.
   */
  findAll(text: string, found: (from: number, to: number) => void): void {
    this.#search.findAll(text, found);
  }
}
