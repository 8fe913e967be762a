/** Operators that rearrange elements, or repeat them. */
import { broadcastShapes, elementCount, formatShape } from '../../../graph/shapes.ts';
import { withAxis, without } from '../../tensors/builder.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { flipped, MIRRORS, padded, tiled } from '../../tensors/moves.ts';
import { type Constant, describe, literal, type Row, range, type Value } from '../../tensors/value.ts';
import { activate } from '../activation.ts';
import type { Call, Translations } from '../call.ts';

/** The shape is an input; in older files an option. */
function reshape(call: Call): Value {
  const x = call.input(0);
  const given = call.options?.int32s(0) ?? [];
  const target = call.has(1) ? call.constant(1) : literal('int32', given, [given.length]);
  call.build.checkRank(target.data);
  if (batchAxisOf(x) !== undefined) return reshapeRows(call, x as Row, target);
  if (target.batch) throw call.build.crossing('the shape depends on the batch size');
  return call.build.reshaped(x, resolve(call, x, Array.from(target.data)));
}

/**
 * The first dimension must stand for the batch: by symbol, by −1, or by the number that the file has for it. It may be
 * a multiple of that, where the row's first axes are written as one with the batch.
 */
function reshapeRows(call: Call, x: Row, target: Constant): Row {
  const { build } = call;
  const [first, ...rest] = target.data;
  const isSymbol = target.data.length > 0 && target.batch !== undefined && target.batch[0] > 0 && first === 0;
  const isPlain = target.data.length > 0 && !target.batch?.[0];
  const mixes = x.batchAxis !== 0 || target.batch?.some((factor, i) => factor !== 0 && i > 0);
  const isOpen = isPlain && first === -1 && !rest.includes(-1);
  const times = isSymbol ? Number(target.batch?.[0]) : isPlain ? first / Number(build.declaredBatch) : Number.NaN;
  if (!mixes && (isOpen || (Number.isInteger(times) && times > 0))) {
    const count = elementCount(x.shape) / elementCount(rest);
    if (times === 1) return build.reshaped(x, resolve(call, x, rest));
    if (isOpen && count === 1) return build.reshaped(x, rest);
    if (!rest.includes(-1) && (isOpen || count === times)) return build.mergedInto(x, rest);
  }
  const into = describe(target.data, target.batch ?? new Float64Array(target.data.length));
  throw build.crossing(`a batch of rows of shape ${formatShape(x.shape)} is reshaped into [${into}]`);
}

/** −1 replaced by what is left. */
function resolve(call: Call, x: Value, target: readonly number[]): number[] {
  const dims = [...target];
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = elementCount(x.shape) / elementCount(dims.toSpliced(open, 1));
  if (dims.every((dim) => Number.isInteger(dim) && dim >= 0)) return dims;
  throw call.error('SHAPE', `${formatShape(x.shape)} cannot be reshaped into ${formatShape(target)}`);
}

/** Without axes every 1 goes, except that the batch stays the batch when the file has it as 1. */
function squeeze(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const given = call.options?.int32s(0) ?? [];
  build.checkRank(given);
  const axes = given.map((axis) => build.ownAxis(x, axis));
  const wide = axes.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) throw call.error('SHAPE', `an axis of ${x.shape[wide]} is squeezed; expected 1`);
  const own = new Set(given.length > 0 ? axes : [...x.shape.keys()].filter((axis) => x.shape[axis] === 1));
  const kept = x.shape.filter((_, axis) => !own.has(axis));
  return build.reshaped(x, kept, without([...own], batchAxisOf(x)));
}

/** The axis counts in the result. */
function withNewAxis(call: Call, x: Value, axis: number): Value {
  const { build } = call;
  const { shape, batchAxis } = withAxis(
    { shape: x.shape, batchAxis: batchAxisOf(x) },
    build.axis(axis, build.rank(x) + 1),
    1,
  );
  return build.reshaped(x, shape, batchAxis);
}

function pack(call: Call): Value {
  const axis = call.integer(1);
  return call.build.concat(
    call.all().map((x) => withNewAxis(call, x, axis)),
    axis,
  );
}

