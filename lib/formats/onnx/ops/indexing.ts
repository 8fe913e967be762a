/** Operators that pick, join and repeat elements. */
import { sameShape } from '../../../graph/shapes.ts';
import { type Dimension, dimensions } from '../../tensors/dimensions.ts';
import { parted, tiledBy } from '../../tensors/moves.ts';
import { oneHot, pickedOrLookedUp } from '../../tensors/picking.ts';
import { boundsOf, sliced } from '../../tensors/slicing.ts';
import { type Row, range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

/** Repeats for every axis; before opset 6 a number of tiles and their axis. */
function tile(call: OnnxCall): Value {
  const x = call.input(0);
  if (call.opset < 6) return tiledBy(call.build, x, tiles(call, call.build.rank(x)));
  const repeats = call.constant(1);
  call.build.checkRank(repeats.data);
  return tiledBy(call.build, x, dimensions(repeats));
}

function tiles(call: OnnxCall, rank: number): Dimension[] {
  const axis = call.build.axis(call.number(2) ?? 0, rank);
  const ones = new Array<Dimension>(rank).fill({ size: 1, rows: 0 });
  return ones.with(axis, { size: call.number(1) ?? 1, rows: 0 });
}

/** The axis defaults to 1 before opset 4, and is required since. */
function concat(call: OnnxCall): Value {
  if (call.opset >= 4 && !call.hasAttribute('axis')) throw call.error('MALFORMED', 'attribute axis is missing');
  const parts = call.all();
  const axis = call.integer('axis', 1);
  return isBatch(call, parts[0], axis) ? stack(call, parts) : call.build.concat(parts, axis);
}

function isBatch(call: OnnxCall, x: Value, given: number): boolean {
  return x.kind === 'row' && x.batchAxis === call.build.axis(given, call.build.rank(x));
}

/** Joins rows of one shape, each for the whole batch; a reshape must separate them again. */
function stack(call: OnnxCall, parts: readonly Value[]): Row {
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

/**
 * Sizes are an attribute before opset 13 and an input since; without them the parts are equal, except that the last may
 * be smaller.
 */
function split(call: OnnxCall): Value[] {
  const { build } = call;
  const x = call.input(0);
  const axis = call.integer('axis', 0);
  const length = x.shape[build.ownAxis(x, axis)];
  const count = call.outputCount;
  const part = Math.ceil(length / count);
  const sizes =
    call.integersOrInput('split', 1) ?? Array.from({ length: count }, (_, i) => Math.min(part, length - i * part));
  if (sizes.length < count)
    throw call.error('SHAPE', `an axis is split into ${sizes.length} parts, for ${count} outputs`);
  return parted(build, x, axis, sizes);
}

/** Bounds are attributes before opset 10 and inputs since. */
function slice(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const isInput = call.opset >= 10;
  const starts = isInput ? call.constant(1) : call.integersConstant('starts');
  const ends = isInput ? call.constant(2) : call.integersConstant('ends');
  const axes = (isInput ? call.numbers(3) : call.integers('axes')) ?? range(0, starts.data.length, 1);
  const steps = (isInput ? call.numbers(4) : undefined) ?? axes.map(() => 1);
  const bounds = boundsOf(build, starts, ends, steps);
  if (axes.length !== bounds.length) throw call.error('SHAPE', 'starts and axes differ in length');
  return axes.reduce<Value>((part, axis, i) => sliced(build, part, axis, bounds[i]), x);
}

/** Constant indices select columns; indices that vary per row look up a constant table. */
function gather(call: OnnxCall): Value {
  const { build } = call;
  const lookUp = build.embedding.bind(build);
  return pickedOrLookedUp(build, call.input(0), call.integer('axis', 0), call.input(1), lookUp);
}

function oneHotOf(call: OnnxCall): Value {
  const { build } = call;
  const values = call.constant(2);
  if (values.data.length !== 2)
    throw call.error('SHAPE', `expected the values off and on, found ${values.data.length}`);
  const ids = build.asRow(build.cast(call.row(0), 'int64'));
  const [off, on] = values.data;
  const options = { depth: call.number(1) ?? 0, off, on, type: values.type, wrap: true };
  return oneHot(build, ids, call.integer('axis', -1), options);
}

export const indexing: Translations = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Tile: tile,
  Gather: gather,
  OneHot: oneHotOf,
};
