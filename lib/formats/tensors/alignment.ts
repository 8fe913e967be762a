/** Aligns operands for broadcasting like in NumPy, with the batch in one place. */
import { greatest } from '../../extremes.ts';
import type { Operand } from '../../graph/graph.ts';
import { broadcastShapes, elementCount, formatShape } from '../../graph/shapes.ts';
import { batchPlace, isMerged, type RowInfo, sharedAxis, type TensorEmitter } from './emitter.ts';
import * as fold from './fold.ts';
import type { Constant, ElementType, Row, Value } from './value.ts';

/**
 * Operands as NumPy would broadcast them, with the batch among their axes. Counted from the last axis, the batch must
 * be in the same place everywhere; a constant with that axis must have size 1 there.
 */
export function aligned(
  build: TensorEmitter,
  values: readonly Value[],
  type: ElementType,
): { operands: Operand[]; info: RowInfo } {
  const fromEnd = new Set(values.flatMap((x) => batchFromEnd(build, x) ?? []));
  const [place] = fromEnd;
  if (fromEnd.size > 1) throw build.crossing('the batch is broadcast against another axis');
  const shared = sharedAlike(build, values);
  const rank = greatest(values.map((x) => build.rank(x)));
  const aligned = values.map((x) => {
    const reaches = place !== undefined && build.rank(x) >= place;
    if (shared && x.kind === 'constant') {
      if (reaches && x.shape.at(-place) !== 1) throw build.crossing('a constant differs along the batch');
      return build.everyRow(x, undefined);
    }
    if (x.kind === 'constant') return reaches ? build.asRow(x, build.rank(x) - place) : build.everyRow(x, undefined);
    if (reaches && x.batchAxis === undefined) throw build.crossing('the batch is broadcast against another axis');
    return x;
  });
  const shapes = aligned.map((row) => row.shape);
  const shape = broadcastShapes(...shapes) ?? unbroadcastable(build, shapes);
  const axis = place === undefined ? undefined : rank - place;
  const batchAxis = shared?.stacked ? Number(axis) + 1 : axis;
  const info = { type, shape, batchAxis, merged: shared?.merged, stacked: shared?.stacked };
  return { operands: aligned.map((row) => row.operand), info };
}

/**
 * For values whose batch is merged with another axis, the first such value; all values with a batch must then be
 * merged, with the same length.
 */
function sharedAlike(build: TensorEmitter, values: readonly Value[]): Row | undefined {
  const rows = values.filter((x): x is Row => x.kind === 'row' && x.batchAxis !== undefined);
  const [first] = rows;
  if (rows.every((row) => sharedAxis(row) === undefined)) return undefined;
  const lengthOf = (row: Row) => row.shape[sharedAxis(row) ?? -1];
  const isAlike = (row: Row) => isMerged(row) === isMerged(first) && sharedAxis(row) !== undefined;
  if (rows.every((row) => isAlike(row) && lengthOf(row) === lengthOf(first))) return first;
  throw build.crossing('the batch is broadcast against the batch merged with another axis');
}

/** A number per row that is one number for the whole batch in ONNX has no batch axis and broadcasts to anything. */
function batchFromEnd(build: TensorEmitter, x: Value): number | undefined {
  const place = batchPlace(x);
  return place === undefined ? undefined : build.rank(x) - place;
}

/** Constants broadcast to their common shape. */
export function broadcastAlike(build: TensorEmitter, values: readonly Constant[]): Constant[] {
  const shape = commonShape(build, values);
  build.spend(elementCount(shape) * values.length, values);
  return values.map((value) => fold.broadcastTo(value, shape));
}

export function commonShape(build: TensorEmitter, values: readonly Constant[]): readonly number[] {
  const shapes = values.map((value) => value.shape);
  return broadcastShapes(...shapes) ?? unbroadcastable(build, shapes);
}

function unbroadcastable(build: TensorEmitter, shapes: readonly (readonly number[])[]): never {
  throw build.error('SHAPE', `the shapes ${shapes.map(formatShape).join(' and ')} do not broadcast`);
}
