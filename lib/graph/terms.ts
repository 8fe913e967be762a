/**
 * How texts, and records of any keys, become sparse rows: what scikit-learn's vectorizers do, and the steps behind them that
 * leave zeros zeros. Plain data: a frozen file holds it, and threads share it.
 */

import type { NormName } from './operations/choices.ts';

/** Words; characters of the whole text, or within words. */
export const TERM_UNITS = ['word', 'char', 'char_wb'] as const;
export const ACCENTS = ['keep', 'ascii', 'unicode'] as const;

/** What a {@link TextFunction} receives besides the text. */
export interface TextContext {
  /** The function's name in Python. */
  readonly name: string;
  /** Its attributes in the file if it is an object, by their Python names. */
  // biome-ignore lint/suspicious/noExplicitAny: what they hold depends on the file
  readonly attributes: Readonly<Record<string, any>>;
}

/** Takes a text and returns another text, or its terms, depending on its place in the vectorizer. */
export type TextFunction = (text: string, context: TextContext) => string | readonly string[];

/** A function of the author's own, as the caller computes it. No file holds it, and no other thread has it. */
export interface OwnText {
  readonly name: string;
  /** Of the vectorizer. */
  readonly place: string;
  readonly attributes: TextContext['attributes'];
  readonly run: TextFunction;
}

/** By what they stand for in scikit-learn. */
export interface OwnTexts {
  /** Instead of case and accents. */
  readonly preprocessor?: OwnText;
  /** Instead of taking accents off. */
  readonly accents?: OwnText;
  /** Instead of the pattern. */
  readonly tokenizer?: OwnText;
  /** Instead of all of that, and of stop words and n-grams. */
  readonly analyzer?: OwnText;
}

/** From a text to its terms. */
export interface Analysis {
  readonly unit: (typeof TERM_UNITS)[number];
  readonly lowercase: boolean;
  /** Whether accents are taken off: all that is not ASCII then, or what Unicode says of them. */
  readonly accents: (typeof ACCENTS)[number];
  /** Of words: Python's regular expression of one. */
  readonly pattern: string;
  /** Words that are left out. */
  readonly stopWords: readonly string[];
  /** How many units a term has. */
  readonly least: number;
  readonly most: number;
  readonly own?: OwnTexts;
}

/** How a text that TensorFlow's string operations read is parted: at white space, into its characters, or not at all. */
export const TOKEN_SPLITS = ['space', 'character', 'none'] as const;

/** From a text to its tokens, as TensorFlow's string operations. */
export interface Tokenizing {
  readonly changes: readonly TextChange[];
  /** Another text than one of the splits is what is between two tokens. */
  readonly split: (typeof TOKEN_SPLITS)[number] | { readonly between: string };
  /** Of how many tokens each n-gram is made, those of the first number first, with a space between; none: the tokens. */
  readonly grams: readonly number[];
}

/** `ascii` changes the letters of only ASCII; `strip` takes white space of C off both ends. `replace`: what an expression of RE2 matches, everywhere or where it does first. */
export type TextChange =
  | { readonly op: 'lower'; readonly ascii: boolean }
  | { readonly op: 'strip' }
  | { readonly op: 'replace'; readonly pattern: string; readonly by: string; readonly all: boolean };

/**
 * What a row's pairs say of its tokens: for each number that a token has, how many tokens have it, or 1; or for each place
 * of a token, its number.
 */
export const TOKEN_ROWS = ['counts', 'hits', 'places'] as const;

export const HASHED_KINDS = ['word', 'integer'] as const;
export type HashedKind = (typeof HASHED_KINDS)[number];

/** What a value of a row is hashed as: a text by its terms, an array of strings, of pairs, or a record by its entries. */
export const HASHED_VALUES = ['text', 'strings', 'pairs', 'record'] as const;
export type HashedValue = (typeof HASHED_VALUES)[number];

/**
 * Functions of single weights; but for the last each leaves 0 as it is. `sublinear` is 1 + log x; `keep_zeros` gives for 0
 * the least number above it, for what takes a zero that is there for another thing than none.
 */
export const WEIGHT_FUNCTIONS = [
  ...(['sublinear', 'abs', 'sign', 'sqrt', 'square', 'log1p', 'expm1', 'float32', 'keep_zeros'] as const),
] as const;
export type WeightFunction = (typeof WEIGHT_FUNCTIONS)[number];

/** `single`: weights are rounded to float32. `of`: the step before, by its position. */
export type TermStep =
  /** A text: how often each of the terms is in it; of `binary` 1. A term's id is its position. */
  | {
      readonly op: 'count';
      readonly feature: number;
      readonly analysis: Analysis;
      readonly terms: readonly string[];
      readonly binary: boolean;
    }
  /** The id of a term is its hash modulo `size`; with `signed` it counts as −1 where the hash is negative. */
  | {
      readonly op: 'hash';
      readonly feature: number;
      readonly value: HashedValue;
      /** Of a text. */
      readonly analysis?: Analysis;
      readonly size: number;
      readonly signed: boolean;
      readonly binary: boolean;
      readonly single: boolean;
    }
  /**
   * A text's tokens, each of which has a number: that of the term which it is, or `unknown`. A row has `width` ids; of
   * `places` tokens beyond are left out, of the others numbers beyond.
   */
  | {
      readonly op: 'tokens';
      readonly feature: number;
      readonly tokenizing: Tokenizing;
      readonly terms: readonly string[];
      /** By term. */
      readonly numbers: readonly number[];
      readonly unknown: number;
      readonly row: (typeof TOKEN_ROWS)[number];
      readonly width: number;
    }
  /**
   * One place from 0 to before `count` for a word or an integer, or for several together, by TensorFlow's hashes: the weight of
   * the one id 0. An integer by itself is hashed as the word that spells it.
   */
  | {
      readonly op: 'place';
      readonly features: readonly number[];
      /** By feature. */
      readonly kinds: readonly HashedKind[];
      readonly count: number;
      /** Of the strong hash of one value, two integers of 64 bits as decimal text. */
      readonly key?: readonly string[];
      /** The value that has the place 0 to itself: the others begin at 1. */
      readonly mask?: string | number;
      /** What the hash of several begins with, as decimal text. */
      readonly start?: string;
    }
  | { readonly op: 'map'; readonly of: number; readonly fn: WeightFunction; readonly single: boolean }
  /** 1 for what is above it, which is at least 0; nothing for the rest. */
  | { readonly op: 'above'; readonly of: number; readonly threshold: number }
  /** Weights times, or divided by, a number for each id, or one for all. */
  | {
      readonly op: 'scale';
      readonly of: number;
      readonly by: Float64Array | readonly number[];
      readonly divides: boolean;
      readonly single: boolean;
    }
  | { readonly op: 'norm'; readonly of: number; readonly norm: NormName; readonly single: boolean }
  /** The ids at these positions, which become 0, 1, 2 and so on; others are left out. */
  | { readonly op: 'select'; readonly of: number; readonly ids: Int32Array | readonly number[] }
  /** Rows side by side. */
  | { readonly op: 'join'; readonly of: readonly number[] };

/** Steps in order; the last one gives the row. */
export type TermProgram = readonly TermStep[];

/** One of the functions of the author's own that the program needs. */
export function ownTextIn(program: TermProgram): OwnText | undefined {
  for (const step of program) {
    const own = 'analysis' in step ? step.analysis?.own : undefined;
    const [found] = Object.values(own ?? {});
    if (found !== undefined) return found as OwnText;
  }
  return undefined;
}
