/** Pad: by a number, or by elements of the row itself. */
import { quote } from '../../../messages.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { literal, range, type Value } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';

/** Where the element at `position` of a padded axis comes from, by mode; the axis has `length` elements. */
const SOURCES: Readonly<Record<string, (position: number, length: number) => number>> = {
  edge: (position, length) => Math.min(Math.max(position, 0), length - 1),
  wrap: (position, length) => ((position % length) + length) % length,
  reflect(position, length) {
    const period = Math.max(2 * length - 2, 1);
    const offset = ((position % period) + period) % period;
    return Math.min(offset, period - offset);
  },
};

/** Widths are attributes before opset 11 (`paddings` in the first) and an input since; below 0 they cut. */
function pad(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const rank = build.rank(x);
  const axes = (call.numbers(3) ?? range(0, rank, 1)).map((axis) => build.axis(axis, rank));
  const widths = call.opset >= 11 ? call.numbers(1) : call.integers(call.opset === 1 ? 'paddings' : 'pads');
  if (widths?.length !== 2 * axes.length || !widths.every(Number.isInteger)) {
    throw call.error('SHAPE', `expected ${2 * axes.length} widths, two per axis, found ${widths?.length ?? 'none'}`);
  }
  const mode = call.string('mode', 'constant');
  const fill = call.opset >= 11 ? (call.number(2) ?? 0) : call.float('value', 0);
  return axes.reduce((padded, axis, i) => {
    const [before, after] = [widths[i], widths[axes.length + i]];
    return before === 0 && after === 0 ? padded : padAxis(call, padded, axis, before, after, mode, fill);
  }, x);
}

function padAxis(call: Call, x: Value, axis: number, before: number, after: number, mode: string, fill: number): Value {
  const { build } = call;
  const own = build.ownAxis(x, axis);
  const length = x.shape[own];
  if (!(length + Math.max(before, 0) + Math.max(after, 0) <= build.budget.limits.rowElements)) {
    throw call.error('LIMIT', `an axis of ${length} is padded by ${before} and ${after}`);
  }
  if (mode === 'constant') {
    const kept = build.gather(x, axis, build.positions(Math.max(-before, 0), length - Math.max(-after, 0)));
    const part = (width: number) => {
      const block = build.expanded(literal(x.type, [fill]), x.shape.with(own, width));
      return width > 0 ? [x.kind === 'row' ? build.everyRow(block, batchAxisOf(x)) : block] : [];
    };
    return build.concat([...part(Math.max(before, 0)), kept, ...part(Math.max(after, 0))], axis);
  }
  const source = Object.hasOwn(SOURCES, mode) ? SOURCES[mode] : undefined;
  if (source === undefined) {
    throw call.error('MALFORMED', `expected the mode constant, edge, reflect or wrap, found ${quote(mode)}`);
  }
  return build.gather(
    x,
    axis,
    build.positionsOf(Math.max(before + length + after, 0), (i) => source(i - before, length)),
  );
}

export const padding: Translations = { Pad: pad };
