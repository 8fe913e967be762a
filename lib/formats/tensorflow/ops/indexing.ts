/** Operators that pick, join and repeat elements. */
import { gatherInRows } from '../../tensors/along.ts';
import { packed, unpacked, withOne } from '../../tensors/axes.ts';
import { equalParts, flipped, parted, rolled, tiledBy } from '../../tensors/moves.ts';
import { oneHot, pickedAt, pickedOrLookedUp, rowsOf } from '../../tensors/picking.ts';
import { cut } from '../../tensors/slicing.ts';
import type { TensorFlowCall, Translations } from '../call.ts';
import type { Value } from '../value.ts';

/** The axis is the last input, but the first in the old form. */
function concat(call: TensorFlowCall): Value {
  const values = call.inputs.slice(0, -1).map((_, index) => call.input(index));
  return joined(call, values, call.number(-1));
}

function oldConcat(call: TensorFlowCall): Value {
  const values = call.inputs.slice(1).map((_, index) => call.input(index + 1));
  return joined(call, values, call.number(0));
}

function joined(call: TensorFlowCall, values: readonly Value[], axis: number): Value {
  if (values.length === 0) throw call.error('MALFORMED', 'expected at least one value to join, found none');
  return call.build.concat(values, axis);
}

/** Ids count from 0; unlike in ONNX, negative ids do not count from the table's end. */
function gather(call: TensorFlowCall): Value {
  const { build } = call;
  const axis = call.inputs.length > 2 ? call.number(2) : 0;
  const batchDims = call.integer('batch_dims', 0);
  if (batchDims !== 0) return gatherInRows(build, call.input(0), axis, call.input(1), batchDims);
  return pickedOrLookedUp(build, call.input(0), axis, call.input(1), (ids, table) => rowsOf(build, ids, table));
}

function gatherNd(call: TensorFlowCall): Value {
  if (call.integer('batch_dims', 0) !== 0) throw call.error('UNSUPPORTED_OP', 'expected batch_dims to be 0');
  return pickedAt(call.build, call.input(0), 0, call.constant(1));
}

/** An id out of range gives only off values. */
function oneHotOf(call: TensorFlowCall): Value {
  const { build } = call;
  const [depth, on, off] = [call.number(1), call.number(2), call.number(3)];
  const ids = build.asRow(build.cast(call.row(0), 'int64'));
  return oneHot(build, ids, call.integer('axis', -1), { depth, off, on, type: call.constant(2).type, wrap: false });
}

/** How often each number below `size` occurs along the last axis, or with `binary_output` whether it occurs. */
function bincount(call: TensorFlowCall): Value {
  const { build } = call;
  const weights = call.input(2);
  const isWeighted = weights.kind === 'row' || weights.data.length > 0;
  const options = { depth: call.number(1), off: 0, on: 1, type: weights.type, wrap: false };
  const hot = oneHot(build, call.row(0), -1, options);
  const counted = isWeighted ? build.binary('mul', hot, withOne(build, weights, -1)) : hot;
  return build.reduce(counted, call.flag('binary_output') ? 'max' : 'sum', [-2], false);
}

/** The old form has a flag for each axis, the newer one a list of axes. */
function oldReverse(call: TensorFlowCall): Value {
  const axes = [...call.numbers(1).entries()].filter(([, isReversed]) => isReversed !== 0);
  return flipped(
    call.build,
    call.input(0),
    axes.map(([axis]) => axis),
  );
}

export const indexing: Translations = {
  ConcatV2: concat,
  Concat: oldConcat,
  Pack: (call) => packed(call.build, call.all(), call.integer('axis', 0)),
  Unpack: (call) => unpacked(call.build, call.input(0), call.integer('axis', 0)),
  Split: (call) => equalParts(call.build, call.input(1), call.number(0), call.integer('num_split', 1)),
  SplitV: (call) => parted(call.build, call.input(0), call.number(2), call.numbers(1)),
  Slice: (call) => cut(call.build, call.input(0), call.dimensions(1), call.dimensions(2)),
  Gather: gather,
  GatherV2: gather,
  ResourceGather: gather,
  GatherNd: gatherNd,
  Tile: (call) => tiledBy(call.build, call.input(0), call.dimensions(1)),
  Reverse: oldReverse,
  ReverseV2: (call) => flipped(call.build, call.input(0), call.numbers(1)),
  Roll: (call) => rolled(call.build, call.input(0), call.numbers(2), call.numbers(1)),
  OneHot: oneHotOf,
  DenseBincount: bincount,
};
