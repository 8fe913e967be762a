/**
 * Comparisons of the batch size with a number, which converters write to broadcast shapes: where(shape == 1, other,
 * shape). The result differs for one batch size, so a choice is supported only if it gives the same value either way.
 */
import { broadcastShapes, elementCount, sameShape } from '../../graph/shapes.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { broadcastTo, select } from '../tensors/fold.ts';
import { type Constant, constant } from '../tensors/value.ts';
import type { BatchTest, Known } from './known.ts';
import type { NodeProto } from './proto.ts';

/** The result of an operator on such comparisons, or the comparison itself; undefined if it is neither. */
export function ofBatchTests(
  build: GraphBuilder,
  { opType }: NodeProto,
  [first, second, third]: readonly (Known | undefined)[],
): Known | undefined {
  if (opType === 'Equal') return compared(build, first, second);
  if (first?.kind !== 'batch test') return undefined;
  if (opType === 'Identity') return first;
  if (opType === 'Not') return { ...first, data: first.data.map((truth) => 1 - truth) };
  return opType === 'Where' ? chosen(build, first, second, third) : undefined;
}

/** For two values that are equal for some batch sizes and not for others. */
function compared(build: GraphBuilder, a: Known | undefined, b: Known | undefined): BatchTest | undefined {
  if (a?.kind !== 'constant' || b?.kind !== 'constant' || !(a.batch || b.batch)) return undefined;
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape === undefined) return undefined;
  const [left, right] = spread(build, [a, b], shape);
  const [data, except] = [new Float32Array(left.data.length), new Float64Array(left.data.length).fill(Number.NaN)];
  for (let i = 0; i < data.length; i++) {
    const [more, slope] = [right.data[i] - left.data[i], (left.batch?.[i] ?? 0) - (right.batch?.[i] ?? 0)];
    if (slope === 0) data[i] = Number(more === 0);
    else if (more / slope >= 1 && Number.isInteger(more / slope)) except[i] = more / slope;
  }
  return except.some((rows) => !Number.isNaN(rows)) ? { kind: 'batch test', shape, data, except } : undefined;
}

function chosen(
  build: GraphBuilder,
  test: BatchTest,
  a: Known | undefined,
  b: Known | undefined,
): Constant | undefined {
  if (a?.kind !== 'constant' || b?.kind !== 'constant' || a.type === 'string') return undefined;
  const shape = broadcastShapes(test.shape, a.shape, b.shape);
  if (shape === undefined || !sameShape(shape, test.shape)) return undefined;
  const [left, right] = spread(build, [a, b], shape);
  const isSame = test.except.every((rows, i) => Number.isNaN(rows) || at(left, i, rows) === at(right, i, rows));
  return isSame ? select(constant('bool', shape, test.data), left, right) : undefined;
}

function at({ data, batch }: Constant, i: number, rows: number): number {
  return data[i] + (batch?.[i] ?? 0) * rows;
}

function spread(build: GraphBuilder, values: readonly Constant[], shape: readonly number[]): Constant[] {
  build.spend(elementCount(shape) * values.length, values);
  return values.map((value) => broadcastTo(value, shape));
}
