/** What the names of a graph stand for while it is read. */
import type { ForwardpassError } from '../../errors.ts';
import type { Constant, Row, Value } from '../tracing/value.ts';
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

export type Result = Sparse | Value | Bits | Variable | Table | Contents | Dead | Refused;

export const DEAD: Dead = { kind: 'dead' };
