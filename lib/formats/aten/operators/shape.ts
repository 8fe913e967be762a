/** Operators that rearrange elements, or say how they are arranged. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { squeezed, withOne } from '../../tensors/axes.ts';
import { type Dimension, dimensionsOf } from '../../tensors/dimensions.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { broadcastTo } from '../../tensors/filling.ts';
import { constant, describe, type Row, range, type Value } from '../../tensors/value.ts';
import { Folded, PyNumber, type Result } from '../argument.ts';
import type { Call, Translation, Translations } from '../call.ts';

/** The size of every axis; that of the batch stays a symbol. */
export function sizesOf(x: Value): PyNumber[] {
  return dimensionsOf(x).map(({ size, rows }) => (rows === 0 ? PyNumber.int(size) : rowsTimes(rows)));
}

function rowsTimes(rows: number): PyNumber {
  return new PyNumber(constant('int64', [], new Float64Array(1), Float64Array.of(rows)));
}

/** Where a list of sizes has the batch itself, and what they are but for it. */
interface Target {
  readonly own: readonly number[];
  readonly batchAxis: number | undefined;
}

function isBatch({ constant: { data, batch } }: PyNumber): boolean {
  return batch?.[0] === 1 && data[0] === 0;
}

/** Sizes of which at most one is the batch. */
export function targetOf(call: Call, sizes: readonly PyNumber[]): Target {
  const batchAxis = sizes.findIndex(isBatch);
  const own = (batchAxis < 0 ? sizes : sizes.toSpliced(batchAxis, 1)).map(({ value }) => value);
  if (own.every((size) => size !== undefined)) return { own, batchAxis: batchAxis < 0 ? undefined : batchAxis };
  throw call.build.crossing(`the shape [${textOf(sizes)}] mixes the batch into the features`);
}

function textOf(sizes: readonly PyNumber[]): string {
  return sizes.map(({ constant: { data, batch } }) => describe(data, batch ?? new Float64Array(1))).join(', ');
}

/** The same elements in another shape, whose axes before and after the batch hold as many as before. */
export function reshape(call: Call, x: Value, sizes: readonly PyNumber[]): Value | Folded {
  const { build } = call;
  const from = batchAxisOf(x);
  if (x.kind === 'constant' || from === undefined) {
    return build.reshaped(x, resolve(call, x, targetOf(call, sizes).own, elementCount(x.shape)));
  }
  const counts = [elementCount(x.shape.slice(0, from)), elementCount(x.shape.slice(from))];
  for (const axis of candidates(call, sizes)) {
    const own = sizes.toSpliced(axis, 1).map(({ value }) => value ?? Number.NaN);
    const parts = [own.slice(0, axis), own.slice(axis)];
    const isOpen = sizes[axis].value === -1;
    const resolved = parts.map((part, i) => (isOpen && part.includes(-1) ? [Number.NaN] : filled(part, counts[i])));
    if (resolved.every((part, i) => elementCount(part) === counts[i])) return build.reshaped(x, resolved.flat(), axis);
  }
  if (from === 0 && sizes.length > 0) return folded(call, x, sizes);
  throw build.crossing(`a batch of rows of shape ${formatShape(x.shape)} is reshaped into [${textOf(sizes)}]`);
}

/** Rows into several, one after another, which torch sees as a longer batch. */
function folded(call: Call, x: Row, [first, ...others]: readonly PyNumber[]): Folded {
  const { build } = call;
  const rest = others.map(({ value }) => value ?? Number.NaN);
  const [count, each] = [elementCount(x.shape), elementCount(rest)];
  const { data, batch } = first.constant;
  const isOpen = first.value === -1 && !rest.includes(-1);
  const rows = batch ? batch[0] : isOpen ? count / each : data[0] / (build.declaredBatch ?? Number.NaN);
  const into = `[${textOf([first, ...others])}]`;
  const message = `a batch of rows of shape ${formatShape(x.shape)} is reshaped into ${into}`;
  if (Number.isNaN(each) || Number.isNaN(rows) || (batch && data[0] !== 0)) throw build.crossing(message);
  if (rows === 1 || (isOpen && !Number.isInteger(rows))) call.match(count, each, message);
  const shape = [rows, ...filled(rest, count / rows)];
  if (!shape.every((size) => Number.isInteger(size) && size > 0) || elementCount(shape) !== count) {
    throw build.crossing(message);
  }
  return new Folded(build.reshaped(x, shape));
}

/** Which of the sizes may stand for the batch: its symbol, or else what is open or the size that the file has for it. */
function candidates(call: Call, sizes: readonly PyNumber[]): number[] {
  const symbol = sizes.findIndex(isBatch);
  if (symbol >= 0) return [symbol];
  const { declaredBatch } = call.build;
  return range(0, sizes.length, 1).filter((axis) => [-1, declaredBatch].includes(sizes[axis].value));
}

