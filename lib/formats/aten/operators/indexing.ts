/** Operators that pick, join and repeat elements. */
import { formatShape } from '../../../graph/shapes.ts';
import { unpacked, withOne } from '../../tensors/axes.ts';
import type { Dimension } from '../../tensors/dimensions.ts';
import { flipped, padded, parted, repeated, rolled, tiledBy } from '../../tensors/moves.ts';
import { picked } from '../../tensors/picking.ts';
import { sliced } from '../../tensors/slicing.ts';
import { literal, range, type Value } from '../../tensors/value.ts';
import type { Result } from '../argument.ts';
import { type AtenCall, sizesText, type Translation, type Translations } from '../call.ts';
import { sizesOf } from './shape.ts';

/** The size of an axis; throws for the batch. */
function sizeOf(call: AtenCall, x: Value, axis: number): number {
  return x.shape[call.build.ownAxis(x, axis)];
}

function cat(call: AtenCall): Result {
  const { build } = call;
  // torch ignores tensors without elements here.
  const tensors = call
    .tensors('tensors')
    .filter((x) => !(x.kind === 'constant' && x.shape.length === 1 && x.shape[0] === 0));
  if (tensors.length === 0) throw call.error('SHAPE', 'expected at least one tensor to join, found none');
  const type = call.typeOf(tensors);
  const parts = tensors.map((x) => build.cast(x, type));
  const axis = build.axis(call.number('dim'), build.rank(parts[0]));
  for (const part of parts) checkJoinable(call, parts[0], part, axis);
  return build.concat(parts, axis);
}

function checkJoinable(call: AtenCall, first: Value, part: Value, axis: number): void {
  const [expected, found] = [first, part].map(sizesOf);
  const message = `the shapes ${sizesText(first.shape, part.shape)} cannot be joined along axis ${axis}`;
  if (expected.length !== found.length) throw call.error('SHAPE', message);
  for (const [other, { value }] of expected.entries()) {
    const size = found[other].value;
    if (other !== axis && value !== undefined && size !== undefined) call.match(size, value, message);
  }
}

function stack(call: AtenCall): Result {
  const { build } = call;
  const tensors = call.tensors('tensors');
  const type = call.typeOf(tensors);
  const axis = build.axis(call.number('dim'), build.rank(tensors[0]) + 1);
  const parts = tensors.map((x) => withOne(build, build.cast(x, type), axis));
  for (const part of parts) checkJoinable(call, parts[0], part, axis);
  return build.concat(parts, axis);
}

/** For tensors of at least rank 1; vectors become columns side by side. */
function stackColumns(call: AtenCall): Result {
  const { build } = call;
  const tensors = call.tensors('tensors');
  const type = call.typeOf(tensors);
  const isVector = tensors.every((x) => build.rank(x) === 1);
  return build.concat(
    tensors.map((x) => build.cast(isVector ? withOne(build, x, 1) : x, type)),
    1,
  );
}

function select(call: AtenCall): Result {
  return picked(call.build, call.tensor('self'), call.number('dim'), literal('int64', [call.number('index')]));
}

function slice(call: AtenCall): Result {
  const step = call.number('step');
  if (!Number.isInteger(step) || step < 1) throw call.error('MALFORMED', `expected a step of 1 or more, found ${step}`);
  const [start, end] = ['start', 'end'].map((name) => (call.has(name) ? call.sizes(name)[0]?.dimension : undefined));
  return sliced(call.build, call.tensor('self'), call.number('dim'), { start, end, step });
}

function narrow(call: AtenCall): Result {
  const [start, length] = [call.number('start'), call.number('length')];
  const x = call.tensor('self');
  const first = start < 0 ? start + sizeOf(call, x, call.number('dim')) : start;
  return call.build.gather(x, call.number('dim'), call.range(first, first + length, 1));
}

/** Parts of the given sizes, one after another. */
function parts(call: AtenCall, sizes: readonly number[]): Value[] {
  const { build } = call;
  const [x, axis] = [call.tensor('self'), call.number('dim')];
  const length = sizeOf(call, x, axis);
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw call.error('SHAPE', `an axis of ${length} cannot be split into ${formatShape(sizes)}`);
  }
  call.match(length, sum, `an axis of ${length} cannot be split into ${formatShape(sizes)}`);
  return parted(build, x, axis, sizes);
}

/** Parts of one size; the last may be smaller. */
function equalParts(call: AtenCall, size: number): Value[] {
  const length = sizeOf(call, call.tensor('self'), call.number('dim'));
  if (!Number.isInteger(size) || size < 1) throw call.error('SHAPE', `an axis cannot be split into parts of ${size}`);
  const starts = call.range(0, length, size);
  return parts(
    call,
    starts.map((start) => Math.min(size, length - start)),
  );
}

function split(call: AtenCall): Result {
  const sizes = call.integers('split_size', Infinity);
  return sizes.length === 1 ? equalParts(call, sizes[0]) : parts(call, sizes);
}

