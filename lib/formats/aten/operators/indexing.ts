/** Operators that pick, join and repeat elements. */
import { formatShape } from '../../../graph/shapes.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { type Constant, literal, type Value } from '../../tensors/value.ts';
import { PyNumber, type Result } from '../argument.ts';
import { type Call, sizesText, type Translation, type Translations } from '../call.ts';
import { sizesOf, unsqueezed } from './shape.ts';

/** From 2^31 − 1 on, a slice's end means "to the end", however long the axis is. */
const PAST_ANY_END = 2 ** 31 - 1;

/** The size of an axis; the batch is refused. */
function sizeOf(call: Call, x: Value, axis: number): number {
  return x.shape[call.build.ownAxis(x, axis)];
}

function cat(call: Call): Result {
  const { build } = call;
  // torch lets a tensor of no elements stand for nothing.
  const tensors = call
    .tensors('tensors')
    .filter((x) => !(x.kind === 'constant' && x.shape.length === 1 && x.shape[0] === 0));
  if (tensors.length === 0) throw call.error('SHAPE', 'nothing is joined');
  const type = call.typeOf(tensors);
  const parts = tensors.map((x) => build.cast(x, type));
  const axis = build.axis(call.number('dim'), build.rank(parts[0]));
  for (const part of parts) checkJoinable(call, parts[0], part, axis);
  return build.concat(parts, axis);
}

function checkJoinable(call: Call, first: Value, part: Value, axis: number): void {
  const [expected, found] = [first, part].map(sizesOf);
  const message = `${sizesText(first.shape, part.shape)} are joined along axis ${axis}`;
  if (expected.length !== found.length) throw call.error('SHAPE', message);
  for (const [other, { value }] of expected.entries()) {
    const size = found[other].value;
    if (other !== axis && value !== undefined && size !== undefined) call.match(size, value, message);
  }
}

function stack(call: Call): Result {
  const { build } = call;
  const tensors = call.tensors('tensors');
  const type = call.typeOf(tensors);
  const axis = build.axis(call.number('dim'), build.rank(tensors[0]) + 1);
  const parts = tensors.map((x) => unsqueezed(call, build.cast(x, type), axis));
  for (const part of parts) checkJoinable(call, parts[0], part, axis);
  return build.concat(parts, axis);
}

/** Of rank 1 at least; columns of vectors stand side by side. */
function stackColumns(call: Call): Result {
  const { build } = call;
  const tensors = call.tensors('tensors');
  const type = call.typeOf(tensors);
  const isVector = tensors.every((x) => build.rank(x) === 1);
  return build.concat(
    tensors.map((x) => build.cast(isVector ? unsqueezed(call, x, 1) : x, type)),
    1,
  );
}

function select(call: Call): Result {
  const { build } = call;
  const x = call.tensor('self');
  return picked(call, x, build.axis(call.number('dim'), build.rank(x)), literal('int64', [call.number('index')]));
}

/** The places of an axis that a constant holds; its shape replaces the axis. */
export function picked(call: Call, x: Value, axis: number, indices: Constant): Value {
  const { build } = call;
  const own = build.ownAxis(x, axis);
  const found = build.gather(x, axis, indices.data);
  const before = batchAxisOf(x);
  const moved = before !== undefined && axis < before ? before + indices.shape.length - 1 : before;
  return build.reshaped(found, x.shape.toSpliced(own, 1, ...indices.shape), moved);
}

function slice(call: Call): Result {
  const { build } = call;
  const x = call.tensor('self');
  const axis = build.axis(call.number('dim'), build.rank(x));
  const [start, end] = ['start', 'end'].map((name) => (call.has(name) ? call.sizes(name)[0] : undefined));
  const step = call.number('step');
  if (axis === batchAxisOf(x)) {
    if (keepsBatch(call, start, end, step)) return x;
    throw build.crossing(`rows are sliced along axis ${axis}, the batch`);
  }
  const size = sizeOf(call, x, axis);
  const place = (bound: PyNumber | undefined, otherwise: number) => {
    const value = bound === undefined ? otherwise : bound.value;
    if (value === undefined) throw build.crossing('a bound depends on the batch size');
    return Math.min(Math.max(value < 0 ? value + size : value, 0), size);
  };
  if (!Number.isInteger(step) || step < 1) throw call.error('MALFORMED', `expected a step from 1, found ${step}`);
  return build.gather(x, axis, call.range(place(start, 0), place(end, size), step));
}

