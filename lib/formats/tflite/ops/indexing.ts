/** Operators that pick elements. */
import { formatShape } from '../../../graph/shapes.ts';
import { withAxis, without } from '../../tensors/builder.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { type Constant, type Row, range, type Value } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';
import { dequantized } from '../quantized/convert.ts';
import { isQuantized } from '../tensor.ts';

/** The positions from `start` to before `end`, in the given step, of which there is at least one. */
function positions(call: Call, start: number, end: number, step: number, length: number): Int32Array {
  const count = Math.max(Math.ceil((end - start) / step), 0);
  if (!(count <= length)) throw call.error('SHAPE', `${count} positions are taken of an axis of ${length}`);
  return call.build.positions(start, end, step);
}

function splitInto(call: Call, x: Value, given: number, sizes: readonly number[]): Value[] {
  const { build } = call;
  const length = x.shape[build.ownAxis(x, given)];
  build.checkResults(sizes.length);
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return build.gather(x, given, positions(call, start - size, start, 1, length));
  });
}

function split(call: Call): Value[] {
  const [axis, x, count] = [call.number(0), call.input(1), call.integer(0)];
  const length = x.shape[call.build.ownAxis(x, axis)];
  if (count < 1 || length % count !== 0) throw call.error('SHAPE', `an axis of ${length} is split into ${count} parts`);
  call.build.checkResults(count);
  return splitInto(call, x, axis, new Array<number>(count).fill(length / count));
}

/** One of the sizes may be −1: what is left. */
function splitV(call: Call): Value[] {
  const [x, given, axis] = [call.input(0), call.numbers(1), call.number(2)];
  const length = x.shape[call.build.ownAxis(x, axis)];
  const rest = length - given.reduce((sum, size) => sum + Math.max(size, 0), 0);
  const sizes = given.map((size) => (size === -1 ? rest : size));
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sum !== length || sizes.some((size) => size < 0)) {
    throw call.error('SHAPE', `an axis of ${length} is split into ${formatShape(given)}`);
  }
  return splitInto(call, x, axis, sizes);
}

/** Begins and sizes for every axis; −1 takes the rest. */
function slice(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const [begins, sizes] = [call.constant(1), call.constant(2)];
  if (begins.data.length !== build.rank(x) || sizes.data.length !== build.rank(x)) {
    throw call.error('SHAPE', `expected ${build.rank(x)} begins and sizes`);
  }
  return range(0, build.rank(x), 1).reduce<Value>((sliced, axis) => {
    const [begin, size] = [begins.data[axis], sizes.data[axis]];
    if (axis === batchAxisOf(x)) {
      const isWhole = sizes.batch?.[axis] === 1 ? size === 0 : size === -1 || size === build.declaredBatch;
      if (begin === 0 && !begins.batch?.[axis] && isWhole) return sliced;
      throw build.crossing(`rows are sliced along axis ${axis}, the batch`);
    }
    if (begins.batch?.[axis] || sizes.batch?.[axis]) throw build.crossing('a bound depends on the batch size');
    const length = sliced.shape[build.ownAxis(sliced, axis)];
    const end = size === -1 ? length : begin + size;
    if (!(begin >= 0 && begin <= end && end <= length)) {
      throw call.error('SHAPE', `${size} elements from ${begin} on are taken of an axis of ${length}`);
    }
    return build.gather(sliced, axis, positions(call, begin, end, 1, length));
  }, x);
}

const MASKS = { begin: 0, end: 1, ellipsis: 2, newAxis: 3, shrink: 4, offset: 5 } as const;

/** Python's subscripts: bounds with a step, new axes, single positions whose axis goes, and one ellipsis. */
function stridedSlice(call: Call): Value {
  const { build } = call;
  const bounds = { begins: call.constant(1), ends: call.constant(2), steps: call.numbers(3) };
  const mask = (field: number, index: number) => ((call.integer(field) >> index) & 1) === 1;
  if (call.flag(MASKS.offset)) throw call.error('UNSUPPORTED_OP', 'ends that count from the begins are not read');
  const count = bounds.steps.length;
  if (bounds.begins.data.length !== count || bounds.ends.data.length !== count || count > 32) {
    throw call.error('SHAPE', 'begins, ends and strides differ in length');
  }
  let x = call.input(0);
  const plain = range(0, count, 1).filter((i) => !mask(MASKS.ellipsis, i) && !mask(MASKS.newAxis, i)).length;
  const skipped = build.rank(x) - plain;
  if (skipped < 0) throw call.error('SHAPE', `${plain} axes are sliced of a tensor of rank ${build.rank(x)}`);
  let axis = 0;
  for (let i = 0; i < count; i++) {
    if (mask(MASKS.ellipsis, i)) {
      axis += skipped;
    } else if (mask(MASKS.newAxis, i)) {
      const inner = withAxis({ shape: x.shape, batchAxis: batchAxisOf(x) }, axis, 1);
      x = build.reshaped(x, inner.shape, inner.batchAxis);
      axis++;
    } else if (mask(MASKS.shrink, i)) {
      x = onePosition(call, x, axis, bounds.begins, i);
    } else {
      x = sliceAxis(call, x, axis, bounds, i, mask(MASKS.begin, i), mask(MASKS.end, i));
      axis++;
    }
  }
  return x;
}

