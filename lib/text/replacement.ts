/** TensorFlow's `regex_replace`. */
import { ForwardpassError } from '../errors.ts';
import type { TextChange } from '../graph/terms.ts';
import { quote } from '../messages.ts';
import { lengthsOf } from './pattern/ast.ts';
import { CharacterTest } from './pattern/character.ts';
import { parsePattern } from './pattern/parse.ts';
import { programOf } from './pattern/program.ts';
import { Search } from './pattern/search.ts';
import { fromRe2 } from './re2.ts';
import { codeAt } from './unicode.ts';

type Replace = Extract<TextChange, { op: 'replace' }>;

export class Replacement {
  /** The texts around occurrences of the match. */
  readonly #by: readonly string[];
  readonly #all: boolean;
  readonly #search: Search | undefined;
  /** The test for a pattern of one character. */
  readonly #one: CharacterTest | undefined;

  /** @throws {ForwardpassError} UNSUPPORTED_OP, MALFORMED, LIMIT for invalid or unsupported patterns. */
  constructor({ pattern, by, all }: Replace, place: string) {
    this.#by = partsOf(by, place);
    this.#all = all;
    const { expression } = parsePattern(fromRe2(pattern, place), place);
    if (lengthsOf(expression)[0] === 0) {
      const message = `the pattern ${quote(pattern)} may match the empty string, which is not supported for replacements`;
      throw new ForwardpassError('UNSUPPORTED_OP', message, place);
    }
    if (expression.kind === 'set') this.#one = new CharacterTest(expression.set);
    else this.#search = new Search(programOf(expression, place), false);
  }

  /** @throws {ForwardpassError} INPUT for a text that takes too long. */
  apply(text: string): string {
    let written = '';
    let kept = 0;
    const found = (from: number, to: number) => {
      if (kept > 0 && !this.#all) return;
      written += text.slice(kept, from) + this.#by.join(text.slice(from, to));
      kept = to;
    };
    if (this.#one === undefined) this.#search?.findAll(text, found);
    else this.#eachCharacter(this.#one, text, found);
    return kept === 0 ? text : written + text.slice(kept);
  }

  #eachCharacter(test: CharacterTest, text: string, found: (from: number, to: number) => void): void {
    for (let at = 0; at < text.length; ) {
      const code = codeAt(text, at);
      const next = at + (code > 0xffff ? 2 : 1);
      if (test.has(code)) found(at, next);
      at = next;
    }
  }
}

/** Parses a replacement: `\0` is the match, and two backslashes are one. */
function partsOf(by: string, place: string): string[] {
  const parts = [''];
  for (let at = 0; at < by.length; at++) {
    const next = by[at] === '\\' ? by[++at] : undefined;
    if (next === '0') {
      parts.push('');
      continue;
    }
    if (next !== undefined && next !== '\\') {
      const message = `the replacement ${quote(by)} refers to a group, which is not supported`;
      throw new ForwardpassError('UNSUPPORTED_OP', message, place);
    }
    parts[parts.length - 1] += by[at] ?? '';
  }
  return parts;
}
