/** Operators that pick, join and repeat elements. */
import { elementCount, formatShape, sameShape } from '../../../graph/shapes.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { type Constant, type Row, range, type Value } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';

/** From 2^31 − 1 on, a slice's end means "to the end", however long the axis is. */
const PAST_ANY_END = 2 ** 31 - 1;

/** Repeats for every axis; before opset 6 a number of tiles and the axis that they lie along. */
function tile(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const given = call.opset < 6 ? undefined : call.constant(1);
  const repeats = given ? Array.from(given.data) : tiles(call, build.rank(x));
  const batch = given?.batch;
  build.checkRank(repeats);
  if (repeats.length !== build.rank(x)) {
    throw call.error('SHAPE', `expected ${build.rank(x)} repeats, found ${repeats.length}`);
  }
  return repeats.reduce<Value>((tiled, count, axis) => {
    if (count === 1 && !batch?.[axis]) return tiled;
    if (batch?.[axis]) return tiledByBatch(call, tiled, axis, count, batch[axis]);
    const length = tiled.shape[build.ownAxis(tiled, axis)];
    if (!Number.isInteger(count) || count < 0 || count * length > call.build.budget.limits.rowElements) {
      throw call.error('LIMIT', `an axis of ${length} is repeated ${count} times`);
    }
    return build.gather(
      tiled,
      axis,
      build.positionsOf(count * length, (i) => i % length),
    );
  }, x);
}

/** A constant that is repeated as often as there are rows, or a multiple of that: the same for every row. */
function tiledByBatch(call: Call, x: Value, axis: number, more: number, times: number): Row {
  const { build } = call;
  if (x.kind === 'row' || more !== 0 || elementCount(x.shape.slice(0, axis)) !== 1) {
    throw build.crossing('a value is repeated as often as there are rows');
  }
  const length = x.shape[axis];
  const count = times * length;
  if (!(count >= 1 && count <= build.budget.limits.rowElements)) {
    throw call.error('LIMIT', `an axis of ${length} is repeated ${times} times for each row`);
  }
  const own = build.gather(
    x,
    axis,
    build.positionsOf(count, (i) => i % length),
  ) as Constant;
  if (count > 1) return { ...build.everyRow(own, axis), merged: true };
  return build.everyRow(build.reshaped(own, x.shape.toSpliced(axis, 1)), axis);
}

function tiles(call: Call, rank: number): number[] {
  const axis = call.build.axis(call.number(2) ?? 0, rank);
  return new Array<number>(rank).fill(1).with(axis, call.number(1) ?? 1);
}

/** The axis is 1 unless given before opset 4, and must be given since. */
function concat(call: Call): Value {
  if (call.opset >= 4 && !call.hasAttribute('axis')) throw call.error('MALFORMED', 'attribute axis is missing');
  const parts = call.all();
  const axis = call.integer('axis', 1);
  return isBatch(call, parts[0], axis) ? stack(call, parts) : call.build.concat(parts, axis);
}

function isBatch(call: Call, x: Value, given: number): boolean {
  return x.kind === 'row' && x.batchAxis === call.build.axis(given, call.build.rank(x));
}

/** Rows of one shape, each for the whole batch, one after another: what a reshape has to part again. */
function stack(call: Call, parts: readonly Value[]): Row {
  const { build } = call;
  const [first] = parts as readonly Row[];
  const axis = Number(first.batchAxis);
  const isAlike = (x: Value) =>
    x.kind === 'row' && x.batchAxis === axis && !x.merged && sameShape(x.shape, first.shape);
  if (first.words || !parts.every(isAlike)) throw build.crossing(`the operation runs along axis ${axis}, the batch`);
  const shape = first.shape.toSpliced(axis, 0, 1);
  const raised = parts.map((x) => build.reshaped(x, shape, axis + 1));
  return { ...(build.concat(raised, axis) as Row), stacked: true };
}

/** Sizes are an attribute before opset 13 and an input since; without them the parts are equal, the last may be less. */
function split(call: Call): Value[] {
  const { build } = call;
  const x = call.input(0);
  const axis = call.integer('axis', 0);
  const length = x.shape[build.ownAxis(x, axis)];
  const count = call.outputCount;
  const given = call.integersOrInput('split', 1);
  const part = Math.ceil(length / count);
  const sizes = given ?? Array.from({ length: count }, (_, i) => Math.min(part, length - i * part));
  const sum = sizes.reduce((total, next) => total + next, 0);
  if (sum !== length || sizes.length < count || sizes.some((next) => !Number.isInteger(next) || next < 0)) {
    throw call.error('SHAPE', `an axis of ${length} is split into ${formatShape(sizes)}, for ${count} outputs`);
  }
  return parts(call, x, axis, sizes.slice(0, count));
}