/** −1 replaced by what is left. */
function filled(sizes: readonly number[], count: number): readonly number[] {
  const open = sizes.indexOf(-1);
  return open < 0 ? sizes : sizes.with(open, count / elementCount(sizes.toSpliced(open, 1)));
}

function resolve(call: Call, x: Value, sizes: readonly number[], count: number): readonly number[] {
  const shape = filled(sizes, count);
  if (shape.every((size) => Number.isInteger(size) && size >= 0)) return shape;
  throw call.error('SHAPE', `${formatShape(x.shape)} cannot be reshaped into ${formatShape(sizes)}`);
}

function view(name: string): Translation {
  return (call) => reshape(call, call.tensor('self'), call.sizes(name));
}

function like(call: Call): Result {
  return reshape(call, call.tensor('self'), sizesOf(call.tensor('other')));
}

function flatten(call: Call): Result {
  const { build } = call;
  const x = call.tensor('self');
  const rank = build.rank(x);
  if (rank === 0) return build.reshaped(x, [1]);
  const [start, end] = [build.axis(call.number('start_dim'), rank), build.axis(call.number('end_dim'), rank)];
  const batchAxis = batchAxisOf(x);
  if (batchAxis !== undefined && start <= batchAxis && batchAxis <= end && start !== end) {
    throw build.crossing('the batch and other axes are flattened into one');
  }
  if (start === end) return x;
  const sizes = sizesOf(x);
  const count = elementCount(sizes.slice(start, end + 1).map(({ value }) => value ?? 1));
  return reshape(call, x, [...sizes.slice(0, start), PyNumber.int(count), ...sizes.slice(end + 1)]);
}

function unflatten(call: Call): Result {
  const x = call.tensor('self');
  const axis = call.build.axis(call.number('dim'), call.build.rank(x));
  const size = sizesOf(x)[axis].value;
  const given = call.sizes('sizes');
  // Where it splits the batch, what is open cannot be told.
  const parts =
    size === undefined
      ? given
      : filled(
          given.map(({ value }) => value ?? Number.NaN),
          size,
        ).map(PyNumber.int);
  return reshape(call, x, sizesOf(x).toSpliced(axis, 1, ...parts));
}

/** Axes of 1 go; others, and the batch, stay. */
function squeeze(call: Call): Result {
  const { build } = call;
  const x = call.tensor('self');
  const batchAxis = batchAxisOf(x);
  const axes = call.axes('dim', x).filter((axis) => axis !== batchAxis);
  const isOne = (axis: number) => x.shape[build.ownAxis(x, axis)] === 1;
  return squeezed(build, x, axes.filter(isOne));
}

function swap(first: string, second: string): Translation {
  return (call) => {
    const { build } = call;
    const x = call.tensor('self');
    const rank = build.rank(x);
    if (rank === 0) return x;
    const [a, b] = [build.axis(call.number(first), rank), build.axis(call.number(second), rank)];
    return build.transpose(x, range(0, rank, 1).with(a, b).with(b, a));
  };
}

function reversed(call: Call): Result {
  const x = call.tensor('self');
  return call.build.transpose(x, range(call.build.rank(x) - 1, -1, -1));
}

/** Some axes are put to other places, and the rest keeps its order. */
function moveAxes(call: Call): Result {
  const { build } = call;
  const x = call.tensor('self');
  const rank = build.rank(x);
  const [from, to] = ['source', 'destination'].map((name) => call.integers(name).map((axis) => build.axis(axis, rank)));
  if (from.length !== to.length) throw call.error('SHAPE', `${from.length} axes are moved to ${to.length} places`);
  const rest = range(0, rank, 1).filter((axis) => !from.includes(axis));
  const permutation = range(0, rank, 1).map((place) => {
    const moved = to.indexOf(place);
    return moved >= 0 ? from[moved] : (rest.shift() ?? 0);
  });
  return build.transpose(x, permutation);
}

/** −1 keeps a size; the batch may be said by its symbol or by the size that the file has for it. */
function expand(call: Call, x: Value, sizes: readonly PyNumber[]): Value {
  const current = dimensionsOf(x);
  const added = sizes.length - current.length;
  if (added < 0) throw call.error('SHAPE', `${formatShape(x.shape)} is expanded to ${sizes.length} axes`);
  const keeps = ({ size, rows }: Dimension) => size === -1 && rows === 0;
  const dims = sizes.map((size, axis) => {
    const dim = size.dimension;
    return keeps(dim) ? (current[axis - added] ?? dim) : dim;
  });
  return broadcastTo(call.build, x, dims);
}

