/**
 * Turns a text into its terms, like scikit-learn's vectorizers. All terms are substrings of one text that is written
 * here: the words that are kept, separated by one space so that each n-gram is a substring, or the remaining
 * characters.
 */
import type { Analysis, OwnTexts } from '../graph/terms.ts';
import { AsciiWords, type TermSeen } from './ascii-words.ts';
import { textBy, tokensBy } from './own.ts';
import { Pattern } from './pattern/pattern.ts';
import { basicClasses, CLASS, isOf, lowerCase, stripMarks, stripToAscii } from './unicode.ts';
import { Units } from './units.ts';
import { Vocabulary } from './vocabulary.ts';

const SPACE = 0x20;

/** A growing list of positions. */
class Places {
  count = 0;
  data = new Int32Array(256);

  push(place: number): void {
    if (this.count === this.data.length) {
      const grown = new Int32Array(2 * this.count);
      grown.set(this.data);
      this.data = grown;
    }
    this.data[this.count++] = place;
  }
}

export class Analyzer {
  /** The text of which terms are substrings. */
  readonly text = new Units();
  /** A faster reader for ASCII texts; undefined if they need no special treatment. */
  readonly ascii: AsciiWords | undefined;
  readonly #analysis: Analysis;
  readonly #own: OwnTexts;
  readonly #pattern: Pattern | undefined;
  readonly #stopWords: Vocabulary | undefined;
  /** Where units of terms begin, and the position after the last one; for words, also where each ends. */
  readonly #starts = new Places();
  readonly #ends = new Places();

  /** @throws {ForwardpassError} what {@link Pattern} throws, at `place`. */
  constructor(analysis: Analysis, place: string) {
    this.#analysis = analysis;
    const { unit, pattern, stopWords, own } = analysis;
    this.#own = own ?? {};
    this.#pattern = unit === 'word' ? new Pattern(pattern, place) : undefined;
    if (own === undefined) this.ascii = AsciiWords.of(analysis, this.#pattern?.leastOfWordRun);
    this.#stopWords = stopWords.length > 0 ? new Vocabulary(stopWords) : undefined;
  }

  /** Whether a text may be any value, because custom functions read it. */
  get takesAny(): boolean {
    return this.#own.analyzer !== undefined || this.#own.preprocessor !== undefined;
  }

  /** Terms have at most `most` units, if longer ones are not needed. */
  forEach(given: string, seen: TermSeen, most = Infinity): void {
    this.text.clear();
    this.#starts.count = 0;
    this.#ends.count = 0;
    const { unit } = this.#analysis;
    const longest = Math.min(this.#analysis.most, most);
    if (this.#own.analyzer !== undefined) {
      for (const token of tokensBy(this.#own.analyzer, given)) seen(this.#write(token), this.text.length);
    } else if (unit === 'word') {
      this.#words(given);
      this.#wordGrams(seen, longest);
    } else if (unit === 'char') {
      this.#collapsed(this.#prepared(given));
      this.#charGrams(seen, longest);
    } else {
      this.#forEachWithin(this.#prepared(given), seen, longest);
    }
  }

  #prepared(text: string): string {
    const { lowercase, accents } = this.#analysis;
    if (this.#own.preprocessor !== undefined) return textBy(this.#own.preprocessor, text);
    const cased = lowercase ? lowerCase(text) : text;
    if (this.#own.accents !== undefined) return textBy(this.#own.accents, cased);
    if (accents === 'keep') return cased;
    return accents === 'unicode' ? stripMarks(cased) : stripToAscii(cased);
  }

  // Words

  /** Writes a token; returns where it begins. */
  #write(token: string): number {
    const { text } = this;
    text.expect(token.length + 1);
    const start = text.length;
    text.write(token);
    return start;
  }

  #words(given: string): void {
    if (this.#own.tokenizer !== undefined) {
      for (const token of tokensBy(this.#own.tokenizer, this.#prepared(given))) this.#endWord(this.#write(token));
      return;
    }
    const least = this.#pattern?.leastOfWordRun;
    if (least !== undefined) {
      this.#runs(this.#prepared(given), CLASS.word, true, least);
      return;
    }
    const text = this.#prepared(given);
    // An empty match has no units, but a space after it.
    this.text.expect(2 * text.length + 2);
    this.#pattern?.findAll(text, (from, to) => {
      const start = this.text.length;
      for (let at = from; at < to; at++) this.text.push(text.charCodeAt(at));
      this.#endWord(start);
    });
  }

  /** Writes words that are runs of characters in a class, or not in it. */
  #runs(text: string, own: number, isMember: boolean, least: number): void {
    const { text: written } = this;
    const classes = basicClasses();
    written.expect(text.length + 1);
    let [start, count] = [written.length, 0];
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const isHigh = (unit & 0xfc00) === 0xd800 && at + 1 < text.length;
      const low = isHigh ? text.charCodeAt(at + 1) : 0;
      const isPair = isHigh && (low & 0xfc00) === 0xdc00;
      const isOwn = isPair ? isOf(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff), own) : (classes[unit] & own) !== 0;
      if (isOwn === isMember) {
        written.push(unit);
        if (isPair) written.push(low);
        count++;
      } else if (count > 0) {
        if (count >= least) this.#endWord(start);
        else written.length = start;
        start = written.length;
        count = 0;
      }
      if (isPair) at++;
    }
    if (count >= least) this.#endWord(start);
    else written.length = start;
  }

