/** Operators that pick, join and repeat elements. */
import { formatShape } from '../../../graph/shapes.ts';
import { withAxis } from '../../tensors/builder.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { flipped, parted, rolled, tiled } from '../../tensors/moves.ts';
import { type Constant, range } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';
import type { Row, Value } from '../value.ts';
import { withOne } from './shape.ts';

/** The axis comes last, in the old form first. */
function concat(call: Call): Value {
  const values = call.inputs.slice(0, -1).map((_, index) => call.input(index));
  return joined(call, values, call.number(-1));
}

function oldConcat(call: Call): Value {
  const values = call.inputs.slice(1).map((_, index) => call.input(index + 1));
  return joined(call, values, call.number(0));
}

function joined(call: Call, values: readonly Value[], axis: number): Value {
  if (values.length === 0) throw call.error('MALFORMED', 'expected at least one value to join, found none');
  return call.build.concat(values, axis);
}

/** Constants stand for every row where others depend on the input. */
function pack(call: Call): Value {
  const { build } = call;
  const values = call.all();
  const row = values.find((value) => value.kind === 'row');
  const rank = build.rank(row ?? values[0]);
  const axis = build.axis(call.integer('axis', 0), rank + 1);
  const aligned = values.map((value) => (row === undefined ? value : build.asRow(value, row.batchAxis)));
  return build.concat(
    aligned.map((value) => withOne(call, value, axis)),
    axis,
  );
}

function unpack(call: Call): Value[] {
  const { build } = call;
  const x = call.input(0);
  const axis = build.axis(call.integer('axis', 0), build.rank(x));
  const own = build.ownAxis(x, axis);
  const before = batchAxisOf(x);
  const batchAxis = before === undefined || own >= before ? before : before - 1;
  build.checkResults(x.shape[own]);
  return range(0, x.shape[own], 1).map((i) =>
    build.reshaped(build.gather(x, axis, [i]), x.shape.toSpliced(own, 1), batchAxis),
  );
}

function split(call: Call): Value[] {
  const x = call.input(1);
  const axis = call.number(0);
  const length = x.shape[call.build.ownAxis(x, axis)];
  const count = call.integer('num_split', 1);
  if (!(count >= 1) || length % count !== 0) {
    throw call.error('SHAPE', `an axis of ${length} is split into ${count} equal parts`);
  }
  call.build.checkResults(count);
  return parted(call.build, x, axis, new Array<number>(count).fill(length / count));
}

/** One size may be −1, for what is left. */
function splitV(call: Call): Value[] {
  const x = call.input(0);
  const axis = call.number(2);
  const length = x.shape[call.build.ownAxis(x, axis)];
  const sizes = call.numbers(1);
  const open = sizes.indexOf(-1);
  const sum = sizes.reduce((total, next) => total + next, 0);
  if (open >= 0) sizes[open] = length - sum - 1;
  const isFit = sizes.every((next) => Number.isInteger(next) && next >= 0);
  if (!isFit || (open < 0 && sum !== length)) {
    throw call.error('SHAPE', `an axis of ${length} is split into ${formatShape(sizes)}`);
  }
  return parted(call.build, x, axis, sizes);
}

/** A size of −1 goes to the end. */
function slice(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const [starts, sizes] = [call.constant(1), call.constant(2)];
  const rank = build.rank(x);
  if (starts.data.length !== rank || sizes.data.length !== rank) {
    throw call.error(
      'SHAPE',
      `expected ${rank} starts and sizes, found ${starts.data.length} and ${sizes.data.length}`,
    );
  }
  return range(0, rank, 1).reduce<Value>((sliced, axis) => {
    const [start, size] = [starts.data[axis], sizes.data[axis]];
    if (axis === batchAxisOf(sliced)) {
      const isWhole = start === 0 && !starts.batch?.[axis] && isBatch(call, size, sizes.batch?.[axis] ?? 0);
      if (isWhole) return sliced;
      throw build.crossing(`rows are sliced along axis ${axis}, the batch`);
    }
    if (starts.batch?.[axis] || sizes.batch?.[axis]) throw build.crossing('a bound depends on the batch size');
    const length = sliced.shape[build.ownAxis(sliced, axis)];
    const end = size === -1 ? length : start + size;
    if (!(start >= 0 && start <= end && end <= length)) {
      throw call.error('SHAPE', `the slice from ${start} to ${end} is outside an axis of ${length}`);
    }
    return build.gather(sliced, axis, build.positions(start, end));
  }, x);
}

function isBatch(call: Call, size: number, rows: number): boolean {
  return rows === 1 ? size === 0 : size === -1 || size === call.build.declaredBatch;
}

