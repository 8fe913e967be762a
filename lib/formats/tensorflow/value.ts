/** What the names of a graph stand for while it is read. */
import type { ForwardpassError } from '../../errors.ts';
import type { TextChange, Tokenizing } from '../../graph/terms.ts';
import type { Constant, ElementType, Row, Value } from '../tensors/value.ts';
import type { NodeDef } from './proto.ts';

export type { Row, Value };

/** A variable that is passed around; its value is read where it is used. */
export interface Variable {
  readonly kind: 'variable';
  readonly node: NodeDef;
}

/** A lookup table that is passed around; its contents are looked up where it is used. */
export interface Table {
  readonly kind: 'table';
  readonly node: NodeDef;
}

/** What a lookup table holds: vectors of one length. */
export interface Contents {
  readonly kind: 'contents';
  readonly keys: Constant;
  readonly values: Constant;
}

/** The side of a constant condition that is not taken. */
export interface Dead {
  readonly kind: 'dead';
}

/** What cannot be had, and why: an error where it is used. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: ForwardpassError;
}

/** The bits of floats as integers, or with `isSign` the highest of them only. */
export interface Bits {
  readonly kind: 'bits';
  readonly of: Row;
  readonly isSign: boolean;
}

/** Where the elements of a sparse tensor are, and its shape: one value for each row. */
export interface Sparse {
  readonly kind: 'sparse';
  readonly values: Row;
}

/** A text of an input, as operations on text have changed it. */
export interface Text {
  readonly kind: 'text';
  readonly input: string;
  readonly changes: readonly TextChange[];
  /** For a row: of one element. */
  readonly shape: readonly number[];
}

/** The tokens of all rows' texts, one after another. Two are the same list where they are one object. */
export interface Tokens {
  readonly kind: 'tokens';
  readonly input: string;
  readonly tokenizing: Tokenizing;
  /** Of a text that is one token. */
  readonly shape?: readonly number[];
}

/** A number of each token. */
export interface TokenNumbers {
  readonly kind: 'numbers';
  readonly of: Tokens;
  readonly known: ReadonlyMap<string, number>;
  readonly unknown: number;
  readonly type: ElementType;
}

/** Whether each token is a word. */
export interface TokenTest {
  readonly kind: 'test';
  readonly of: Tokens;
  readonly word: string;
}

/** An integer of an input as the word that spells it. */
export interface Spelled {
  readonly kind: 'spelled';
  readonly of: Row;
}

/**
 * What the file computes of where each row's tokens are, as far as it is followed here: of each token the row and its place
 * in it, or the row alone; how many rows there are, or that number and something that is at least it; how many tokens rows
 * have, where they end, and where all begin and end. Of texts that become characters: those as numbers, with an axis more or
 * without, their shape, how many there are, that and one, and where each begins and ends. `other` is at most some number.
 */
export interface Partition {
  readonly kind: 'partition';
  readonly of: Tokens;
  readonly what:
    | 'indices'
    | 'rows'
    | 'shape'
    | 'row_count'
    | 'row_count_or_more'
    | 'lengths'
    | 'ends'
    | 'splits'
    | 'codes'
    | 'code_column'
    | 'column_shape'
    | 'codes_shape'
    | 'code_count'
    | 'code_count_and_one'
    | 'code_splits'
    | 'other';
}

export type Result =
  | Sparse
  | Value
  | Bits
  | Variable
  | Table
  | Contents
  | Dead
  | Refused
  | Text
  | Spelled
  | Tokens
  | TokenNumbers
  | TokenTest
  | Partition;

export const DEAD: Dead = { kind: 'dead' };