function keepsBatch(call: Call, start: PyNumber | undefined, end: PyNumber | undefined, step: number): boolean {
  const { constant } = end ?? {};
  const isSymbol = constant?.batch?.[0] === 1 && constant.data[0] === 0;
  const last = end === undefined ? Infinity : end.value;
  const isWhole = isSymbol || (last ?? 0) >= PAST_ANY_END || (last ?? 0) >= (call.build.declaredBatch ?? Infinity);
  return (start?.value ?? 0) === 0 && isWhole && step === 1;
}

function narrow(call: Call): Result {
  const [start, length] = [call.number('start'), call.number('length')];
  const x = call.tensor('self');
  const first = start < 0 ? start + sizeOf(call, x, call.number('dim')) : start;
  return call.build.gather(x, call.number('dim'), call.range(first, first + length, 1));
}

/** Parts of the given sizes, one after another. */
function parts(call: Call, sizes: readonly number[]): Value[] {
  const { build } = call;
  const [x, axis] = [call.tensor('self'), call.number('dim')];
  const length = sizeOf(call, x, axis);
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw call.error('SHAPE', `an axis of ${length} is split into ${formatShape(sizes)}`);
  }
  call.match(length, sum, `an axis of ${length} is split into ${formatShape(sizes)}`);
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return build.gather(x, axis, call.range(start - size, start, 1));
  });
}

/** Parts of one size, of which the last may be less. */
function equalParts(call: Call, size: number): Value[] {
  const length = sizeOf(call, call.tensor('self'), call.number('dim'));
  if (!Number.isInteger(size) || size < 1) throw call.error('SHAPE', `an axis is split into parts of ${size}`);
  const starts = call.range(0, length, size);
  return parts(
    call,
    starts.map((start) => Math.min(size, length - start)),
  );
}

function split(call: Call): Result {
  const sizes = call.integers('split_size', Infinity);
  return sizes.length === 1 ? equalParts(call, sizes[0]) : parts(call, sizes);
}

function chunk(call: Call): Result {
  const length = sizeOf(call, call.tensor('self'), call.number('dim'));
  return equalParts(call, Math.ceil(length / call.number('chunks')));
}

/** As even as can be: the first parts have one more. */
function tensorSplit(call: Call): Result {
  const length = sizeOf(call, call.tensor('self'), call.number('dim'));
  const count = call.number('sections');
  if (count < 1 || count > length) throw call.error('SHAPE', `an axis of ${length} is split into ${count} parts`);
  const size = Math.floor(length / count);
  return parts(
    call,
    call.range(0, count, 1).map((i) => size + (i < length % count ? 1 : 0)),
  );
}

function unbind(call: Call): Result {
  const { build } = call;
  const x = call.tensor('self');
  const axis = build.axis(call.number('dim'), build.rank(x));
  return call.range(0, sizeOf(call, x, axis), 1).map((index) => picked(call, x, axis, literal('int64', [index])));
}

/** Repeats for every axis, of which there may be more than the tensor has. */
function repeat(name: string): Translation {
  return (call) => {
    const { build } = call;
    const x = call.tensor('self');
    const counts = call.sizes(name);
    while (counts.length < build.rank(x)) counts.unshift(PyNumber.int(1));
    let tiled: Value = x;
    while (build.rank(tiled) < counts.length) tiled = unsqueezed(call, tiled, 0);
    return counts.reduce<Value>((value, { value: count }, axis) => {
      if (count === 1) return value;
      if (count === undefined) throw build.crossing('rows are repeated as often as the batch has rows');
      const length = sizeOf(call, value, axis);
      return build.gather(
        value,
        axis,
        repeated(call, length, count, (i) => i % length),
      );
    }, tiled);
  };
}

function repeatInterleave(call: Call): Result {
  const [count, axis, x] = [call.number('repeats'), call.number('dim'), call.tensor('self')];
  const length = sizeOf(call, x, axis);
  if (count < 1) throw call.error('SHAPE', `an axis of ${length} is repeated ${count} times`);
  return call.build.gather(
    x,
    axis,
    repeated(call, length, count, (i) => Math.floor(i / count)),
  );
}

