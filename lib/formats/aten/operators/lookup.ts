/** Operators that pick by other tensors: constants select positions, and a row's ids look up a constant table. */
import { broadcastShapes, elementCount, formatShape } from '../../../graph/shapes.ts';
import { putAlong, type Reduction, takeAlong, takeParts } from '../../tensors/along.ts';
import { packed, withOne } from '../../tensors/axes.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { oneHot as oneHotOf, picked, pickedAt, rowsOf } from '../../tensors/picking.ts';
import { type Constant, isFloat, type Value } from '../../tensors/value.ts';
import type { Result } from '../argument.ts';
import type { AtenCall, Translation, Translations } from '../call.ts';
import { FloatIds } from '../float-ids.ts';

/** Indices from tensors and open slots; a row's own indices look up a constant table. */
function index(call: AtenCall): Result {
  const x = call.tensor('self');
  const indices = call.optionalTensors('indices');
  const at = indices.findIndex((each) => each !== undefined);
  const only = indices[at];
  if (only === undefined) return x;
  const own = ownPlaces(call, x, indices);
  if (own !== undefined) return own;
  const others = indices.slice(at + 1).filter((each) => each !== undefined);
  if (others.length > 0) return pickedAt(call.build, x, at, coordinatesOf(call, indices.slice(at), others.length + 1));
  if (only.type === 'bool')
    throw call.error('UNSUPPORTED_OP', 'a mask selects elements whose number depends on the input');
  if (only.kind === 'constant') return picked(call.build, x, at, only);
  if (at === 0 && x.kind === 'constant') return lookUp(call, only, x, true);
  throw call.error('UNSUPPORTED_OP', 'both the table and the indices depend on the input');
}

/** Constant indices of adjacent axes, combined into coordinates. */
function coordinatesOf(call: AtenCall, indices: readonly (Value | undefined)[], count: number): Constant {
  const { build } = call;
  const parts = indices.slice(0, count).flatMap((each) => (each?.kind === 'constant' ? each : []));
  const shape = broadcastShapes(...parts.map((part) => part.shape));
  if (parts.length < count || parts.some(({ type }) => type === 'bool') || shape === undefined) {
    const message = 'several axes are indexed at once by something other than constants for adjacent axes';
    throw call.error('UNSUPPORTED_OP', `${message}; index them one after another`);
  }
  const alike = parts.map((part) => build.expanded(part, shape));
  return packed(build, alike, -1) as Constant;
}

/** x[arange(batch), i]: one element or part of each row, at the row's own index. */
function ownPlaces(call: AtenCall, x: Value, [rows, at, ...others]: readonly (Value | undefined)[]): Value | undefined {
  const { build } = call;
  const isEach = rows?.kind === 'row' && rows.starts === 1 && others.length === 0;
  if (!isEach || at?.kind !== 'row' || at.shape.length !== 0 || at.batchAxis !== 0) return undefined;
  if (x.kind !== 'row' || x.batchAxis !== 0 || x.merged || x.shape.length === 0) return undefined;
  if (isFloat(at.type)) throw new FloatIds(at, build.place);
  return takeParts(build, x, at);
}

function indexSelect(call: AtenCall): Result {
  const { build } = call;
  const [x, indices] = [call.tensor('self'), call.tensor('index')];
  const axis = build.axis(call.number('dim'), build.rank(x));
  if (indices.kind === 'constant') return picked(call.build, x, axis, indices);
  if (axis === 0 && x.kind === 'constant') return lookUp(call, indices, x, false);
  throw call.error('UNSUPPORTED_OP', 'both the table and the indices depend on the input');
}

/**
 * Picks from one vector per row: at constant positions, the same for every row, or at positions that each row has
 * itself.
 */
function gather(call: AtenCall): Result {
  const { build } = call;
  const [x, indices] = [call.tensor('self'), call.tensor('index')];
  const { operand } = build.asRow(indices, batchAxisOf(x));
  if (typeof operand === 'string') {
    if (isFloat(indices.type)) throw new FloatIds(indices, build.place);
    return takeAlong(build, x, indices, call.number('dim'));
  }
  if (x.shape.length !== 1) {
    throw call.error('UNSUPPORTED_OP', `gather is supported only for rows of one axis, found ${formatShape(x.shape)}`);
  }
  return build.gather(x, call.number('dim'), operand.data);
}