  /** Ends the word that begins at `start`: drops it, or adds a space after it. */
  #endWord(start: number): void {
    const { text } = this;
    if (this.#stopWords !== undefined && this.#stopWords.find(text, start, text.length) >= 0) {
      text.length = start;
      return;
    }
    this.#starts.push(start);
    this.#ends.push(text.length);
    text.push(SPACE);
  }

  #wordGrams(seen: TermSeen, longest: number): void {
    const { count, data: starts } = this.#starts;
    const { data: ends } = this.#ends;
    const most = Math.min(longest, count);
    for (let length = this.#analysis.least; length <= most; length++) {
      for (let i = length - 1; i < count; i++) seen(starts[i - length + 1], ends[i]);
    }
  }

  // Characters

  /** Writes the text with runs of spaces collapsed to one. */
  #collapsed(text: string): void {
    const { text: written } = this;
    const classes = basicClasses();
    written.expect(text.length);
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let end = at;
      while (end < text.length && (classes[text.charCodeAt(end)] & CLASS.space) !== 0) end++;
      if (end - at < 2) {
        written.push(unit);
        continue;
      }
      written.push(SPACE);
      at = end - 1;
    }
  }

  /** Records where characters begin. */
  #mark(from: number, to: number): void {
    const { data } = this.text;
    this.#starts.count = 0;
    for (let at = from; at < to; at++) {
      this.#starts.push(at);
      const isPair = (data[at] & 0xfc00) === 0xd800 && at + 1 < to && (data[at + 1] & 0xfc00) === 0xdc00;
      if (isPair) at++;
    }
    this.#starts.push(to);
  }

  #charGrams(seen: TermSeen, longest: number): void {
    this.#mark(0, this.text.length);
    const { data: starts } = this.#starts;
    const count = this.#starts.count - 1;
    const most = Math.min(longest, count);
    for (let length = this.#analysis.least; length <= most; length++) {
      for (let i = length; i <= count; i++) seen(starts[i - length], starts[i]);
    }
  }

  /**
   * N-grams of characters within words, which have a space on either side; a word shorter than an n-gram counts once.
   */
  #forEachWithin(text: string, seen: TermSeen, longest: number): void {
    const { text: written } = this;
    const { least } = this.#analysis;
    written.expect(text.length + 2);
    written.push(SPACE);
    this.#runs(text, CLASS.space, false, 1);
    const words = this.#ends.count;
    // The ends of words are recorded; the space before the first word is at 0.
    for (let word = 0; word < words; word++) {
      const start = word === 0 ? 0 : this.#ends.data[word - 1];
      this.#mark(start, this.#ends.data[word] + 1);
      const { data: starts } = this.#starts;
      const count = this.#starts.count - 1;
      for (let length = least; length <= Math.max(least, longest); length++) {
        if (length >= count) {
          seen(starts[0], starts[count]);
          break;
        }
        for (let i = length; i <= count; i++) seen(starts[i - length], starts[i]);
      }
    }
  }
}
