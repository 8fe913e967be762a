/** Parts of axes, with bounds like those of Python's slices. */
import type { GraphBuilder } from './builder.ts';
import { type Dimension, dimensionAt } from './dimensions.ts';
import { batchAxisOf, batchPlace, sharedAxis } from './emitter.ts';
import { type Constant, HIGHEST_RANK, range, type Value } from './value.ts';

/** From 2^31 − 1 on, an end means "to the end", however long the axis is. */
const PAST_ANY_END = 2 ** 31 - 1;

/** Negative bounds count from the end; an omitted bound is that of the axis. */
export interface Bounds {
  readonly start?: Dimension;
  readonly end?: Dimension;
  readonly step: number;
}

/** The bounds of slices whose starts, ends and steps are lists of equal length. */
export function boundsOf(build: GraphBuilder, starts: Constant, ends: Constant, steps: ArrayLike<number>): Bounds[] {
  build.checkRank(starts.data);
  if (ends.data.length === starts.data.length && steps.length === starts.data.length) {
    return Array.from(starts.data, (_, at) => {
      return { start: dimensionAt(starts, at), end: dimensionAt(ends, at), step: steps[at] };
    });
  }
  throw build.error('SHAPE', 'starts, ends and steps differ in length');
}

/** Like `x[start:end:step]` along an axis. All rows of the batch must be kept. */
export function sliced(build: GraphBuilder, x: Value, given: number, bounds: Bounds): Value {
  const axis = build.axis(given, build.rank(x));
  if (axis === batchPlace(x)) return wholeBatch(build, x, bounds);
  const length = x.shape[build.ownAxis(x, axis)];
  const { step } = bounds;
  if (!Number.isInteger(step) || step === 0)
    throw build.error('MALFORMED', `expected a step other than 0, found ${step}`);
  const start = bounds.start?.rows ? refuseBatch(build) : bounds.start?.size;
  const end = numberOf(build, bounds.end, length);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (position: number) => Math.min(Math.max(position < 0 ? position + length : position, low), high);
  const from = start === undefined ? (step > 0 ? low : high) : clamp(start);
  const to = end === undefined ? (step > 0 ? high : low) : clamp(end);
  if (x.kind === 'row' && (to - from) * step <= 0) {
    const [first, last] = [start ?? 'its start', end ?? 'its end'];
    throw build.error('SHAPE', `the slice from ${first} to ${last} is empty for an axis of ${length}`);
  }
  return build.gather(x, axis, build.positions(from, to, step));
}

function refuseBatch(build: GraphBuilder): never {
  throw build.crossing('a bound depends on the batch size');
}

/** An end that depends on the batch is supported if it is past the axis for any batch size. */
function numberOf(build: GraphBuilder, bound: Dimension | undefined, length: number): number | undefined {
  if (bound === undefined || bound.rows === 0) return bound?.size;
  return bound.rows > 0 && bound.size + bound.rows >= length ? length : refuseBatch(build);
}

function wholeBatch(build: GraphBuilder, x: Value, { start, end, step }: Bounds): Value {
  const place = batchPlace(x);
  const rows = sharedAxis(x) === undefined ? 1 : x.shape[place as number];
  const isFromStart = start === undefined || (start.size === 0 && start.rows === 0);
  if (isFromStart && step === 1 && isPastBatch(build, end, rows)) return x;
  throw build.crossing(`rows are sliced along axis ${place}, the batch`);
}

/** Whether the end is at or past the end of an axis whose size is `rows` times the batch. */
function isPastBatch({ declaredBatch }: GraphBuilder, end: Dimension | undefined, rows: number): boolean {
  if (end === undefined) return true;
  if (end.rows !== 0) return end.rows >= rows && end.size >= 0;
  return end.size >= PAST_ANY_END || end.size >= rows * (declaredBatch ?? Infinity);
}

