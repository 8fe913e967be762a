/** Operators that add elements around a row's own. */
import { formatShape } from '../../../graph/shapes.ts';
import { MIRRORS, padded } from '../../tensors/moves.ts';
import { range } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';
import type { Value } from '../value.ts';

/** Widths before and after each axis. */
function widthsOf(call: Call, x: Value): [before: number, after: number][] {
  const widths = call.numbers(1);
  const rank = call.build.rank(x);
  if (widths.length !== 2 * rank || !widths.every((width) => Number.isInteger(width) && width >= 0)) {
    throw call.error('SHAPE', `expected ${rank} pairs of widths, found ${formatShape(widths)}`);
  }
  return range(0, rank, 1).map((axis) => [widths[2 * axis], widths[2 * axis + 1]]);
}

function pad(call: Call): Value {
  const x = call.input(0);
  const fill = call.inputs.length > 2 ? call.number(2) : 0;
  return widthsOf(call, x).reduce<Value>((part, widths, axis) => padded(call.build, part, axis, widths, fill), x);
}

/** Mirrored elements; REFLECT leaves out the one at the edge. */
function mirrorPad(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const isReflected = call.string('mode', 'REFLECT') === 'REFLECT';
  return widthsOf(call, x).reduce<Value>((part, widths, axis) => {
    if (widths[0] + widths[1] === 0) return part;
    const length = part.shape[build.ownAxis(part, axis)];
    if (Math.max(widths[0], widths[1]) > length - (isReflected ? 1 : 0)) {
      throw call.error('SHAPE', `an axis of ${length} is padded by ${widths[0]} and ${widths[1]} mirrored elements`);
    }
    return padded(build, part, axis, widths, isReflected ? MIRRORS.reflect : MIRRORS.symmetric);
  }, x);
}

export const padding: Translations = {
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
};
