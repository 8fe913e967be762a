/** Words of texts of only ASCII, a byte for each character, and terms that are found by four bytes at a time. */
import type { Analysis } from '../graph/terms.ts';
import { basicClasses, CLASS } from './unicode.ts';

const SPACE = 0x20;
const ASCII = 0x80;

/** Characters that are looked at together, of whom a number has a bit each. */
const TOGETHER = 32;
/** Behind a text there are so many bytes at the least: what is read together ends behind it. */
const ROOM = 2 * TOGETHER;

/** Called for each term: where it begins and ends in what was written of the text. */
export type TermSeen = (from: number, to: number) => void;

const encoder = new TextEncoder();

/** By two bytes that are read as one number, a bit for each that is of a word: the lower one for the first. */
let pairs: Uint8Array | undefined;

function pairsOfWords(): Uint8Array {
  if (pairs !== undefined) return pairs;
  const classes = basicClasses();
  const isOfWord = (code: number) => (code < ASCII ? classes[code] & CLASS.word : 0);
  // Whichever end comes first on this processor.
  const both = Uint16Array.from({ length: 2 ** 16 }, (_, pair) => pair);
  const bytes = new Uint8Array(both.buffer);
  pairs = Uint8Array.from(both, (_, pair) => isOfWord(bytes[2 * pair]) | (isOfWord(bytes[2 * pair + 1]) << 1));
  return pairs;
}

/** The words of one text after another, where words are runs of letters: see `leastOfWordRun` of a pattern. */
export class AsciiWords {
  /** Words, and what is between them: one space each where terms have several. */
  bytes = new Uint8Array(1024);
  view = new DataView(this.bytes.buffer);
  /** Of each word where it begins, and where what is behind it does. */
  edges = new Int32Array(1024);
  #pairs = new Uint16Array(this.bytes.buffer);
  readonly #lowercase: boolean;
  readonly #least: number;
  /** How many words a term has. */
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

  /** Undefined where texts have to be read in another way. */
  static of(analysis: Analysis, least: number | undefined): AsciiWords | undefined {
    if (least === undefined) return undefined;
    if (analysis.stopWords.length === 0) return new AsciiWords(analysis, least, undefined);
    const stopWords = AsciiTerms.of(analysis.stopWords);
    return stopWords && new AsciiWords(analysis, least, stopWords);
  }

  /** Each term of the text, as parts of the bytes; false where the text is not of only ASCII. */
  forEach(text: string, seen: TermSeen): boolean {
    const words = this.split(text);
    const most = Math.min(this.#most, words);
    for (let units = this.#units; units <= most; units++) {
      for (let i = 0; i <= words - units; i++) seen(this.edges[2 * i], this.edges[2 * (i + units) - 1]);
    }
    return words >= 0;
  }

  /** How many words the text has; −1 where it is not of only ASCII. */
  split(given: string): number {
    // What is of ASCII once it is in lower case has no letter of which versions of Unicode say different things.
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

  /** Notes where runs of letters begin and end: where a bit differs from the one before it. */
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

  /** Leaves out what is too short, and stop words. */
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

  /** Puts words one after another, with a space behind each. */
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

/** Of terms that are beside each other since their hashes say the same, so many are looked through. */
const MOST_TRIED = 64;
const FEWEST_BITS = 4;
/** A place is of 16 bytes: more do not fit into an array. */
const MOST_BITS = 27;

/** Terms of at most so many bytes are compared by three numbers of four bytes each. */
const SHORT = 12;
const MASKS = [0, 0xff, 0xffff, 0xffffff, -1];
/** By how many bytes a term has, the last one for all that are not short: which of four bytes count, from `from` on. */
const masksFrom = (from: number) =>
  Int32Array.from({ length: SHORT + 2 }, (_, length) => MASKS[Math.min(Math.max(length - from, 0), 4)]);
const [FIRST, SECOND, THIRD] = [masksFrom(0), masksFrom(4), masksFrom(8)];

/** Terms of ASCII among those of a vocabulary, by their bytes. */
export class AsciiTerms {
  /** Of those that are not short all bytes, one term after another; and where each term's end, by its number. */
  readonly #long: DataView;
  readonly #ends: Int32Array;
  /**
   * For a place: a term's first four bytes, its next four, the next four or of one that is not short a hash of all others;
   * its number + 1, which is negative where it is not short; 0 if there is none.
   */
  readonly #places: Int32Array;
  readonly #shift: number;
  readonly #mask: number;
  /** Nobody knows them beforehand, so that no file can hold terms that are all of one hash. */
  readonly #firstFactor = oddNumber();
  readonly #secondFactor = oddNumber();
  readonly #thirdFactor = oddNumber();
  /** Of what is looked for: three numbers as in a place, and the place where it is looked for first. */
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

  /** Undefined where too many terms are alike. */
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
      // No word has the character 0, which is behind those that are short.
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

  /** The numbers of all terms of so many words, −1 of each that is none; overwritten by the next. There is one word at least. */
  findAll({ view, edges }: AsciiWords, words: number, units: number): Int32Array {
    const count = words - units + 1;
    if (count > this.#found.length) {
      this.#sought = new Int32Array(8 * count);
      this.#found = new Int32Array(2 * count);
    }
    const [sought, found] = [this.#sought, this.#found];
    const behind = 2 * units - 1;
    // All are hashed before one is looked for, so that the processor looks for several at a time.
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

  /** Writes what a part of the bytes is looked for by. */
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

  /** Of more than four bytes. */
  #hashOf(view: DataView, from: number, to: number): number {
    const last = to - 4;
    let hash = to - from;
    for (let at = from; at < last; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), this.#firstFactor);
      hash ^= hash >>> 15;
    }
    return Math.imul(hash ^ view.getInt32(last, true), this.#secondFactor);
  }

  /** Whether a part of the bytes is a term that is not short. */
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