/** A range of each axis, which must be within it; a size of −1 means the remaining size. */
export function cut(build: GraphBuilder, x: Value, starts: readonly Dimension[], sizes: readonly Dimension[]): Value {
  const rank = build.rank(x);
  if (starts.length !== rank || sizes.length !== rank) {
    throw build.error('SHAPE', `expected ${rank} starts and sizes, found ${starts.length} and ${sizes.length}`);
  }
  return range(0, rank, 1).reduce<Value>((part, axis) => {
    const [start, size] = [starts[axis], sizes[axis]];
    const isOpen = size.size === -1 && size.rows === 0;
    const end = isOpen ? undefined : { size: start.size + size.size, rows: start.rows + size.rows };
    if (axis !== batchPlace(part)) {
      if (start.rows !== 0 || size.rows !== 0) refuseBatch(build);
      const length = part.shape[build.ownAxis(part, axis)];
      const last = end?.size ?? length;
      if (!(start.size >= 0 && start.size <= last && last <= length)) {
        throw build.error('SHAPE', `the slice from ${start.size} to ${last} is outside an axis of ${length}`);
      }
    }
    return sliced(build, part, axis, { start, end, step: 1 });
  }, x);
}

/**
 * What is done to an axis, in the order of the result: NumPy's `None`, an index, a slice, and the axes skipped by
 * `...`.
 */
export type Subscript =
  | { readonly kind: 'new' }
  | { readonly kind: 'rest' }
  | { readonly kind: 'pick'; readonly at: Dimension }
  | { readonly kind: 'slice'; readonly bounds: Bounds };

/** TensorFlow's masks for the meaning of a pair of bounds. */
export interface Marks {
  readonly ellipsis: boolean;
  readonly newAxis: boolean;
  /** A single index, which removes the axis. */
  readonly shrink: boolean;
  /** Whether these bounds are omitted. */
  readonly begin: boolean;
  readonly end: boolean;
}

/** If marks contradict each other, the first applies. */
export function subscript({ start, end, step }: Bounds, marks: Marks): Subscript {
  if (marks.ellipsis) return { kind: 'rest' };
  if (marks.newAxis) return { kind: 'new' };
  if (marks.shrink) return { kind: 'pick', at: start ?? { size: 0, rows: 0 } };
  const bounds = { ...(!marks.begin && { start }), ...(!marks.end && { end }), step };
  return { kind: 'slice', bounds };
}

/** NumPy indexing, `x[1:3, ..., 0, None]`; axes without a subscript are kept. */
export function subscripted(build: GraphBuilder, x: Value, given: readonly Subscript[]): Value {
  if (given.length > HIGHEST_RANK) {
    throw build.error('LIMIT', `expected at most ${HIGHEST_RANK} subscripts, found ${given.length}`);
  }
  const named = given.filter(({ kind }) => kind === 'pick' || kind === 'slice').length;
  const skipped = build.rank(x) - named;
  if (skipped < 0) throw build.error('SHAPE', `the slice has ${named} axes, but the tensor has ${build.rank(x)}`);
  const all: readonly Subscript[] = given.some(({ kind }) => kind === 'rest') ? given : [...given, { kind: 'rest' }];
  const batchAxis = batchAxisOf(x);
  const shape: (number | 'batch')[] = [];
  let [part, axis] = [x, 0];
  const keep = () => shape.push(axis === batchAxis ? 'batch' : part.shape[build.ownAxis(part, axis)]);
  for (const subscript of all) {
    if (subscript.kind === 'new') {
      shape.push(1);
    } else if (subscript.kind === 'rest') {
      for (const end = axis + skipped; axis < end; axis++) keep();
    } else if (subscript.kind === 'slice') {
      part = sliced(build, part, axis, subscript.bounds);
      keep();
      axis++;
    } else {
      if (axis === batchAxis) throw build.crossing(`rows are sliced along axis ${axis}, the batch`);
      if (subscript.at.rows !== 0) throw build.crossing('a position depends on the batch size');
      part = build.gather(part, axis, [subscript.at.size]);
      axis++;
    }
  }
  const own = shape.filter((size) => size !== 'batch');
  return build.reshaped(part, own, batchAxis === undefined ? undefined : shape.indexOf('batch'));
}