function unpack(call: Call): Value[] {
  const { build } = call;
  const x = call.input(0);
  const own = build.ownAxis(x, call.integer(1));
  build.checkResults(x.shape[own]);
  return range(0, x.shape[own], 1).map((position) => {
    const one = build.gather(x, call.integer(1), [position]);
    return build.reshaped(one, x.shape.toSpliced(own, 1), without([own], batchAxisOf(x)));
  });
}

function concatenation(call: Call): Value {
  return activate(call, call.build.concat(call.all(), call.integer(0)), call.choice(1));
}

function tile(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const repeats = call.numbers(1);
  if (repeats.length !== build.rank(x)) {
    throw call.error('SHAPE', `expected ${build.rank(x)} repeats, found ${repeats.length}`);
  }
  return repeats.reduce<Value>((part, count, axis) => tiled(build, part, axis, count), x);
}

/** Where the batch is, the shape must have the batch too, or the number that the file has for it. */
function broadcastTo(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const target = call.constant(1);
  build.checkRank(target.data);
  const isBatch = (axis: number) => target.batch?.[axis] === 1 && target.data[axis] === 0;
  const dims = Array.from(target.data);
  let batchAxis = batchAxisOf(x);
  if (batchAxis !== undefined) {
    batchAxis += dims.length - build.rank(x);
    if (!isBatch(batchAxis) && dims[batchAxis] !== build.declaredBatch) throw build.crossing('the batch is broadcast');
  } else if (target.batch) {
    batchAxis = dims.findIndex((_, axis) => isBatch(axis));
  }
  if (target.batch?.some((factor, axis) => factor !== 0 && !(axis === batchAxis && isBatch(axis)))) {
    throw build.crossing(`the shape [${describe(target.data, target.batch)}] mixes the batch into the features`);
  }
  if (batchAxis === undefined || batchAxis < 0) return build.expanded(x, expandedShape(call, x.shape, dims));
  const own = dims.toSpliced(batchAxis, 1);
  const reaches = batchAxis - dims.length + x.shape.length;
  const row = x.kind === 'row' ? x : reaches < 0 ? build.everyRow(x, batchAxis) : build.asRow(x, reaches);
  return build.expanded(row, expandedShape(call, row.shape, own), batchAxis);
}

function expandedShape(call: Call, own: readonly number[], target: readonly number[]): readonly number[] {
  const shape = broadcastShapes(own, target);
  if (shape) return shape;
  throw call.error('SHAPE', `${formatShape(own)} does not broadcast to ${formatShape(target)}`);
}

/** Without a number the elements are mirrored. */
function pads(call: Call, number?: number): Value {
  const { build } = call;
  const x = call.input(0);
  const widths = call.numbers(1);
  const rank = build.rank(x);
  if (widths.length !== 2 * rank || !widths.every((width) => Number.isInteger(width) && width >= 0)) {
    throw call.error('SHAPE', `expected ${2 * rank} widths, two per axis, found ${formatShape(widths)}`);
  }
  const fill = number ?? (call.choice(0) === 1 ? MIRRORS.symmetric : MIRRORS.reflect);
  return range(0, rank, 1).reduce<Value>(
    (part, axis) => padded(build, part, axis, [widths[2 * axis], widths[2 * axis + 1]], fill),
    x,
  );
}

/** Quantised tensors are padded with the whole number that stands for 0. */
function pad(call: Call): Value {
  return pads(call, call.tensor(0).quantization?.zeroPoints[0] ?? 0);
}

function reverse(call: Call): Value {
  return call.numbers(1).reduce<Value>((x, axis) => flipped(call.build, x, axis), call.input(0));
}

export const movement: Translations = {
  RESHAPE: reshape,
  SQUEEZE: squeeze,
  EXPAND_DIMS: (call) => withNewAxis(call, call.input(0), call.number(1)),
  PACK: pack,
  UNPACK: unpack,
  CONCATENATION: concatenation,
  TRANSPOSE: (call) => call.build.transpose(call.input(0), call.numbers(1)),
  TILE: tile,
  BROADCAST_TO: broadcastTo,
  PAD: pad,
  PADV2: (call) => pads(call, call.number(2)),
  MIRROR_PAD: (call) => pads(call),
  REVERSE_V2: reverse,
};