/** One after another along an axis. */
export function parts({ build }: Call, x: Value, axis: number, sizes: readonly number[]): Value[] {
  let start = 0;
  return sizes.map((next) => {
    start += next;
    return build.gather(x, axis, build.positions(start - next, start));
  });
}

/** Bounds are attributes before opset 10 and inputs since. */
function slice(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const isInput = call.opset >= 10;
  const starts = isInput ? call.constant(1) : call.integersConstant('starts');
  const ends = isInput ? call.constant(2) : call.integersConstant('ends');
  const axes = (isInput ? call.numbers(3) : call.integers('axes')) ?? range(0, starts.data.length, 1);
  const steps = (isInput ? call.numbers(4) : undefined) ?? axes.map(() => 1);
  build.checkRank(axes);
  if (new Set([starts.data.length, ends.data.length, axes.length, steps.length]).size !== 1) {
    throw call.error('SHAPE', 'starts, ends, axes and steps differ in length');
  }
  return axes.reduce<Value>((sliced, given, i) => {
    const axis = build.axis(given, build.rank(x));
    if (axis === batchAxisOf(x)) {
      if (keepsBatch(call, starts, ends, i, steps[i])) return sliced;
      throw build.crossing(`rows are sliced along axis ${axis}, the batch`);
    }
    const length = sliced.shape[build.ownAxis(sliced, axis)];
    const isRow = sliced.kind === 'row';
    const end = endOf(ends, i, length);
    if (starts.batch?.[i] || end === undefined) throw build.crossing('a bound depends on the batch size');
    return build.gather(sliced, axis, slicePositions(call, isRow, length, starts.data[i], end, steps[i]));
  }, x);
}

/** One that depends on the batch is read where it is past the axis, whatever the batch. */
function endOf({ data, batch }: Constant, i: number, length: number): number | undefined {
  if (!batch?.[i]) return data[i];
  return batch[i] > 0 && data[i] + batch[i] >= length ? length : undefined;
}

function keepsBatch(call: Call, starts: Constant, ends: Constant, i: number, step: number): boolean {
  const { declaredBatch } = call.build;
  const end = ends.data[i];
  const isWhole = ends.batch?.[i] === 1 ? end === 0 : end >= PAST_ANY_END || (declaredBatch ?? Infinity) <= end;
  return starts.data[i] === 0 && !starts.batch?.[i] && isWhole && step === 1;
}

function slicePositions(
  call: Call,
  isRow: boolean,
  length: number,
  start: number,
  end: number,
  step: number,
): Int32Array {
  if (!Number.isInteger(step) || step === 0)
    throw call.error('MALFORMED', `expected a step other than 0, found ${step}`);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (position: number) => Math.min(Math.max(position < 0 ? position + length : position, low), high);
  const [from, to] = [clamp(start), clamp(end)];
  if (isRow && (to - from) * step <= 0) {
    throw call.error('SHAPE', `the slice from ${start} to ${end} takes nothing of an axis of ${length}`);
  }
  return call.build.positions(from, to, step);
}

/** With constant indices a choice of columns; with indices that vary per row, a look-up in a constant table. */
function gather(call: Call): Value {
  const { build } = call;
  const [data, indices] = [call.input(0), call.input(1)];
  const axis = build.axis(call.integer('axis', 0), build.rank(data));
  if (indices.kind === 'row') {
    if (data.kind === 'row') throw call.error('UNSUPPORTED_OP', 'both the table and the indices depend on the input');
    if (axis !== 0) throw call.error('UNSUPPORTED_OP', `rows of a table are looked up along axis ${axis}; expected 0`);
    return build.embedding(indices, data);
  }
  const own = build.ownAxis(data, axis);
  const picked = build.gather(data, axis, call.numbers(1) ?? []);
  const before = batchAxisOf(data);
  const moved = before !== undefined && axis < before ? before + indices.shape.length - 1 : before;
  return build.reshaped(picked, data.shape.toSpliced(own, 1, ...indices.shape), moved);
}

function oneHot(call: Call): Value {
  const { build } = call;
  const depth = call.number(1) ?? 0;
  const values = call.constant(2);
  if (!Number.isInteger(depth) || depth < 1 || depth > build.budget.limits.rowElements) {
    throw call.error('LIMIT', `expected a depth from 1 to ${build.budget.limits.rowElements}, found ${depth}`);
  }
  if (values.data.length !== 2)
    throw call.error('SHAPE', `expected the values off and on, found ${values.data.length}`);
  const ids = build.asRow(build.cast(call.row(0), 'int64'));
  const [off, on] = values.data;
  return build.oneHot(ids, call.integer('axis', -1), depth, off, on, values.type);
}

export const indexing: Translations = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Tile: tile,
  Gather: gather,
  OneHot: oneHot,
};
