/** Pad: with a number, or with elements of the row itself. */
import { quote } from '../../../messages.ts';
import { padded } from '../../tensors/moves.ts';
import { range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

const MODES = ['edge', 'wrap', 'reflect'] as const;

/** Widths are an attribute before opset 11 (`paddings` in opset 1) and an input since; negative widths crop. */
function pad(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const rank = build.rank(x);
  const axes = (call.numbers(3) ?? range(0, rank, 1)).map((axis) => build.axis(axis, rank));
  const widths = call.opset >= 11 ? call.numbers(1) : call.integers(call.opset === 1 ? 'paddings' : 'pads');
  if (widths?.length !== 2 * axes.length || !widths.every(Number.isInteger)) {
    throw call.error('SHAPE', `expected ${2 * axes.length} widths, two per axis, found ${widths?.length ?? 'none'}`);
  }
  const mode = call.string('mode', 'constant');
  const number = call.opset >= 11 ? (call.number(2) ?? 0) : call.float('value', 0);
  const fill = mode === 'constant' ? number : MODES.find((name) => name === mode);
  if (fill === undefined) {
    throw call.error('MALFORMED', `expected the mode constant, edge, reflect or wrap, found ${quote(mode)}`);
  }
  return axes.reduce<Value>(
    (part, axis, i) => padded(build, part, axis, [widths[i], widths[axes.length + i]], fill),
    x,
  );
}

export const padding: Translations = { Pad: pad };
