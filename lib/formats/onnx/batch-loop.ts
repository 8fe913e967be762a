/**
 * Loop once for each row of the batch, as torch's older exporter writes an EmbeddingBag: from its number the body works out
 * where its rows begin, takes them, and makes one row of them.
 */

import { takeAlong } from '../tracing/along.ts';
import type { GraphBuilder } from '../tracing/builder.ts';
import { batchAxisOf } from '../tracing/emitter.ts';
import { type Constant, constant, literal, type Row } from '../tracing/value.ts';
import { Call } from './call.ts';
import type { Known, RowNumber, RowNumbers, RowPlaces } from './known.ts';
import type { AttributeProto, GraphProto, NodeProto } from './proto.ts';
import type { Scope } from './scope.ts';

export function isRowNumber(value: Known | undefined): value is RowNumber | RowNumbers | RowPlaces {
  return value?.kind === 'row number' || value?.kind === 'row numbers' || value?.kind === 'row places';
}

/** From there on a slice's end means "to the end". */
const PAST_ANY_END = 2 ** 31 - 1;

/** Gives the parameters of the body their values in its scope. */
export function enterLoop(build: GraphBuilder, node: NodeProto, scope: Scope, body: GraphProto, inner: Scope): void {
  build.enter({ name: scope.nameOf(node), place: scope.placeOf(node), output: scope.nameOf(node) });
  const [trips, condition, ...states] = node.inputs.map((name) => scope.value(name));
  const runs = trips?.kind === 'constant' && trips.data.length === 1 ? trips : undefined;
  const isOfBatch =
    runs?.batch === undefined ? runs?.data[0] === build.declaredBatch : runs.batch[0] === 1 && runs.data[0] === 0;
  if (runs === undefined || build.batchAxis === undefined || !isOfBatch || states.length > 0 || !isTrue(condition)) {
    const message = 'Loop is read where it runs once for each row of the batch, and keeps nothing from step to step';
    throw build.error('UNSUPPORTED_OP', `${message}; run this model with onnxruntime-node`);
  }
  if (body.inputs.length !== 2 || body.outputs.length < 1) {
    throw build.error('MALFORMED', 'expected a body of two inputs that gives a condition');
  }
  inner.values.set(body.inputs[0].name, { kind: 'row number', start: 0, step: 1 });
  inner.values.set(body.inputs[1].name, literal('bool', [1]));
}

/** What the loop gives, from what its body gives for a row. */
export function leaveLoop(build: GraphBuilder, [condition, ...outputs]: readonly (Known | undefined)[]): Row[] {
  if (condition === undefined || !isTrue(condition)) {
    throw build.error('UNSUPPORTED_OP', 'the loop may end before it has run for each row');
  }
  return outputs.map((output) => {
    if (output?.kind !== 'row') throw build.error('UNSUPPORTED_OP', 'a result of the loop does not depend on the row');
    if (output.batchAxis !== undefined) throw build.crossing('a step of the loop gives the whole batch');
    return { ...output, batchAxis: 0 };
  });
}

function isTrue(condition: Known | undefined): boolean {
  if (condition === undefined) return true;
  return condition.kind === 'constant' && condition.data.length === 1 && condition.data[0] !== 0 && !condition.batch;
}

/** What an operator makes of numbers of rows; undefined where it is nothing of that kind. */
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
  const call = () => new Call(build, opset, inputs.map(asValue), node.outputs.length, attributes);
  switch (node.opType) {
    case 'Identity':
    case 'Cast':
      return first;
    case 'Unsqueeze':
    case 'Squeeze':
      return first?.kind === 'row number' || first?.kind === 'row numbers' ? first : undefined;
    case 'Shape':
    case 'Size':
      return first?.kind === 'row numbers' ? lengthOf(first) : undefined;
    case 'Concat':
      if (first?.kind !== 'row numbers') return undefined;
      return second?.kind === 'row' ? placesIn(first, second, inputs.length) : extended(first, inputs.slice(1));
    case 'GatherND':
      if (first?.kind !== 'row' || second?.kind !== 'row places' || call().integer('batch_dims', 0) !== 0)
        return undefined;
      return elementAt(build, first, second);
    case 'Gather':
      return byNumber && call().integer('axis', 0) === 0 ? picked(build, first, second) : undefined;
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

function lengthOf({ more }: RowNumbers): Constant {
  return constant('int64', [1], Float64Array.of(more), Float64Array.of(1));
}

/** With the number that would follow. */
function extended(numbers: RowNumbers, rest: readonly (Known | undefined)[]): RowNumbers | undefined {
  const [next] = rest;
  if (rest.length !== 1 || next?.kind !== 'constant' || next.data.length !== 1) return undefined;
  const { start, step, more } = numbers;
  const isNext = (next.batch?.[0] ?? 0) === step && next.data[0] === start + step * more;
  return isNext ? { ...numbers, more: more + 1 } : undefined;
}

/** As x[arange(batch), i] has its indices: [batch, 2]. */
function placesIn({ start, step, more }: RowNumbers, indices: Row, count: number): RowPlaces | undefined {
  const isOfRow = indices.shape.length === 1 && indices.shape[0] === 1 && indices.batchAxis === 0 && !indices.merged;
  return isOfRow && start === 0 && step === 1 && more === 0 && count === 2
    ? { kind: 'row places', indices }
    : undefined;
}

function elementAt(build: GraphBuilder, x: Row, { indices }: RowPlaces): Row | undefined {
  if (x.shape.length !== 1 || x.batchAxis !== 0 || x.merged) return undefined;
  return build.asRow(build.reshaped(takeAlong(build, x, indices, 1), []));
}

function withoutFirst(numbers: RowNumbers, from: Known | undefined, to: Known | undefined): RowNumbers | undefined {
  const [skipped, end] = [plainNumber(from), plainNumber(to)];
  const { start, step, more } = numbers;
  if (skipped === undefined || !(skipped >= 0 && skipped <= more) || !(Number(end) >= PAST_ANY_END)) return undefined;
  return { ...numbers, start: start + step * skipped, more: more - skipped };
}

/** The number, or the row, at the place of this one. */
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

/** In a file whose batch is fixed the list of numbers is a constant. */
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

/** Of a batch that is one axis with another: elements that all belong to this row. */
function rowsOf(build: GraphBuilder, x: Row, from: RowNumber, to: Known | undefined): Row | undefined {
  if (to?.kind !== 'row number' || batchAxisOf(x) !== 0) return undefined;
  const length = x.merged ? x.shape[0] : 1;
  const isWithin = from.start >= 0 && from.start < to.start && to.start <= length;
  if (from.step !== length || to.step !== length || !isWithin) return undefined;
  const own = x.merged ? x : build.reshaped(x, [1, ...x.shape]);
  return build.gather({ ...own, batchAxis: undefined, merged: false }, 0, build.positions(from.start, to.start)) as Row;
}
