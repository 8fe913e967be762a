/** Operators that rearrange elements, or repeat them. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { packed, squeezed, unpacked, withOne } from '../../tensors/axes.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { broadcastTo } from '../../tensors/filling.ts';
import { flipped, mirrored, paddedBy, pairsOf, tiledBy, type Widths } from '../../tensors/moves.ts';
import { type Constant, describe, literal, type Row, type Value } from '../../tensors/value.ts';
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

function squeeze(call: Call): Value {
  const axes = call.options?.int32s(0) ?? [];
  return squeezed(call.build, call.input(0), axes.length > 0 ? axes : undefined);
}

function concatenation(call: Call): Value {
  return activate(call, call.build.concat(call.all(), call.integer(0)), call.choice(1));
}

/** Quantised tensors are padded with the integer that stands for 0. */
function pad(call: Call, fill = call.tensor(0).quantization?.zeroPoints[0] ?? 0): Value {
  return paddedBy(call.build, call.input(0), widthsOf(call), fill);
}

function mirrorPad(call: Call): Value {
  return mirrored(call.build, call.input(0), widthsOf(call), call.choice(0) === 1 ? 'symmetric' : 'reflect');
}

function widthsOf(call: Call): Widths[] {
  return pairsOf(call.build, call.build.rank(call.input(0)), call.numbers(1));
}

export const movement: Translations = {
  RESHAPE: reshape,
  SQUEEZE: squeeze,
  EXPAND_DIMS: (call) => withOne(call.build, call.input(0), call.number(1)),
  PACK: (call) => packed(call.build, call.all(), call.integer(1)),
  UNPACK: (call) => unpacked(call.build, call.input(0), call.integer(1)),
  CONCATENATION: concatenation,
  TRANSPOSE: (call) => call.build.transpose(call.input(0), call.numbers(1)),
  TILE: (call) => tiledBy(call.build, call.input(0), call.dimensions(1)),
  BROADCAST_TO: (call) => broadcastTo(call.build, call.input(0), call.dimensions(1)),
  PAD: (call) => pad(call),
  PADV2: (call) => pad(call, call.number(2)),
  MIRROR_PAD: mirrorPad,
  REVERSE_V2: (call) => flipped(call.build, call.input(0), call.numbers(1)),
};
