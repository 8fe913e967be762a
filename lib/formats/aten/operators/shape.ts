/** Operators that rearrange elements or return shapes. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { squeezed, withOne } from '../../tensors/axes.ts';
import { type Dimension, dimensionsOf, shapeInWords } from '../../tensors/dimensions.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { broadcastTo } from '../../tensors/filling.ts';
import { swapLastTwo } from '../../tensors/products.ts';
import { reshape as reshaped, reshapeRows } from '../../tensors/reshape.ts';
import { constant, type Row, range, type Value } from '../../tensors/value.ts';
import { PyNumber, type Result } from '../argument.ts';
import type { AtenCall, Translation, Translations } from '../call.ts';

/** The size of every axis; the batch size stays symbolic. */
export function sizesOf(x: Value): PyNumber[] {
  return dimensionsOf(x).map(({ size, rows }) => (rows === 0 ? PyNumber.int(size) : rowsTimes(rows)));
}

function rowsTimes(rows: number): PyNumber {
  return new PyNumber(constant('int64', [], new Float64Array(1), Float64Array.of(rows)));
}

/** The same elements in another shape. */
export function reshape(call: AtenCall, x: Value, sizes: readonly PyNumber[]): Value {
  const { build } = call;
  const dims = sizes.map(({ dimension }) => dimension);
  if (x.kind === 'constant' || x.batchAxis === undefined) return reshaped(build, x, dims);
  const found = reshapeRows(build, x, dims);
  if (found !== undefined) return found;
  const message = `a batch of rows of shape ${formatShape(x.shape)} cannot be reshaped into ${shapeInWords(dims)}`;
  if (x.batchAxis === 0) matchFeatures(call, x, dims, message);
  throw build.crossing(message);
}

/** If the first size is the batch, the product of the others must equal the number of features or divide it. */
function matchFeatures(call: AtenCall, x: Row, [first, ...others]: readonly Dimension[], message: string): void {
  const isPlain = first !== undefined && others.every(({ rows }) => rows === 0);
  const [count, each] = [elementCount(x.shape), elementCount(others.map(({ size }) => size))];
  const isOpen = first?.size === -1 && first.rows === 0 && !others.some(({ size }) => size === -1);
  const isBatch = first?.rows === 1 ? first.size === 0 : first?.size === call.build.declaredBatch;
  if (isPlain && (isBatch || (isOpen && !Number.isInteger(count / each)))) call.match(count, each, message);
}

function view(name: string): Translation {
  return (call) => reshape(call, call.tensor('self'), call.sizes(name));
}

function like(call: AtenCall): Result {
  return reshape(call, call.tensor('self'), sizesOf(call.tensor('other')));
}

function flatten(call: AtenCall): Result {
  const { build } = call;
  const x = call.tensor('self');
  const rank = build.rank(x);
  if (rank === 0) return build.reshaped(x, [1]);
  const [start, end] = [build.axis(call.number('start_dim'), rank), build.axis(call.number('end_dim'), rank)];
  const batchAxis = batchAxisOf(x);
  if (batchAxis !== undefined && start <= batchAxis && batchAxis <= end && start !== end) {
    throw build.crossing('flattening the batch together with other axes is not supported');
  }
  if (start === end) return x;
  const sizes = sizesOf(x);
  const count = elementCount(sizes.slice(start, end + 1).map(({ value }) => value ?? 1));
  return reshape(call, x, [...sizes.slice(0, start), PyNumber.int(count), ...sizes.slice(end + 1)]);
}

function unflatten(call: AtenCall): Result {
  const x = call.tensor('self');
  const axis = call.build.axis(call.number('dim'), call.build.rank(x));
  const size = sizesOf(x)[axis].value;
  const given = call.sizes('sizes');
  const open = given.findIndex(({ value }) => value === -1);
  const others = elementCount(given.filter((_, at) => at !== open).map(({ value }) => value ?? Number.NaN));
  // If the size merges part of a row into the batch, an open size cannot be computed.
  const parts = size === undefined || open < 0 ? given : given.with(open, PyNumber.int(size / others));
  return reshape(call, x, sizesOf(x).toSpliced(axis, 1, ...parts));
}

/** Axes of size 1 are removed; others, and the batch, stay. */
function squeeze(call: AtenCall): Result {
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

function reversed(call: AtenCall): Result {
  const x = call.tensor('self');
  return call.build.transpose(x, range(call.build.rank(x) - 1, -1, -1));
}

/** Moves some axes; the others keep their order. */
function moveAxes(call: AtenCall): Result {
  const { build } = call;
  const x = call.tensor('self');
  const rank = build.rank(x);
  const [from, to] = ['source', 'destination'].map((name) => call.integers(name).map((axis) => build.axis(axis, rank)));
  if (from.length !== to.length)
    throw call.error('SHAPE', `${from.length} axes cannot be moved to ${to.length} places`);
  const rest = range(0, rank, 1).filter((axis) => !from.includes(axis));
  const permutation = range(0, rank, 1).map((place) => {
    const moved = to.indexOf(place);
    return moved >= 0 ? from[moved] : (rest.shift() ?? 0);
  });
  return build.transpose(x, permutation);
}

/** −1 keeps a size; the batch may be given by its symbol or by the size that the file has for it. */
function expand(call: AtenCall, x: Value, sizes: readonly PyNumber[]): Value {
  const current = dimensionsOf(x);
  const added = sizes.length - current.length;
  if (added < 0) throw call.error('SHAPE', `${formatShape(x.shape)} cannot be expanded to ${sizes.length} axes`);
  const keeps = ({ size, rows }: Dimension) => size === -1 && rows === 0;
  const dims = sizes.map((size, axis) => {
    const dim = size.dimension;
    return keeps(dim) ? (current[axis - added] ?? dim) : dim;
  });
  return broadcastTo(call.build, x, dims);
}

function contents(call: AtenCall): Result {
  return call.tensor('self');
}

function convert(call: AtenCall): Result {
  const type = call.type('dtype');
  return type === undefined ? contents(call) : call.cast(call.tensor('self'), type);
}

/** Converts to the type of `other`. */
function convertLike(call: AtenCall): Result {
  return call.cast(call.tensor('self'), call.tensor('other').type);
}

/** For TorchScript operators with a type in their name. */
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
  'mT(Tensor self)': (call) => swapLastTwo(call.build, call.tensor('self')),
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

function sizeAlong(call: AtenCall): Result {
  const x = call.tensor('self');
  return sizesOf(x)[call.build.axis(call.number('dim'), call.build.rank(x))];
}

function numel(call: AtenCall): Result {
  const x = call.tensor('self');
  const count = elementCount(x.shape);
  return batchAxisOf(x) === undefined ? PyNumber.int(count) : rowsTimes(count);
}
