/** Operators that add elements around a row's own. */
import { formatShape } from '../../../graph/shapes.ts';
import { literal, range } from '../../tracing/value.ts';
import type { Call, Translations } from '../call.ts';
import type { Value } from '../value.ts';

/** Blocks of one number before and after each axis. */
function pad(call: Call): Value {
  const x = call.input(0);
  const fill = call.inputs.length > 2 ? call.number(2) : 0;
  return padded(call, x, (part, axis, before, after) => {
    const { build } = call;
    const own = build.ownAxis(part, axis);
    const block = (width: number) => {
      const filled = build.expanded(literal(part.type, [fill]), part.shape.with(own, width));
      if (width === 0) return [];
      return [part.kind === 'row' ? build.everyRow(filled, part.batchAxis) : filled];
    };
    return build.concat([...block(before), part, ...block(after)], axis);
  });
}

/** Mirrored elements; REFLECT leaves out the one at the edge. */
function mirrorPad(call: Call): Value {
  const edge = call.string('mode', 'REFLECT') === 'REFLECT' ? 1 : 0;
  return padded(call, call.input(0), (part, axis, before, after) => {
    const length = part.shape[call.build.ownAxis(part, axis)];
    if (Math.max(before, after) > length - edge) {
      throw call.error('SHAPE', `an axis of ${length} is padded by ${before} and ${after} mirrored elements`);
    }
    const source = (i: number) => {
      const at = i - before;
      if (at < 0) return edge - 1 - at;
      return at < length ? at : 2 * length - 1 - edge - at;
    };
    return call.build.gather(part, axis, call.build.positionsOf(before + length + after, source));
  });
}

function padded(
  call: Call,
  x: Value,
  apply: (part: Value, axis: number, before: number, after: number) => Value,
): Value {
  const { build } = call;
  const widths = call.numbers(1);
  const rank = build.rank(x);
  if (widths.length !== 2 * rank || !widths.every((width) => Number.isInteger(width) && width >= 0)) {
    throw call.error('SHAPE', `expected ${rank} pairs of widths, found ${formatShape(widths)}`);
  }
  return range(0, rank, 1).reduce<Value>((part, axis) => {
    const [before, after] = [widths[2 * axis], widths[2 * axis + 1]];
    if (before + after === 0) return part;
    const length = part.shape[build.ownAxis(part, axis)];
    if (!(length + before + after <= build.budget.limits.rowElements)) {
      throw call.error('LIMIT', `an axis of ${length} is padded by ${before} and ${after}`);
    }
    return apply(part, axis, before, after);
  }, x);
}

export const padding: Translations = {
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
};
