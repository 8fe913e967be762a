/** Numbers that a library has as float32, in a graph of float64. */
import type { Emitter } from './emitter.ts';
import type { RowVector } from './outcome.ts';
import { isSparse } from './sparse.ts';

/** Rounds to float32: sums, products and quotients of float32 numbers then equal those computed in float32. */
export function single(emitter: Emitter, x: RowVector): RowVector {
  const row = emitter.float32(x);
  const { operand, width } = row;
  return isSparse(row) ? { operand, width, single: true } : { ...row, single: true };
}

/** Rounds to float32 if the library computes in float32 for such numbers. */
export function like(emitter: Emitter, given: RowVector, computed: RowVector): RowVector {
  return given.single ? single(emitter, computed) : computed;
}
