/**
 * Programs that turn texts, and records with any keys, into sparse rows: scikit-learn's vectorizers, and later steps
 * that keep zeros. They are plain data, which frozen files contain and threads share.
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

/** A custom function, which the caller provides. Files and other threads do not have it. */
export interface OwnText {
  readonly name: string;
  /** The place of the vectorizer. */
  readonly place: string;
  readonly attributes: TextContext['attributes'];
  readonly run: TextFunction;
}

/** Custom functions, by their role in scikit-learn. */
export interface OwnTexts {
  /** Replaces lowercasing and stripping of accents. */
  readonly preprocessor?: OwnText;
  /** Replaces stripping of accents. */
  readonly accents?: OwnText;
  /** Replaces the pattern. */
  readonly tokenizer?: OwnText;
  /** Replaces all of that, and stop words and n-grams. */
  readonly analyzer?: OwnText;
}

/** How a text becomes terms. */
export interface Analysis {
  readonly unit: (typeof TERM_UNITS)[number];
  readonly lowercase: boolean;
  /**
   * Whether accents are stripped: by dropping everything that is not ASCII afterwards, or by Unicode's combining marks.
   */
  readonly accents: (typeof ACCENTS)[number];
  /** For words: Python's regular expression of a word. */
  readonly pattern: string;
  /** Words to leave out. */
  readonly stopWords: readonly string[];
  /** The least number of units of a term. */
  readonly least: number;
  readonly most: number;
  readonly own?: OwnTexts;
}

/** How TensorFlow's string operations split a text: at white space, into characters, or not at all. */
export const TOKEN_SPLITS = ['space', 'character', 'none'] as const;

/** How a text becomes tokens, as in TensorFlow's string operations. */
export interface Tokenizing {
  readonly changes: readonly TextChange[];
  /** One of the splits, or the separator between two tokens. */
  readonly split: (typeof TOKEN_SPLITS)[number] | { readonly between: string };
  /** The sizes of n-grams in tokens, in output order; tokens are joined by a space. If empty, the tokens themselves. */
  readonly grams: readonly number[];
}

/**
 * `ascii` only changes ASCII letters; `strip` removes C's white space from both ends; `replace` replaces matches of an
 * RE2 expression, all or only the first.
 */
export type TextChange =
  | { readonly op: 'lower'; readonly ascii: boolean }
  | { readonly op: 'strip' }
  | { readonly op: 'replace'; readonly pattern: string; readonly by: string; readonly all: boolean };

/**
 * What the pairs of a row are: for each token number, how many tokens have it, or 1; or for each position of a token,
 * its number.
 */
export const TOKEN_ROWS = ['counts', 'hits', 'places'] as const;

export const HASHED_KINDS = ['word', 'integer'] as const;
export type HashedKind = (typeof HASHED_KINDS)[number];

/** How a value of a row is hashed: a text by its terms, an array of strings or of pairs, or a record by its entries. */
export const HASHED_VALUES = ['text', 'strings', 'pairs', 'record'] as const;
export type HashedValue = (typeof HASHED_VALUES)[number];

/**
 * Functions of single weights. All except the last keep 0. `sublinear` is 1 + log x. `keep_zeros` turns 0 into the
 * least number above it, for later steps in which an explicit zero differs from an absent one.
 */
export const WEIGHT_FUNCTIONS = [
  ...(['sublinear', 'abs', 'sign', 'sqrt', 'square', 'log1p', 'expm1', 'float32', 'keep_zeros'] as const),
] as const;
export type WeightFunction = (typeof WEIGHT_FUNCTIONS)[number];

/** `single`: weights are rounded to float32. `of`: the position of the step whose result is used. */
export type TermStep =
  /** Counts how often each of the terms occurs in a text; 1 with `binary`. A term's id is its position. */
  | {
      readonly op: 'count';
      readonly feature: number;
      readonly analysis: Analysis;
      readonly terms: readonly string[];
      readonly binary: boolean;
    }
  /** The id of a term is its hash modulo `size`; with `signed`, it counts as −1 if the hash is negative. */
  | {
      readonly op: 'hash';
      readonly feature: number;
      readonly value: HashedValue;
      /** The analysis of a text. */
      readonly analysis?: Analysis;
      readonly size: number;
      readonly signed: boolean;
      readonly binary: boolean;
      readonly single: boolean;
    }
  /**
   * Turns the tokens of a text into numbers: that of the equal term, or `unknown`. A row has `width` ids. `places`
   * drops tokens beyond it; the others drop numbers beyond it.
   */
  | {
      readonly op: 'tokens';
      readonly feature: number;
      readonly tokenizing: Tokenizing;
      readonly terms: readonly string[];
      /** The number of each term. */
      readonly numbers: readonly number[];
      readonly unknown: number;
      readonly row: (typeof TOKEN_ROWS)[number];
      readonly width: number;
    }
  /**
   * Hashes a string or an integer, or several together, to one bucket from 0 to below `count`, as TensorFlow does; the
   * bucket is the weight of the only id 0. A single integer is hashed as its decimal string.
   */
  | {
      readonly op: 'place';
      readonly features: readonly number[];
      /** The kind of each feature. */
      readonly kinds: readonly HashedKind[];
      readonly count: number;
      /** The key of the strong hash of one value: two 64-bit integers as decimal text. */
      readonly key?: readonly string[];
      /** The value that alone gets bucket 0; the others start at 1. */
      readonly mask?: string | number;
      /** The start value of the hash of several values, as decimal text. */
      readonly start?: string;
    }
  | { readonly op: 'map'; readonly of: number; readonly fn: WeightFunction; readonly single: boolean }
  /** 1 for weights above the threshold, which is at least 0; others are dropped. */
  | { readonly op: 'above'; readonly of: number; readonly threshold: number }
  /** Multiplies or divides weights by a number for each id, or one for all. */
  | {
      readonly op: 'scale';
      readonly of: number;
      readonly by: Float64Array | readonly number[];
      readonly divides: boolean;
      readonly single: boolean;
    }
  | { readonly op: 'norm'; readonly of: number; readonly norm: NormName; readonly single: boolean }
  /** Selects these ids, which become 0, 1, 2 and so on; others are dropped. */
  | { readonly op: 'select'; readonly of: number; readonly ids: Int32Array | readonly number[] }
  /** Concatenates rows. */
  | { readonly op: 'join'; readonly of: readonly number[] };

/** Steps in order; the last one gives the row. */
export type TermProgram = readonly TermStep[];

/** One of the custom functions that the program needs; undefined if there are none. */
export function ownTextIn(program: TermProgram): OwnText | undefined {
  for (const step of program) {
    const own = 'analysis' in step ? step.analysis?.own : undefined;
    const [found] = Object.values(own ?? {});
    if (found !== undefined) return found as OwnText;
  }
  return undefined;
}
