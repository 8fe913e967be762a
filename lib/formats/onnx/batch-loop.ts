/**
 * Row numbers. A Loop with one iteration for each row of the batch, as torch's older exporter writes an EmbeddingBag:
 * from the row number the body computes where its rows begin, slices them, and reduces them to one row. Also
 * x[arange(batch), i], in two forms.
 */

import { takeCounted, takeParts } from '../tensors/along.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { batchAxisOf } from '../tensors/emitter.ts';
import { type Constant, constant, isFloat, literal, type Row } from '../tensors/value.ts';
import { OnnxCall } from './call.ts';
import type { Known, RowNumber, RowNumbers, RowPlaces } from './known.ts';
import type { AttributeProto, GraphProto, NodeProto } from './proto.ts';
import type { Scope } from './scope.ts';

export function isRowNumber(value: Known | undefined): value is RowNumber | RowNumbers | RowPlaces {
  return value?.kind === 'row number' || value?.kind === 'row numbers' || value?.kind === 'row places';
}

/** A slice's end from here on means "to the end". */
const PAST_ANY_END = 2 ** 31 - 1;

/** Operators that accept row numbers in a column. */
const TAKES_COLUMNS: ReadonlySet<string> = new Set(['Identity', 'Cast', 'Squeeze', 'Concat']);

/** TensorProto.DataType of int32 and int64, which can represent any row number. */
const WIDE_INTEGERS: ReadonlySet<number> = new Set([6, 7]);

/** Sets the values of the body's parameters in its scope. */
export function enterLoop(build: GraphBuilder, node: NodeProto, scope: Scope, body: GraphProto, inner: Scope): void {
  build.enter({ name: scope.nameOf(node), place: scope.placeOf(node), output: scope.nameOf(node) });
  const [trips, condition, ...states] = node.inputs.map((name) => scope.value(name));
  const runs = trips?.kind === 'constant' && trips.data.length === 1 ? trips : undefined;
  const isOfBatch =
    runs?.batch === undefined ? runs?.data[0] === build.declaredBatch : runs.batch[0] === 1 && runs.data[0] === 0;
  if (runs === undefined || build.batchAxis === undefined || !isOfBatch || states.length > 0 || !isTrue(condition)) {
    const message =
      'Loop is supported only if it runs once for each row of the batch, and passes nothing from one iteration to the next';
    throw build.error('UNSUPPORTED_OP', `${message}; run this model with onnxruntime-node`);
  }
  if (body.inputs.length !== 2 || body.outputs.length < 1) {
    throw build.error('MALFORMED', 'expected a body of two inputs that gives a condition');
  }
  inner.values.set(body.inputs[0].name, { kind: 'row number', start: 0, step: 1 });
  inner.values.set(body.inputs[1].name, literal('bool', [1]));
}

/** The results of the loop, from those of its body for a row. */
export function leaveLoop(build: GraphBuilder, [condition, ...outputs]: readonly (Known | undefined)[]): Row[] {
  if (condition === undefined || !isTrue(condition)) {
    throw build.error('UNSUPPORTED_OP', 'the loop may end before it has run for each row');
  }
  return outputs.map((output) => {
    if (output?.kind !== 'row') throw build.error('UNSUPPORTED_OP', 'a result of the loop does not depend on the row');
    if (output.batchAxis !== undefined) throw build.crossing('an iteration of the loop returns the whole batch');
    return { ...output, batchAxis: 0 };
  });
}

function isTrue(condition: Known | undefined): boolean {
  if (condition === undefined) return true;
  return condition.kind === 'constant' && condition.data.length === 1 && condition.data[0] !== 0 && !condition.batch;
}

