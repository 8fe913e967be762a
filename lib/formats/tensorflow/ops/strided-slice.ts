/** NumPy's indexing, `x[1:3, ..., 0, None]`, as StridedSlice has it: bounds, and masks that change what they mean. */
import { batchAxisOf } from '../../tensors/emitter.ts';
import { type Constant, range } from '../../tensors/value.ts';
import type { Call } from '../call.ts';
import type { Value } from '../value.ts';

/** What happens to an axis, in the order of the result. */
type Step =
  | { readonly kind: 'new' }
  | { readonly kind: 'whole'; readonly axis: number }
  | { readonly kind: 'slice' | 'pick'; readonly axis: number; readonly at: number };

export function stridedSlice(call: Call): Value {
  const { build } = call;
  const x = call.input(0);
  const [starts, ends, strides] = [call.constant(1), call.constant(2), call.constant(3)];
  build.checkRank(starts.data);
  const steps = stepsOf(call, starts.data.length, build.rank(x));
  const batchAxis = batchAxisOf(x);
  let sliced = x;
  const shape: (number | 'batch')[] = [];
  for (const step of steps) {
    if (step.kind === 'new') {
      shape.push(1);
      continue;
    }
    const { axis } = step;
    if (axis === batchAxis) {
      if (step.kind === 'pick' || (step.kind === 'slice' && !keepsBatch(call, step.at, starts, ends, strides))) {
        throw build.crossing(`rows are sliced along axis ${axis}, the batch`);
      }
      shape.push('batch');
      continue;
    }
    const own = build.ownAxis(sliced, axis);
    if (step.kind !== 'whole') {
      const positions = positionsOf(call, step, sliced.shape[own], starts, ends, strides);
      sliced = build.gather(sliced, axis, positions);
    }
    if (step.kind !== 'pick') shape.push(sliced.shape[own]);
  }
  const own = shape.filter((size) => size !== 'batch');
  return build.reshaped(sliced, own, batchAxis === undefined ? undefined : shape.indexOf('batch'));
}

/** The given bounds by axis: an ellipsis stands for as many whole axes as are left. */
function stepsOf(call: Call, count: number, rank: number): Step[] {
  const mask = (name: string, i: number) => ((call.integer(name, 0) >>> i) & 1) === 1;
  const given = range(0, count, 1);
  const ellipsis = given.find((i) => mask('ellipsis_mask', i)) ?? count;
  const consuming = given.filter((i) => i !== ellipsis && !mask('new_axis_mask', i)).length;
  const steps: Step[] = [];
  let axis = 0;
  for (let i = 0; i <= count; i++) {
    if (i === ellipsis) {
      for (let left = rank - consuming; left > 0; left--) steps.push({ kind: 'whole', axis: axis++ });
    } else if (i < count && mask('new_axis_mask', i)) {
      steps.push({ kind: 'new' });
    } else if (i < count) {
      steps.push({ kind: mask('shrink_axis_mask', i) ? 'pick' : 'slice', axis: axis++, at: i });
    }
  }
  if (axis === rank && count <= 32) return steps;
  throw call.error('SHAPE', `${consuming} axes are sliced of a tensor that has ${rank}`);
}

function keepsBatch(call: Call, at: number, starts: Constant, ends: Constant, strides: Constant): boolean {
  const isOpen = (name: string) => ((call.integer(name, 0) >>> at) & 1) === 1;
  const end = ends.data[at];
  const isAll = ends.batch?.[at] === 1 ? end === 0 : end >= (call.build.declaredBatch ?? Infinity);
  const isFromStart = isOpen('begin_mask') || (starts.data[at] === 0 && !starts.batch?.[at]);
  return strides.data[at] === 1 && isFromStart && (isOpen('end_mask') || isAll);
}

function positionsOf(
  call: Call,
  { kind, at }: { readonly kind: string; readonly at: number },
  length: number,
  starts: Constant,
  ends: Constant,
  strides: Constant,
): ArrayLike<number> {
  const { build } = call;
  if (starts.batch?.[at] || ends.batch?.[at]) throw build.crossing('a bound depends on the batch size');
  const [start, end, stride] = [starts.data[at], ends.data[at], strides.data[at]];
  if (kind === 'pick') return [start];
  if (!Number.isInteger(stride) || stride === 0) {
    throw call.error('MALFORMED', `expected a stride other than 0, found ${stride}`);
  }
  const isOpen = (name: string) => ((call.integer(name, 0) >>> at) & 1) === 1;
  const [low, high] = stride > 0 ? [0, length] : [-1, length - 1];
  const clamp = (position: number) => Math.min(Math.max(position < 0 ? position + length : position, low), high);
  const from = isOpen('begin_mask') ? (stride > 0 ? low : high) : clamp(start);
  const to = isOpen('end_mask') ? (stride > 0 ? high : low) : clamp(end);
  return build.positions(from, to, stride);
}
