/** Operators that pad a row. */
import { mirrored, paddedBy, pairsOf, type Widths } from '../../tensors/moves.ts';
import type { TensorFlowCall, Translations } from '../call.ts';
import type { Value } from '../value.ts';

function widthsOf(call: TensorFlowCall): Widths[] {
  return pairsOf(call.build, call.build.rank(call.input(0)), call.numbers(1));
}

function pad(call: TensorFlowCall): Value {
  const fill = call.inputs.length > 2 ? call.number(2) : 0;
  return paddedBy(call.build, call.input(0), widthsOf(call), fill);
}

/** REFLECT does not repeat the edge element. */
function mirrorPad(call: TensorFlowCall): Value {
  const isReflected = call.string('mode', 'REFLECT') === 'REFLECT';
  return mirrored(call.build, call.input(0), widthsOf(call), isReflected ? 'reflect' : 'symmetric');
}

export const padding: Translations = {
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
};
