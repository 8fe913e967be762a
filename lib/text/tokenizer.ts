/** Turns a text into tokens, like TensorFlow's string operations. */
import { ForwardpassError } from '../errors.ts';
import type { Tokenizing } from '../graph/terms.ts';
import { Replacement } from './replacement.ts';
import { codeAt } from './unicode.ts';

/** Called for each token; returns false if no more are needed. */
type TokenSeen = (token: string) => boolean;

/** The most characters of all n-grams of a text, counted with repetition. */
const MOST_CHARACTERS = 2 ** 26;

export class Tokenizer {
  readonly #changes: readonly ((text: string) => string)[];
  readonly #split: Tokenizing['split'];
  readonly #grams: readonly number[];

  /** @throws {ForwardpassError} errors of patterns, at `place`. */
  constructor({ changes, split, grams }: Tokenizing, place: string) {
    this.#changes = changes.map((change) => {
      if (change.op === 'lower') return change.ascii ? lowerAscii : (text) => text.toLowerCase();
      if (change.op === 'strip') return stripped;
      const replacement = new Replacement(change, place);
      return (text) => replacement.apply(text);
    });
    this.#split = split;
    this.#grams = grams;
  }

  /** @throws {ForwardpassError} INPUT if it takes too long. */
  forEach(given: string, seen: TokenSeen): void {
    let text = given;
    for (const change of this.#changes) text = change(text);
    if (this.#grams.length === 0) this.#forEachToken(text, seen);
    else this.#forEachGram(text, seen);
  }

  #forEachToken(text: string, seen: TokenSeen): void {
    const split = this.#split;
    if (split === 'space') spaced(text, seen);
    else if (split === 'character') characters(text, seen);
    else if (split === 'none') seen(text);
    else between(text, split.between, seen);
  }

  #forEachGram(text: string, seen: TokenSeen): void {
    const tokens: string[] = [];
    this.#forEachToken(text, (token) => tokens.push(token) > 0);
    let left = MOST_CHARACTERS;
    for (const count of this.#grams) {
      for (let from = 0; from + count <= tokens.length; from++) {
        const gram = count === 1 ? tokens[from] : tokens.slice(from, from + count).join(' ');
        left -= gram.length + 1;
        if (left < 0) throw new ForwardpassError('INPUT', 'has too many n-grams; pass a shorter text');
        if (!seen(gram)) return;
      }
    }
  }
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function stripped(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Whether it is white space in C. */
function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13);
}

/** Splits at white space. */
function spaced(text: string, seen: TokenSeen): void {
  let start = -1;
  for (let at = 0; at <= text.length; at++) {
    const unit = at < text.length ? text.charCodeAt(at) : 32;
    if (!isSpace(unit)) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      if (!seen(text.slice(start, at))) return;
      start = -1;
    }
  }
}

function characters(text: string, seen: TokenSeen): void {
  for (let at = 0; at < text.length; ) {
    const next = at + (codeAt(text, at) > 0xffff ? 2 : 1);
    if (!seen(text.slice(at, next))) return;
    at = next;
  }
}

/** Splits at a separator; an empty text is one token. */
function between(text: string, separator: string, seen: TokenSeen): void {
  for (let from = 0; ; ) {
    const at = text.indexOf(separator, from);
    if (!seen(at < 0 ? text.slice(from) : text.slice(from, at)) || at < 0) return;
    from = at + separator.length;
  }
}
