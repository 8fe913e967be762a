/** Words of ASCII texts, with a byte for each character, and terms that are looked up four bytes at a time. */
import type { Analysis } from '../graph/terms.ts';
import { basicClasses, CLASS } from './unicode.ts';

const SPACE = 0x20;
const ASCII = 0x80;

/** The number of characters that are processed together, each with a bit of a number. */
const TOGETHER = 32;
/** The least number of bytes after a text, because reads of several bytes extend beyond its end. */
const ROOM = 2 * TOGETHER;

/** Called for each term, with its begin and end in the written text. */
export type TermSeen = (from: number, to: number) => void;

const encoder = new TextEncoder();

/** For two bytes read as one number: a bit for each that belongs to a word, the lower bit for the first. */
let pairs: Uint8Array | undefined;

function pairsOfWords(): Uint8Array {
  if (pairs !== undefined) return pairs;
  const classes = basicClasses();
  const isOfWord = (code: number) => (code < ASCII ? classes[code] & CLASS.word : 0);
  // In the byte order of this processor.
  const both = Uint16Array.from({ length: 2 ** 16 }, (_, pair) => pair);
  const bytes = new Uint8Array(both.buffer);
  pairs = Uint8Array.from(both, (_, pair) => isOfWord(bytes[2 * pair]) | (isOfWord(bytes[2 * pair + 1]) << 1));
  return pairs;
}

/** The words of texts, where words are runs of letters: see `leastOfWordRun` of patterns. */
export class AsciiWords {
  /** The words, separated by one space if terms have several words. */
  bytes = new Uint8Array(1024);
  view = new DataView(this.bytes.buffer);
  /** For each word, where it begins and ends. */
  edges = new Int32Array(1024);
  #pairs = new Uint16Array(this.bytes.buffer);
  readonly #lowercase: boolean;
  readonly #least: number;
  /** The number of words of a term. */
  readonly #units: number;
  readonly #most: number;
  readonly #stopWords: AsciiTerms | undefined;

  private constructor(analysis: Analysis, least: number, stopWords: AsciiTerms | undefined) {
    this.#lowercase = analysis.lowercase;
    this.#least = least;
    this.#units = analysis.least;
    this.#most = analysis.most;
    this.#stopWords = stopWords;
  }

  /** Undefined if texts must be read in another way. */
  static of(analysis: Analysis, least: number | undefined): AsciiWords | undefined {
    if (least === undefined) return undefined;
    if (analysis.stopWords.length === 0) return new AsciiWords(analysis, least, undefined);
    const stopWords = AsciiTerms.of(analysis.stopWords);
    return stopWords && new AsciiWords(analysis, least, stopWords);
  }

  /** Calls back for each term of the text, as a part of the bytes; false if the text is not ASCII. */
  forEach(text: string, seen: TermSeen): boolean {
    const words = this.split(text);
    const most = Math.min(this.#most, words);
    for (let units = this.#units; units <= most; units++) {
      for (let i = 0; i <= words - units; i++) seen(this.edges[2 * i], this.edges[2 * (i + units) - 1]);
    }
    return words >= 0;
  }

  /** The number of words of the text; −1 if it is not ASCII. */
  split(given: string): number {
    // A text that is ASCII in lower case has no letters that differ between versions of Unicode.
    const text = this.#lowercase ? given.toLowerCase() : given;
    const size = text.length;
    if (size + ROOM > this.bytes.length) this.#grow(size);
    const { read, written } = encoder.encodeInto(text, this.bytes);
    if (read !== size || written !== size) return -1;
    const words = this.#without(this.#runs(size));
    if (this.#most > 1) this.#join(words);
    return words;
  }

  #grow(size: number): void {
    this.bytes = new Uint8Array(2 * (size + ROOM));
    this.view = new DataView(this.bytes.buffer);
    this.#pairs = new Uint16Array(this.bytes.buffer);
    this.edges = new Int32Array(size + ROOM);
  }

  /** Records where runs of letters begin and end: where a bit differs from the previous one. */
  #runs(size: number): number {
    const { bytes, edges } = this;
    const [pairs, isOfWord] = [this.#pairs, pairsOfWords()];
    bytes.fill(0, size, size + TOGETHER);
    let [count, before] = [0, 0];
    for (let at = 0; at <= size; at += TOGETHER) {
      let letters = 0;
      for (let pair = 0; pair < TOGETHER; pair += 2) letters |= isOfWord[pairs[(at + pair) >> 1]] << pair;
      for (let bits = letters ^ ((letters << 1) | before); bits !== 0; bits &= bits - 1) {
        edges[count++] = at + 31 - Math.clz32(bits & -bits);
      }
      before = letters >>> 31;
    }
    return count >> 1;
  }

  /** Removes short words and stop words. */
  #without(words: number): number {
    const { edges } = this;
    const least = this.#least;
    let kept = 0;
    for (let i = 0; i < words; i++) {
      const start = edges[2 * i];
      const end = edges[2 * i + 1];
      edges[2 * kept] = start;
      edges[2 * kept + 1] = end;
      if (end - start >= least) kept++;
    }
    if (this.#stopWords === undefined) return kept;
    const ids = this.#stopWords.findAll(this, kept, 1);
    let left = 0;
    for (let i = 0; i < kept; i++) {
      if (ids[i] >= 0) continue;
      edges[2 * left] = edges[2 * i];
      edges[2 * left + 1] = edges[2 * i + 1];
      left++;
    }
    return left;
  }

  /** Joins words, with a space after each. */
  #join(words: number): void {
    const { bytes, edges } = this;
    let length = 0;
    for (let i = 0; i < words; i++) {
      const start = edges[2 * i];
      const end = edges[2 * i + 1];
      edges[2 * i] = length;
      for (let at = start; at < end; at++) bytes[length++] = bytes[at];
      edges[2 * i + 1] = length;
      bytes[length++] = SPACE;
    }
  }
}