/** With constant indices a choice of columns; with indices that vary per row, a look-up in a constant table. */
function gather(call: Call): Value {
  const { build } = call;
  const [data, indices] = [call.input(0), call.input(1)];
  const axis = build.axis(call.inputs.length > 2 ? call.number(2) : 0, build.rank(data));
  if (call.integer('batch_dims', 0) !== 0) throw call.error('UNSUPPORTED_OP', 'batch_dims is read only as 0');
  if (indices.kind === 'row') {
    if (data.kind === 'row') throw call.error('UNSUPPORTED_OP', 'both the table and the indices depend on the input');
    return lookUp(call, data, indices, axis);
  }
  const own = build.ownAxis(data, axis);
  const picked = build.gather(data, axis, call.numbers(1));
  const before = batchAxisOf(data);
  const moved = before !== undefined && axis < before ? before + indices.shape.length - 1 : before;
  return build.reshaped(picked, data.shape.toSpliced(own, 1, ...indices.shape), moved);
}

/** Ids from 0; unlike ONNX, TensorFlow counts none from the table's end. */
export function lookUp(call: Call, table: Constant, ids: Row, axis: number): Row {
  if (axis !== 0) throw call.error('UNSUPPORTED_OP', `rows of a table are looked up along axis ${axis}; expected 0`);
  const { build } = call;
  const shape = [...ids.shape, ...table.shape.slice(1)];
  const operands = [ids.operand, build.tensor(table)];
  return build.emit('embedding', operands, { wrap: false }, { ...ids, type: table.type, shape });
}

/** A constant that is repeated as often as there are rows is a value per row. */
function tile(call: Call): Value {
  const { build } = call;
  const [x, multiples] = [call.input(0), call.constant(1)];
  if (multiples.data.length !== build.rank(x)) {
    throw call.error('SHAPE', `expected ${build.rank(x)} multiples, found ${multiples.data.length}`);
  }
  const rowAxis = multiples.batch?.findIndex((rows) => rows !== 0) ?? -1;
  const start = rowAxis < 0 ? x : build.asRow(x, rowAxis);
  if (rowAxis >= 0 && (x.kind === 'row' || multiples.batch?.[rowAxis] !== 1 || multiples.data[rowAxis] !== 0)) {
    throw build.crossing('rows are repeated as often as there are rows');
  }
  return Array.from(multiples.data).reduce<Value>(
    (x, count, axis) => (axis === rowAxis ? x : tiled(build, x, axis, count)),
    start,
  );
}

function reverse(call: Call): Value {
  return call.numbers(1).reduce<Value>((x, axis) => flipped(call.build, x, axis), call.input(0));
}

function roll(call: Call): Value {
  const shifts = call.numbers(1);
  return call.numbers(2).reduce<Value>((x, axis, i) => rolled(call.build, x, axis, shifts[i] ?? 0), call.input(0));
}

/** All off for an id outside the range. */
function oneHot(call: Call): Value {
  const { build } = call;
  const depth = call.number(1);
  const [on, off] = [call.number(2), call.number(3)];
  if (!Number.isInteger(depth) || depth < 1 || depth > build.budget.limits.rowElements) {
    throw call.error('LIMIT', `expected a depth from 1 to ${build.budget.limits.rowElements}, found ${depth}`);
  }
  const ids = build.asRow(build.cast(call.row(0), 'int64'));
  const axis = build.axis(call.integer('axis', -1), build.rank(ids) + 1);
  const { own, shape, batchAxis } = withAxis(ids, axis, depth);
  const { type } = call.constant(2);
  return build.emit('one_hot', [ids.operand], { depth, on, off, axis: own, wrap: false }, { type, shape, batchAxis });
}

/** How often each of the numbers below `size` is among those of the last axis, or with `binary_output` whether it is. */
function bincount(call: Call): Value {
  const { build } = call;
  const size = call.number(1);
  if (!Number.isInteger(size) || size < 1 || size > build.budget.limits.rowElements) {
    throw call.error('LIMIT', `expected a size from 1 to ${build.budget.limits.rowElements}, found ${size}`);
  }
  const weights = call.input(2);
  const isWeighted = weights.kind === 'row' || weights.data.length > 0;
  const ids = call.row(0);
  const shape = [...ids.shape, size];
  const hot = build.emit(
    'one_hot',
    [ids.operand],
    { depth: size, on: 1, off: 0, axis: ids.shape.length, wrap: false },
    { type: weights.type, shape, batchAxis: ids.batchAxis },
  );
  const counted = isWeighted ? build.binary('mul', hot, withOne(call, weights, -1)) : hot;
  return build.reduce(counted, call.flag('binary_output') ? 'max' : 'sum', [-2], false);
}

export const indexing: Translations = {
  ConcatV2: concat,
  Concat: oldConcat,
  Pack: pack,
  Unpack: unpack,
  Split: split,
  SplitV: splitV,
  Slice: slice,
  Gather: gather,
  GatherV2: gather,
  ResourceGather: gather,
  Tile: tile,
  Reverse: reverse,
  ReverseV2: reverse,
  Roll: roll,
  OneHot: oneHot,
  DenseBincount: bincount,
};
