/** Tracks the position of the batch while axes are added and removed. */
import type { Row } from './value.ts';

/** Where the batch is after the given axes of the row are removed. */
export function without(own: readonly number[], batchAxis: number | undefined): number | undefined {
  return batchAxis === undefined ? undefined : batchAxis - own.filter((axis) => axis < batchAxis).length;
}

/** A shape and its batch with one more axis: `axis` in ONNX's numbering of the result, `own` in its shape. */
export function withAxis(x: Pick<Row, 'shape' | 'batchAxis' | 'merged'>, axis: number, size: number) {
  const isBefore = x.batchAxis !== undefined && axis <= x.batchAxis;
  const own = isBefore || x.batchAxis === undefined || x.merged ? axis : axis - 1;
  const batchAxis = isBefore ? Number(x.batchAxis) + 1 : x.batchAxis;
  return { own, shape: x.shape.toSpliced(own, 0, size), batchAxis, merged: x.merged };
}