/** The result of an operator on row numbers; undefined if it is not such a result. */
export function ofRowNumbers(
  build: GraphBuilder,
  opset: number,
  node: NodeProto,
  inputs: readonly (Known | undefined)[],
  attributes: ReadonlyMap<string, AttributeProto>,
): Known | undefined {
  if (node.opType === 'Range') return range(inputs);
  const [first, second, third] = inputs;
  const byNumber = second?.kind === 'row number';
  if (!inputs.some(isRowNumber)) return undefined;
  const call = () => new OnnxCall(build, opset, inputs.map(asValue), node.outputs.length, attributes);
  const isColumn = first?.kind === 'row numbers' && first.isColumn;
  if (isColumn && !TAKES_COLUMNS.has(node.opType)) return undefined;
  switch (node.opType) {
    case 'Identity':
      return first;
    case 'Cast':
      return WIDE_INTEGERS.has(call().integer('to', 0)) ? first : undefined;
    case 'Unsqueeze':
    case 'Squeeze':
      if (first?.kind === 'row number') return first;
      return first?.kind === 'row numbers' ? reshaped(call(), first, node.opType === 'Unsqueeze') : undefined;
    case 'Shape':
    case 'Size':
      return lengthOf(first);
    case 'Mul':
      return scaled(first, second) ?? scaled(second, first);
    case 'Add':
      return flatPlaces(first, second) ?? flatPlaces(second, first);
    case 'Concat':
      if (first?.kind !== 'row numbers') return undefined;
      if (second?.kind !== 'row') return isColumn ? undefined : extended(first, inputs.slice(1));
      return [1, -1].includes(call().integer('axis', 1)) ? placesIn(build, first, second, inputs.length) : undefined;
    case 'GatherND':
      if (first?.kind !== 'row' || second?.kind !== 'row places' || call().integer('batch_dims', 0) !== 0)
        return undefined;
      return elementAt(build, first, second);
    case 'Gather':
      if (call().integer('axis', 0) !== 0) return undefined;
      if (first?.kind === 'row' && second?.kind === 'row places') return flatElementAt(build, first, second);
      return byNumber ? picked(build, first, second) : undefined;
    case 'Slice':
      if (opset < 10 || !isPlainSlice(inputs)) return undefined;
      if (first?.kind === 'row numbers') return withoutFirst(first, second, third);
      return byNumber && first?.kind === 'row' ? rowsOf(build, first, second, third) : undefined;
    default:
      return undefined;
  }
}

function asValue(input: Known | undefined) {
  return input?.kind === 'row' || input?.kind === 'constant' ? input : undefined;
}

/** As many numbers as there are rows, or a fixed number more. */
function range([start, limit, step]: readonly (Known | undefined)[]): RowNumbers | undefined {
  const [from, by] = [plainNumber(start), plainNumber(step)];
  if (from === undefined || !by || limit?.kind !== 'constant' || limit.batch?.[0] !== by) return undefined;
  const more = (limit.data[0] - from) / by;
  return Number.isInteger(more) ? { kind: 'row numbers', start: from, step: by, more } : undefined;
}

function plainNumber(value: Known | undefined): number | undefined {
  return value?.kind === 'constant' && value.data.length === 1 && !value.batch ? value.data[0] : undefined;
}

function lengthOf(list: Known | undefined): Constant | undefined {
  const isList = list?.kind === 'row numbers' || (list?.kind === 'row places' && list.width !== undefined);
  if (!isList) return undefined;
  const more = list.kind === 'row numbers' ? list.more : 0;
  return constant('int64', [1], Float64Array.of(more), Float64Array.of(1));
}

/** To a matrix of one column, or back to a list. */
function reshaped(call: OnnxCall, numbers: RowNumbers, toColumn: boolean): RowNumbers | undefined {
  const axes = call.integersOrInput('axes', 1);
  const isSecond = axes?.length === 1 && [1, -1].includes(axes[0]);
  return isSecond && toColumn !== (numbers.isColumn ?? false) ? { ...numbers, isColumn: toColumn } : undefined;
}

function scaled(numbers: Known | undefined, by: Known | undefined): RowNumbers | undefined {
  const factor = plainNumber(by);
  const isScaled = numbers?.kind === 'row numbers' && by?.kind === 'constant' && by.shape.length <= 1;
  if (!isScaled || !Number.isInteger(factor) || !factor || isFloat(by.type)) return undefined;
  return { ...numbers, start: numbers.start * factor, step: numbers.step * factor };
}

/** If the batch is merged with the first axis of a row: i + arange(batch)·width. */
function flatPlaces(indices: Known | undefined, numbers: Known | undefined): RowPlaces | undefined {
  if (indices?.kind !== 'row' || numbers?.kind !== 'row numbers') return undefined;
  const { start, step, more } = numbers;
  const isOfRow = indices.shape.length === 0 && indices.batchAxis === 0 && !isFloat(indices.type);
  return isOfRow && start === 0 && step > 0 && more === 0 ? { kind: 'row places', indices, width: step } : undefined;
}