/** Writes numbers, or elements of another tensor, to positions that each row has itself. */
function scatter(given: 'src' | 'value', reduction: Reduction): Translation {
  return (call) => {
    const { build } = call;
    const [x, indices] = [call.tensor('self'), call.tensor('index')];
    if (isFloat(indices.type)) throw new FloatIds(indices, build.place);
    const updates = build.cast(call.tensor(given), x.type);
    const isNumber = updates.kind === 'constant' && updates.data.length === 1 && updates.shape.length === 0;
    const written = isNumber
      ? build.binary('add', build.cast(build.binary('mul', indices, build.scalar(indices, 0)), x.type), updates)
      : updates;
    return putAlong(build, x, indices, written, call.number('dim'), reduction);
  };
}

/** x[mask] = number, where the mask has the tensor's shape; other writes are of parts. */
function indexPut(call: AtenCall): Result {
  const { build } = call;
  const x = call.tensor('self');
  const [mask, ...others] = call.optionalTensors('indices');
  const value = call.tensor('values');
  const isMask = mask?.type === 'bool' && others.length === 0 && build.rank(mask) === build.rank(x);
  if (!isMask || value.kind !== 'constant' || elementCount(value.shape) !== 1 || call.flag('accumulate')) {
    const message = 'writes into a part of a tensor; only x[mask] = number is supported, for a mask of the shape of x';
    throw call.error('UNSUPPORTED_OP', `index_put ${message}`);
  }
  return build.select(mask, build.cast(build.reshaped(value, []), x.type), x);
}

/** Negative ids count from the table's end only if `wraps`. */
export function lookUp(call: AtenCall, ids: Value, table: Constant, wraps: boolean): Value {
  if (isFloat(ids.type)) throw new FloatIds(ids, call.build.place);
  if (ids.kind === 'constant') return picked(call.build, table, 0, ids);
  return rowsOf(call.build, ids, table, wraps);
}

function embedding(call: AtenCall): Result {
  const table = call.constant('weight');
  if (table.shape.length !== 2)
    throw call.error('SHAPE', `expected a table of two axes, found ${formatShape(table.shape)}`);
  return lookUp(call, call.tensor('indices'), table, false);
}

function oneHot(call: AtenCall): Result {
  const { build } = call;
  const ids = call.tensor('self');
  const depth = call.number('num_classes');
  if (isFloat(ids.type)) throw new FloatIds(ids, build.place);
  if (depth < 1) throw call.error('UNSUPPORTED_OP', 'the number of classes depends on the ids; give num_classes');
  return oneHotOf(build, build.asRow(ids), -1, { depth, off: 0, on: 1, type: 'int64', wrap: true });
}

/** How many of the bounds are less than each element; with `right`, less than or equal. */
function bucketize(x: string, boundaries: string): Translation {
  return (call) => {
    const { build } = call;
    const bounds = call.constant(boundaries);
    if (bounds.shape.length !== 1) throw call.error('UNSUPPORTED_OP', 'bounds of several axes are not supported');
    const values = withOne(build, call.tensor(x), -1);
    const isRight = call.flag('right') || (call.has('side') && call.text('side') === 'right');
    // Written so that NaN is after every bound, as in torch.
    const isBefore = build.unary(build.binary(isRight ? 'less' : 'less_equal', values, bounds), 'not');
    const type = call.flag('out_int32') ? 'int32' : 'int64';
    return build.cast(build.reduce(build.cast(isBefore, type), 'sum', [-1], false), type);
  };
}

export const lookupOperators: Translations = {
  'index(Tensor self, Tensor?[] indices)': index,
  'index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False)': indexPut,
  'index_select(Tensor self, int dim, Tensor index)': indexSelect,
  'gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False)': gather,
  'scatter(Tensor self, int dim, Tensor index, Tensor src)': scatter('src', 'none'),
  'scatter(Tensor self, int dim, Tensor index, any value)': scatter('value', 'none'),
  'scatter_add(Tensor self, int dim, Tensor index, Tensor src)': scatter('src', 'add'),
  'embedding(Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False)':
    embedding,
  'one_hot(Tensor self, int num_classes=-1)': oneHot,
  'bucketize(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False)': bucketize(
    'self',
    'boundaries',
  ),
  'searchsorted(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False, str? side=None, any? sorter=None)':
    bucketize('self', 'sorted_sequence'),
};
