/** Operators that rearrange or repeat elements. */
import { packed, squeezed, unpacked, withOne } from '../../tensors/axes.ts';
import { broadcastTo } from '../../tensors/filling.ts';
import { flipped, mirrored, paddedBy, pairsOf, tiledBy, type Widths } from '../../tensors/moves.ts';
import { reshape } from '../../tensors/reshape.ts';
import type { Value } from '../../tensors/value.ts';
import { activate } from '../activation.ts';
import type { TfliteCall, Translations } from '../call.ts';

/** The shape is an input, or in older files an option. */
function reshaped(call: TfliteCall): Value {
  const given = call.options?.int32s(0) ?? [];
  const dims = call.has(1) ? call.dimensions(1) : Array.from(given, (size) => ({ size, rows: 0 }));
  return reshape(call.build, call.input(0), dims);
}

function squeeze(call: TfliteCall): Value {
  const axes = call.options?.int32s(0) ?? [];
  return squeezed(call.build, call.input(0), axes.length > 0 ? axes : undefined);
}

function concatenation(call: TfliteCall): Value {
  return activate(call, call.build.concat(call.all(), call.integer(0)), call.choice(1));
}

/** Quantised tensors are padded with the integer that represents 0. */
function pad(call: TfliteCall, fill = call.tensor(0).quantization?.zeroPoints[0] ?? 0): Value {
  return paddedBy(call.build, call.input(0), widthsOf(call), fill);
}

function mirrorPad(call: TfliteCall): Value {
  return mirrored(call.build, call.input(0), widthsOf(call), call.choice(0) === 1 ? 'symmetric' : 'reflect');
}

function widthsOf(call: TfliteCall): Widths[] {
  return pairsOf(call.build, call.build.rank(call.input(0)), call.numbers(1));
}

export const movement: Translations = {
  RESHAPE: reshaped,
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
