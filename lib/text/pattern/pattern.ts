/** Regular expressions of Python's `re`, in time that no pattern and no text makes more than proportional to both. */
import { parsePattern } from './parse.ts';
import { programOf } from './program.ts';
import { Search } from './search.ts';
import { leastOfWordRun } from './word-run.ts';

export class Pattern {
  /** Where it finds every whole run of `\w` of some length: that length. */
  readonly leastOfWordRun: number | undefined;
  readonly #search: Search;

  /** @throws {ForwardpassError} MALFORMED, UNSUPPORTED_OP, LIMIT at `place` for what `re` or this refuses. */
  constructor(pattern: string, place: string) {
    const { expression, hasGroup } = parsePattern(pattern, place);
    this.leastOfWordRun = leastOfWordRun(expression);
    this.#search = new Search(programOf(expression, place), hasGroup);
  }

  /** Where each match, or the group of each, begins and ends: what `findall` gives. Throws `INPUT` for a text that takes too long. */
  findAll(text: string, found: (from: number, to: number) => void): void {
    this.#search.findAll(text, found);
  }
}
