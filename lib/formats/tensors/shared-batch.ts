/**
 * Values in which the file sees the batch and another axis as one: {@link Row.merged} and {@link Row.stacked}. Only operators
 * that treat every row of such a matrix by itself take them, and those that part the two; each format says which.
 */
import type { TensorEmitter } from './emitter.ts';
import type { Row, Value } from './value.ts';

/** Refuses them where the operator at work does not take them. */
export function checkShared(
  build: TensorEmitter,
  values: readonly ({ readonly kind: string } | undefined)[],
  takes: { readonly merged: boolean; readonly stacked: boolean },
): void {
  for (const value of values) {
    if (value?.kind !== 'row') continue;
    const { merged, stacked } = value as Row;
    if (merged && !takes.merged) throw build.crossing('the batch and another axis are one');
    if (stacked && !takes.stacked) {
      throw build.crossing('it concatenates batches along the batch axis');
    }
  }
}

/** The batch, and the axis that was one with it as an axis of each row. */
export function apart<V extends Value>(x: V): V {
  return x.kind === 'row' && x.merged ? { ...x, merged: false } : x;
}