function onePosition(call: Call, x: Value, axis: number, begins: Constant, i: number): Value {
  const { build } = call;
  if (begins.batch?.[i]) throw build.crossing('a position depends on the batch size');
  const own = build.ownAxis(x, axis);
  const picked = build.gather(x, axis, [build.axis(begins.data[i], x.shape[own])]);
  return build.reshaped(picked, x.shape.toSpliced(own, 1), without([own], batchAxisOf(x)));
}

function sliceAxis(
  call: Call,
  x: Value,
  axis: number,
  { begins, ends, steps }: { begins: Constant; ends: Constant; steps: readonly number[] },
  i: number,
  fromStart: boolean,
  toEnd: boolean,
): Value {
  const { build } = call;
  const [begin, end, step] = [begins.data[i], ends.data[i], steps[i]];
  if (axis === batchAxisOf(x)) {
    const isStart = fromStart || (begin === 0 && !begins.batch?.[i]);
    const isEnd = toEnd || (ends.batch?.[i] === 1 ? end === 0 : end === build.declaredBatch);
    if (isStart && isEnd && step === 1) return x;
    throw build.crossing(`rows are sliced along axis ${axis}, the batch`);
  }
  if (begins.batch?.[i] || ends.batch?.[i]) throw build.crossing('a bound depends on the batch size');
  if (!Number.isInteger(step) || step === 0)
    throw call.error('MALFORMED', `expected a step other than 0, found ${step}`);
  const length = x.shape[build.ownAxis(x, axis)];
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (position: number) => Math.min(Math.max(position < 0 ? position + length : position, low), high);
  const from = fromStart ? (step > 0 ? low : high) : clamp(begin);
  const to = toEnd ? (step > 0 ? high : low) : clamp(end);
  return build.gather(x, axis, positions(call, from, to, step, length));
}

/** With constant indices a choice along the axis; with indices that vary per row, a look-up in a constant table. */
function gather(call: Call): Value {
  const { build } = call;
  const [data, indices] = [call.input(0), call.input(1)];
  const axis = build.axis(call.integer(0), build.rank(data));
  const batchDims = call.integer(1);
  if (indices.kind === 'row') return lookUp(call, data, indices, axis);
  if (batchDims !== 0) throw call.error('UNSUPPORTED_OP', `batch_dims is read only as 0, found ${batchDims}`);
  const own = build.ownAxis(data, axis);
  const picked = build.gather(data, axis, call.numbers(1));
  const before = batchAxisOf(data);
  const moved = before !== undefined && axis < before ? before + indices.shape.length - 1 : before;
  return build.reshaped(picked, data.shape.toSpliced(own, 1, ...indices.shape), moved);
}

function lookUp(call: Call, data: Value, ids: Row, axis: number): Value {
  if (data.kind === 'row') throw call.error('UNSUPPORTED_OP', 'both the table and the indices depend on the input');
  if (axis !== 0) throw call.error('UNSUPPORTED_OP', `rows of a table are looked up along axis ${axis}; expected 0`);
  const info = { ...ids, type: data.type, shape: [...ids.shape, ...data.shape.slice(1)] };
  return call.build.emit('embedding', [ids.operand, call.build.tensor(data)], { wrap: false }, info);
}

/** Ids, then the table, which may be quantised where the result is not. */
function embeddingLookup(call: Call): Value {
  const [ids, info] = [call.input(0), call.tensor(1)];
  const stored = call.constant(1);
  const table = isQuantized(info) && !isQuantized(call.result()) ? dequantized(call, stored, info) : stored;
  if (ids.kind === 'row') return lookUp(call, table, ids, 0);
  return call.build.gather(table, 0, call.numbers(0));
}

function oneHot(call: Call): Value {
  const { build } = call;
  const [ids, depth, on, off] = [call.row(0), call.number(1), call.number(2), call.number(3)];
  if (!Number.isInteger(depth) || depth < 1 || depth > build.budget.limits.rowElements) {
    throw call.error('LIMIT', `expected a depth from 1 to ${build.budget.limits.rowElements}, found ${depth}`);
  }
  const axis = build.axis(call.integer(0), build.rank(ids) + 1);
  const { own, shape, batchAxis } = withAxis(ids, axis, depth);
  const attributes = { depth, on, off, axis: own, wrap: false };
  return build.emit('one_hot', [ids.operand], attributes, { type: call.resultType, shape, batchAxis });
}

export const indexing: Translations = {
  SPLIT: split,
  SPLIT_V: splitV,
  SLICE: slice,
  STRIDED_SLICE: stridedSlice,
  GATHER: gather,
  EMBEDDING_LOOKUP: embeddingLookup,
  ONE_HOT: oneHot,
};
