/** Numbers that a library has as float32, in a graph of doubles. */
import type { Emitter } from './emitter.ts';
import type { RowVector } from './outcome.ts';
import { isSparse } from './sparse.ts';

/** Rounded to float32: sums, products and quotients of float32 numbers are then as if computed in it. */
export function single(emitter: Emitter, x: RowVector): RowVector {
  const row = emitter.float32(x);
  const { operand, width } = row;
  return isSparse(row) ? { operand, width, single: true } : { ...row, single: true };
}

/** Rounded to float32 where the library computes it of such numbers. */
export function like(emitter: Emitter, given: RowVector, computed: RowVector): RowVector {
  return given.single ? single(emitter, computed) : computed;
}