/** The places of an axis, each `count` times, in the order that `placeOf` gives. */
function repeated(call: Call, length: number, count: number, placeOf: (i: number) => number): Int32Array {
  const size = length * count;
  if (!(Number.isInteger(count) && count >= 0 && size <= call.build.budget.limits.rowElements)) {
    throw call.error('LIMIT', `an axis of ${length} is repeated ${count} times`);
  }
  call.build.spend(size);
  return Int32Array.from({ length: size }, (_, i) => placeOf(i));
}

function flip(call: Call): Result {
  return call.integers('dims').reduce<Value>((x, axis) => {
    return call.build.gather(x, axis, call.range(sizeOf(call, x, axis) - 1, -1, -1));
  }, call.tensor('self'));
}

function roll(call: Call): Result {
  const [shifts, axes] = [call.integers('shifts'), call.integers('dims')];
  if (axes.length !== shifts.length) throw call.build.crossing('the whole batch is rolled');
  return axes.reduce<Value>((x, axis, i) => {
    const size = sizeOf(call, x, axis);
    return call.build.gather(
      x,
      axis,
      call.range(0, size, 1).map((place) => (((place - shifts[i]) % size) + size) % size),
    );
  }, call.tensor('self'));
}

/** Widths before and after, of the last axis first. */
function pad(call: Call): Result {
  const { build } = call;
  const mode = call.has('mode') ? call.text('mode') : 'constant';
  if (mode !== 'constant') throw call.error('UNSUPPORTED_OP', `padding by ${mode} is not read, only by a number`);
  const widths = call.integers('pad');
  const fill = call.has('value') ? call.number('value') : 0;
  let x = call.tensor('self');
  for (let i = 0; 2 * i + 1 < widths.length; i++) {
    const axis = build.rank(x) - 1 - i;
    const [before, after] = [widths[2 * i], widths[2 * i + 1]];
    if (before === 0 && after === 0) continue;
    const own = build.ownAxis(x, axis);
    const length = x.shape[own];
    if (!(length + Math.max(before, 0) + Math.max(after, 0) <= build.budget.limits.rowElements)) {
      throw call.error('LIMIT', `an axis of ${length} is padded by ${before} and ${after}`);
    }
    const kept = build.gather(x, axis, call.range(Math.max(-before, 0), length - Math.max(-after, 0), 1));
    x = build.concat([...block(call, x, own, before, fill), kept, ...block(call, x, own, after, fill)], axis);
  }
  return x;
}

/** What is put before or after an axis, if anything. */
function block(call: Call, x: Value, own: number, width: number, fill: number): Value[] {
  if (width <= 0) return [];
  const { build } = call;
  const filled = build.expanded(literal(x.type, [fill]), x.shape.with(own, width));
  return [x.kind === 'row' ? build.everyRow(filled, batchAxisOf(x)) : filled];
}

export const indexingOperators: Translations = {
  'cat(Tensor[] tensors, int dim=0)': cat,
  'stack(Tensor[] tensors, int dim=0)': stack,
  'hstack(Tensor[] tensors)': stackColumns,
  'column_stack(Tensor[] tensors)': stackColumns,
  'select(Tensor self, int dim, int index)': select,
  'slice(Tensor self, int dim=0, int? start=None, int? end=None, int step=1)': slice,
  'narrow(Tensor self, int dim, int start, int length)': narrow,
  'split(Tensor self, int[] split_size, int dim=0)': split,
  'split_with_sizes(Tensor self, int[] split_sizes, int dim=0)': (call) =>
    parts(call, call.integers('split_sizes', Infinity)),
  'chunk(Tensor self, int chunks, int dim=0)': chunk,
  'tensor_split(Tensor self, int sections, int dim=0)': tensorSplit,
  'unbind(Tensor self, int dim=0)': unbind,
  'repeat(Tensor self, int[] repeats)': repeat('repeats'),
  'tile(Tensor self, int[] dims)': repeat('dims'),
  'repeat_interleave(Tensor self, int repeats, int dim, *, int? output_size=None)': repeatInterleave,
  'flip(Tensor self, int[] dims)': flip,
  'roll(Tensor self, int[] shifts, int[] dims=[])': roll,
  "pad(Tensor self, int[] pad, str mode='constant', float? value=None)": pad,
  'constant_pad_nd(Tensor self, int[] pad, float value=0)': pad,
};
