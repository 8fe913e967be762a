/**
 * Values whose batch is merged with another axis in the file: {@link Row.merged} and {@link Row.stacked}. Only
 * operators that treat every row of such a matrix separately take them, and those that separate the two axes; each
 * format lists them.
 */
import type { TensorEmitter } from './emitter.ts';
import type { Row, Value } from './value.ts';

/** Throws if the current operator does not support such values. */
export function checkShared(
  build: TensorEmitter,
  values: readonly ({ readonly kind: string } | undefined)[],
  takes: { readonly merged: boolean; readonly stacked: boolean },
): void {
  for (const value of values) {
    if (value?.kind !== 'row') continue;
    const { merged, stacked } = value as Row;
    if (merged && !takes.merged) throw build.crossing('the batch is merged with another axis');
    if (stacked && !takes.stacked) {
      throw build.crossing('batches are concatenated along the batch axis');
    }
  }
}

/** Separates the batch from the axis merged with it, which becomes an axis of each row. */
export function apart<V extends Value>(x: V): V {
  return x.kind === 'row' && x.merged ? { ...x, merged: false } : x;
}