/** The most terms with colliding hashes that are searched. */
const MOST_TRIED = 64;
const FEWEST_BITS = 4;
/** A slot has 16 bytes; more slots do not fit into an array. */
const MOST_BITS = 27;

/** Terms of at most this many bytes are compared as three numbers of four bytes each. */
const SHORT = 12;
const MASKS = [0, 0xff, 0xffff, 0xffffff, -1];
/** For each length of a term, which of the four bytes at `from` count; the last entry is for all longer terms. */
const masksFrom = (from: number) =>
  Int32Array.from({ length: SHORT + 2 }, (_, length) => MASKS[Math.min(Math.max(length - from, 0), 4)]);
const [FIRST, SECOND, THIRD] = [masksFrom(0), masksFrom(4), masksFrom(8)];

/** Looks up the ASCII terms of a vocabulary by their bytes. */
export class AsciiTerms {
  /** The bytes of all long terms in sequence, and the end of each term by its number. */
  readonly #long: DataView;
  readonly #ends: Int32Array;
  /**
   * For each slot: a term's first four bytes, its next four, then the next four or, for a long term, a hash of all
   * others; and its number + 1, negative for a long term, or 0 if the slot is empty.
   */
  readonly #places: Int32Array;
  readonly #shift: number;
  readonly #mask: number;
  /** Random, so that no file can be made whose terms all have the same hash. */
  readonly #firstFactor = oddNumber();
  readonly #secondFactor = oddNumber();
  readonly #thirdFactor = oddNumber();
  /** For each term to look up: three numbers as in a slot, and the first slot to search. */
  #sought = new Int32Array(1024);
  #found = new Int32Array(256);