function chunk(call: AtenCall): Result {
  const length = sizeOf(call, call.tensor('self'), call.number('dim'));
  return equalParts(call, Math.ceil(length / call.number('chunks')));
}

/** As even as possible: the first parts have one more. */
function tensorSplit(call: AtenCall): Result {
  const length = sizeOf(call, call.tensor('self'), call.number('dim'));
  const count = call.number('sections');
  if (count < 1 || count > length)
    throw call.error('SHAPE', `an axis of ${length} cannot be split into ${count} parts`);
  const size = Math.floor(length / count);
  return parts(
    call,
    call.range(0, count, 1).map((i) => size + (i < length % count ? 1 : 0)),
  );
}

/** Each element minus the one before it, n times; of truth values, whether they differ. */
function diff(call: AtenCall): Result {
  const { build } = call;
  const axis = call.number('dim');
  const given = [call.optional('prepend'), call.tensor('self'), call.optional('append')];
  const x = build.concat(
    given.filter((part) => part !== undefined),
    axis,
  );
  const times = call.number('n');
  const length = sizeOf(call, x, axis);
  if (times >= length) throw call.error('SHAPE', `an axis of ${length} has no ${times} differences`);
  return call.range(0, times, 1).reduce<Value>((sofar, i) => {
    const [after, before] = [call.range(1, length - i, 1), call.range(0, length - i - 1, 1)];
    const parts = [after, before].map((places) => build.gather(sofar, axis, places));
    return build.binary(x.type === 'bool' ? 'xor' : 'sub', parts[0], parts[1]);
  }, x);
}

/** Repeats for every axis; there may be more of them than the tensor has axes. */
function repeat(name: string): Translation {
  return (call) => {
    const { build } = call;
    const x = call.tensor('self');
    const counts = call.sizes(name).map(({ dimension }) => dimension);
    const [added, ones] = [counts.length - build.rank(x), new Array<Dimension>(build.rank(x)).fill(ONCE)];
    const whole = added < 0 ? [...ones.slice(0, -added), ...counts] : counts;
    const raised = range(0, Math.max(added, 0), 1).reduce<Value>((value) => withOne(build, value, 0), x);
    return tiledBy(build, raised, whole);
  };
}

const ONCE: Dimension = { size: 1, rows: 0 };

function roll(call: AtenCall): Result {
  const [shifts, axes] = [call.integers('shifts'), call.integers('dims')];
  if (axes.length !== shifts.length) throw call.build.crossing('rolling the batch is not supported');
  return rolled(call.build, call.tensor('self'), axes, shifts);
}

/** Widths before and after, starting with the last axis. */
function pad(call: AtenCall): Result {
  const { build } = call;
  const x = call.tensor('self');
  const mode = call.has('mode') ? call.text('mode') : 'constant';
  if (mode !== 'constant')
    throw call.error('UNSUPPORTED_OP', `padding by ${mode} is not supported, only by a constant`);
  const widths = call.integers('pad');
  const fill = call.has('value') ? call.number('value') : 0;
  return range(0, Math.floor(widths.length / 2), 1).reduce<Value>(
    (part, at) => padded(build, part, build.rank(x) - 1 - at, [widths[2 * at], widths[2 * at + 1]], fill),
    x,
  );
}

export const indexingOperators: Translations = {
  'cat(Tensor[] tensors, int dim=0)': cat,
  'stack(Tensor[] tensors, int dim=0)': stack,
  'hstack(Tensor[] tensors)': stackColumns,
  'column_stack(Tensor[] tensors)': stackColumns,
  'select(Tensor self, int dim, int index)': select,
  'slice(Tensor self, int dim=0, int? start=None, int? end=None, int step=1)': slice,
  'narrow(Tensor self, int dim, int start, int length)': narrow,
  'diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None)': diff,
  'split(Tensor self, int[] split_size, int dim=0)': split,
  'split_with_sizes(Tensor self, int[] split_sizes, int dim=0)': (call) =>
    parts(call, call.integers('split_sizes', Infinity)),
  'chunk(Tensor self, int chunks, int dim=0)': chunk,
  'tensor_split(Tensor self, int sections, int dim=0)': tensorSplit,
  'unbind(Tensor self, int dim=0)': (call) => unpacked(call.build, call.tensor('self'), call.number('dim')),
  'repeat(Tensor self, int[] repeats)': repeat('repeats'),
  'tile(Tensor self, int[] dims)': repeat('dims'),
  'repeat_interleave(Tensor self, int repeats, int dim, *, int? output_size=None)': (call) =>
    repeated(call.build, call.tensor('self'), call.number('dim'), [call.number('repeats')]),
  'flip(Tensor self, int[] dims)': (call) => flipped(call.build, call.tensor('self'), call.integers('dims')),
  'roll(Tensor self, int[] shifts, int[] dims=[])': roll,
  "pad(Tensor self, int[] pad, str mode='constant', float? value=None)": pad,
  'constant_pad_nd(Tensor self, int[] pad, float value=0)': pad,
};