/** Appends the number that would follow. */
function extended(numbers: RowNumbers, rest: readonly (Known | undefined)[]): RowNumbers | undefined {
  const [next] = rest;
  if (rest.length !== 1 || next?.kind !== 'constant' || next.data.length !== 1) return undefined;
  const { start, step, more } = numbers;
  const isNext = (next.batch?.[0] ?? 0) === step && next.data[0] === start + step * more;
  return isNext ? { ...numbers, more: more + 1 } : undefined;
}

/** The indices of x[arange(batch), i]: [batch, 2]. */
function placesIn(build: GraphBuilder, numbers: RowNumbers, given: Row, count: number): RowPlaces | undefined {
  const { start, step, more, isColumn } = numbers;
  const isOfRow = given.shape.length === 1 && given.shape[0] === 1 && given.batchAxis === 0 && !given.merged;
  if (!isColumn || !isOfRow || start !== 0 || step !== 1 || more !== 0 || count !== 2) return undefined;
  return { kind: 'row places', indices: build.asRow(build.reshaped(given, [])) };
}

function elementAt(build: GraphBuilder, x: Row, { indices, width }: RowPlaces): Row | undefined {
  const isOwn = width === undefined && x.shape.length > 0 && x.batchAxis === 0 && !x.merged && !x.stacked;
  return isOwn ? takeParts(build, x, indices) : undefined;
}

/** An index outside of the row would refer to another row: such a run is refused. */
function flatElementAt(build: GraphBuilder, x: Row, { indices, width }: RowPlaces): Row | undefined {
  const length = x.merged ? x.shape[0] : 1;
  if (width !== length || x.batchAxis !== 0 || x.stacked) return undefined;
  const own = x.merged ? { ...x, merged: false } : build.asRow(build.reshaped(x, [1, ...x.shape]));
  return takeCounted(build, own, indices);
}

function withoutFirst(numbers: RowNumbers, from: Known | undefined, to: Known | undefined): RowNumbers | undefined {
  const [skipped, end] = [plainNumber(from), plainNumber(to)];
  const { start, step, more } = numbers;
  if (skipped === undefined || !(skipped >= 0 && skipped <= more) || !(Number(end) >= PAST_ANY_END)) return undefined;
  return { ...numbers, start: start + step * skipped, more: more - skipped };
}

/** The number, or the row, at this row's position. */
function picked(build: GraphBuilder, list: Known | undefined, at: RowNumber): Known | undefined {
  if (list?.kind === 'row numbers') {
    const isWithin = at.step === 1 && at.start >= 0 && at.start <= list.more;
    const start = list.start + list.step * at.start;
    return isWithin ? { kind: 'row number', start, step: list.step } : undefined;
  }
  if (list?.kind === 'constant') return pickedConstant(build, list, at);
  const isOwn = list?.kind === 'row' && list.batchAxis === 0 && !list.merged && at.start === 0 && at.step === 1;
  return isOwn ? { ...list, batchAxis: undefined } : undefined;
}

/** In a file with a fixed batch size, the list of numbers is a constant. */
function pickedConstant(build: GraphBuilder, list: Constant, at: RowNumber): RowNumber | undefined {
  const rows = build.declaredBatch;
  if (rows === undefined || list.shape.length !== 1 || list.data.length < rows || at.start !== 0 || at.step !== 1) {
    return undefined;
  }
  const value = (i: number) => list.data[i] + (list.batch?.[i] ?? 0) * rows;
  const step = rows > 1 ? value(1) - value(0) : list.data.length > 1 ? value(1) - value(0) : 0;
  for (let i = 0; i < rows; i++) if (value(i) !== value(0) + step * i) return undefined;
  return { kind: 'row number', start: value(0), step };
}

function isPlainSlice([, , , axes, steps]: readonly (Known | undefined)[]): boolean {
  const isOnly = (value: Known | undefined, wanted: number) => value === undefined || plainNumber(value) === wanted;
  return isOnly(axes, 0) && isOnly(steps, 1);
}

/** For a batch merged with another axis: the elements that belong to this row. */
function rowsOf(build: GraphBuilder, x: Row, from: RowNumber, to: Known | undefined): Row | undefined {
  if (to?.kind !== 'row number' || batchAxisOf(x) !== 0) return undefined;
  const length = x.merged ? x.shape[0] : 1;
  const isWithin = from.start >= 0 && from.start < to.start && to.start <= length;
  if (from.step !== length || to.step !== length || !isWithin) return undefined;
  const own = x.merged ? x : build.reshaped(x, [1, ...x.shape]);
  return build.gather({ ...own, batchAxis: undefined, merged: false }, 0, build.positions(from.start, to.start)) as Row;
}