  private constructor(terms: readonly string[]) {
    let bytes = 0;
    this.#ends = Int32Array.from(terms, ({ length }) => {
      bytes += length > SHORT ? length : 0;
      return bytes;
    });
    this.#long = new DataView(new ArrayBuffer(bytes));
    const bits = Math.min(Math.max(Math.ceil(Math.log2(1.5 * terms.length + 1)), FEWEST_BITS), MOST_BITS);
    this.#places = new Int32Array(4 * 2 ** bits);
    this.#shift = 32 - bits;
    this.#mask = 2 ** bits - 1;
  }

  /** Undefined if too many terms collide. */
  static of(terms: readonly string[]): AsciiTerms | undefined {
    const made = new AsciiTerms(terms);
    return made.#addAll(terms) ? made : undefined;
  }

  #addAll(terms: readonly string[]): boolean {
    let bytes = new Uint8Array(1024);
    for (let id = 0; id < terms.length; id++) {
      const { length } = terms[id];
      if (length + ROOM > bytes.length) bytes = new Uint8Array(2 * (length + ROOM));
      const { read, written } = encoder.encodeInto(terms[id], bytes);
      // Words never contain the character 0, which pads short terms.
      if (read !== length || written !== length || terms[id].includes('\0')) continue;
      if (!this.#add(id, bytes, length)) return false;
    }
    return true;
  }

  #add(id: number, bytes: Uint8Array, length: number): boolean {
    if (length > SHORT) new Uint8Array(this.#long.buffer).set(bytes.subarray(0, length), this.#ends[id] - length);
    this.#seek(new DataView(bytes.buffer), 0, length, 0);
    const slot = this.#sought[3];
    for (let tried = 0; tried < MOST_TRIED; tried++) {
      const place = 4 * ((slot + tried) & this.#mask);
      if (this.#places[place + 3] !== 0) continue;
      this.#places.set(this.#sought.subarray(0, 3), place);
      this.#places[place + 3] = length > SHORT ? -id - 1 : id + 1;
      return true;
    }
    return false;
  }

  /**
   * The numbers of all terms of the words, −1 for unknown ones; overwritten by the next call. There must be at least
   * one word.
   */
  findAll({ view, edges }: AsciiWords, words: number, units: number): Int32Array {
    const count = words - units + 1;
    if (count > this.#found.length) {
      this.#sought = new Int32Array(8 * count);
      this.#found = new Int32Array(2 * count);
    }
    const [sought, found] = [this.#sought, this.#found];
    const behind = 2 * units - 1;
    // All terms are hashed before any is looked up, so that the processor can overlap the lookups.
    for (let i = 0; i < count; i++) this.#seek(view, edges[2 * i], edges[2 * i + behind], 4 * i);
    const [places, mask] = [this.#places, this.#mask];
    for (let i = 0; i < count; i++) {
      const first = sought[4 * i];
      const second = sought[4 * i + 1];
      const third = sought[4 * i + 2];
      const slot = sought[4 * i + 3];
      let id = -1;
      for (let tried = 0; tried < MOST_TRIED; tried++) {
        const place = 4 * ((slot + tried) & mask);
        const number = places[place + 3];
        if (number === 0) break;
        if (((places[place] ^ first) | (places[place + 1] ^ second) | (places[place + 2] ^ third)) !== 0) continue;
        if (number > 0 && edges[2 * i + behind] - edges[2 * i] > SHORT) continue;
        if (number < 0 && !this.#isLong(-number - 1, view, edges[2 * i], edges[2 * i + behind])) continue;
        id = Math.abs(number) - 1;
        break;
      }
      found[i] = id;
    }
    return found;
  }

  /** Writes the key for looking up a part of the bytes. */
  #seek(view: DataView, from: number, to: number, at: number): void {
    const sought = this.#sought;
    const length = to - from;
    const masks = length > SHORT ? SHORT + 1 : length;
    const first = view.getInt32(from, true) & FIRST[masks];
    const second = view.getInt32(from + 4, true) & SECOND[masks];
    const third = length > SHORT ? this.#hashOf(view, from + 8, to) : view.getInt32(from + 8, true) & THIRD[masks];
    sought[at] = first;
    sought[at + 1] = second;
    sought[at + 2] = third;
    sought[at + 3] =
      (Math.imul(first, this.#firstFactor) +
        Math.imul(second, this.#secondFactor) +
        Math.imul(third, this.#thirdFactor)) >>>
      this.#shift;
  }

  /** The hash of more than four bytes. */
  #hashOf(view: DataView, from: number, to: number): number {
    const last = to - 4;
    let hash = to - from;
    for (let at = from; at < last; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), this.#firstFactor);
      hash ^= hash >>> 15;
    }
    return Math.imul(hash ^ view.getInt32(last, true), this.#secondFactor);
  }

  /** Whether a part of the bytes equals a long term. */
  #isLong(id: number, view: DataView, from: number, to: number): boolean {
    const end = this.#ends[id];
    const start = id === 0 ? 0 : this.#ends[id - 1];
    const length = to - from;
    if (end - start !== length) return false;
    const own = this.#long;
    for (let at = 8; at < length - 4; at += 4) {
      if (own.getInt32(start + at, true) !== view.getInt32(from + at, true)) return false;
    }
    return own.getInt32(end - 4, true) === view.getInt32(to - 4, true);
  }
}

function oddNumber(): number {
  return Math.floor(Math.random() * 2 ** 32) | 1;
}