function contents(call: Call): Result {
  return call.tensor('self');
}

function convert(call: Call): Result {
  const type = call.type('dtype');
  return type === undefined ? contents(call) : call.cast(call.tensor('self'), type);
}

/** The type that `other` has. */
function convertLike(call: Call): Result {
  return call.cast(call.tensor('self'), call.tensor('other').type);
}

/** Of an operator of TorchScript that has a type in its name. */
function convertTo(type: 'float32' | 'float64' | 'int64' | 'bool'): Translation {
  return (call) => call.cast(call.tensor('self'), type);
}

const PLACEMENT = 'any? layout=None, any? device=None, any? pin_memory=None';
const COPYING = 'bool non_blocking=False, bool copy=False, any? memory_format=None';

export const shapeOperators: Translations = {
  'view(Tensor self, int[] size)': view('size'),
  '_unsafe_view(Tensor self, int[] size)': view('size'),
  'reshape(Tensor self, int[] shape)': view('shape'),
  'view_as(Tensor self, Tensor other)': like,
  'reshape_as(Tensor self, Tensor other)': like,
  'flatten(Tensor self, int start_dim=0, int end_dim=-1)': flatten,
  'unflatten(Tensor self, int dim, int[] sizes)': unflatten,
  'squeeze(Tensor self)': squeeze,
  'squeeze(Tensor self, int[] dim)': squeeze,
  'unsqueeze(Tensor self, int dim)': (call) => withOne(call.build, call.tensor('self'), call.number('dim')),
  'permute(Tensor self, int[] dims)': (call) => call.build.transpose(call.tensor('self'), call.integers('dims')),
  'transpose(Tensor self, int dim0, int dim1)': swap('dim0', 'dim1'),
  'swapaxes(Tensor self, int axis0, int axis1)': swap('axis0', 'axis1'),
  'swapdims(Tensor self, int dim0, int dim1)': swap('dim0', 'dim1'),
  'movedim(Tensor self, int[] source, int[] destination)': moveAxes,
  't(Tensor self)': reversed,
  'numpy_T(Tensor self)': reversed,
  'expand(Tensor self, int[] size, *, bool implicit=False)': (call) =>
    expand(call, call.tensor('self'), call.sizes('size')),
  'broadcast_to(Tensor self, int[] size)': (call) => expand(call, call.tensor('self'), call.sizes('size')),
  'expand_as(Tensor self, Tensor other)': (call) => expand(call, call.tensor('self'), sizesOf(call.tensor('other'))),
  'clone(Tensor self, *, any? memory_format=None)': contents,
  'contiguous(Tensor self, *, any? memory_format=None)': contents,
  'alias(Tensor self)': contents,
  'detach(Tensor self)': contents,
  'lift_fresh(Tensor self)': contents,
  'lift_fresh_copy(Tensor self)': contents,
  'positive(Tensor self)': contents,
  'requires_grad_(Tensor self, bool requires_grad=True)': contents,
  'cpu(Tensor self)': contents,
  [`to(Tensor self, int dtype, ${COPYING})`]: convert,
  [`to(Tensor self, str? device, int? dtype=None, ${COPYING})`]: convert,
  [`to(Tensor self, Tensor other, ${COPYING})`]: convertLike,
  [`to(Tensor self, *, int? dtype=None, ${PLACEMENT}, ${COPYING})`]: convert,
  [`_to_copy(Tensor self, *, int? dtype=None, ${PLACEMENT}, bool non_blocking=False, any? memory_format=None)`]:
    convert,
  'type_as(Tensor self, Tensor other)': convertLike,
  'float(Tensor self)': convertTo('float32'),
  'double(Tensor self)': convertTo('float64'),
  'long(Tensor self)': convertTo('int64'),
  'size(Tensor self)': (call) => sizesOf(call.tensor('self')),
  'size(Tensor self, int dim)': sizeAlong,
  'sym_size(Tensor self, int dim)': sizeAlong,
  'len(Tensor self)': (call) => sizesOf(call.tensor('self'))[0],
  'dim(Tensor self)': (call) => PyNumber.int(call.build.rank(call.tensor('self'))),
  'numel(Tensor self)': numel,
  'sym_numel(Tensor self)': numel,
};

function sizeAlong(call: Call): Result {
  const x = call.tensor('self');
  return sizesOf(x)[call.build.axis(call.number('dim'), call.build.rank(x))];
}

function numel(call: Call): Result {
  const x = call.tensor('self');
  const count = elementCount(x.shape);
  return batchAxisOf(x) === undefined ? PyNumber.int(count) : rowsTimes(count);
}
