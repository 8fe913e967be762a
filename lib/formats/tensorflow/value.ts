/** What the names of a graph refer to while it is read. */
import type { ForwardpassError } from '../../errors.ts';
import type { TextChange, Tokenizing } from '../../graph/terms.ts';
import type { Constant, ElementType, Row, Value } from '../tensors/value.ts';
import type { NodeDef } from './proto.ts';

export type { Row, Value };

/** A variable passed by reference; its value is read where it is used. */
export interface Variable {
  readonly kind: 'variable';
  readonly node: NodeDef;
}

/** A lookup table passed by reference; its contents are read where it is used. */
export interface Table {
  readonly kind: 'table';
  readonly node: NodeDef;
}

/** The contents of a lookup table: vectors of one length. */
export interface Contents {
  readonly kind: 'contents';
  readonly keys: Constant;
  readonly values: Constant;
}

/** A value on the side of a constant condition that is not taken. */
export interface Dead {
  readonly kind: 'dead';
}

/** An unsupported value and the reason, which is thrown where it is used. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: ForwardpassError;
}

/** The bits of floats as integers, or with `isSign` only the highest bit. */
export interface Bits {
  readonly kind: 'bits';
  readonly of: Row;
  readonly isSign: boolean;
}

/** The positions of a sparse tensor's elements, and its shape: one value for each row. */
export interface Sparse {
  readonly kind: 'sparse';
  readonly values: Row;
}

/** A text of an input, with the changes that operators made. */
export interface Text {
  readonly kind: 'text';
  readonly input: string;
  readonly changes: readonly TextChange[];
  /** For each row: one element. */
  readonly shape: readonly number[];
}

/** The tokens of the texts of all rows. Two lists are the same if they are one object. */
export interface Tokens {
  readonly kind: 'tokens';
  readonly input: string;
  readonly tokenizing: Tokenizing;
  /** For a text that is a single token. */
  readonly shape?: readonly number[];
}

/** A number for each token. */
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

/** An integer of an input, formatted as a word. */
export interface Spelled {
  readonly kind: 'spelled';
  readonly of: Row;
}

/**
 * A value that the file computes from the positions of tokens, as far as these are followed. For each token: its row
 * and its index in the row, or only the row. For all rows: their number, or a number that is at least it; how many
 * tokens each has, where they end, and where all begin and end. For texts split into characters: these as numbers, with
 * or without an additional axis, their shape, their count, the count plus one, and where each begins and ends. `other`
 * is at most some number.
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
