/** Operators that read or write elements at given positions, and those that return positions. */
import { elementCount, formatShape, sameShape } from '../../../graph/shapes.ts';
import { quote } from '../../../messages.ts';
import { alone, inBatch, putAlong, putRows, type Reduction, takeAlong } from '../../tensors/along.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { pickedAt, placesOf, sizesFrom } from '../../tensors/picking.ts';
import { type Constant, constant, literal, type Row, range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';
import { elementType } from '../element-types.ts';

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  none: 'none',
  add: 'add',
  mul: 'mul',
  min: 'min',
  max: 'max',
};

function reductionOf(call: OnnxCall): Reduction {
  const name = call.string('reduction', 'none');
  if (Object.hasOwn(REDUCTIONS, name)) return REDUCTIONS[name];
  throw call.error('MALFORMED', `expected the reduction none, add, mul, min or max, found ${quote(name)}`);
}

/** Coordinates along the first axes. */
function gatherND(call: OnnxCall): Value {
  const { build } = call;
  const [data, indices] = [call.input(0), call.input(1)];
  const batchDims = call.integer('batch_dims', 0);
  if (indices.kind === 'row') {
    return batchDims === 0 ? lookUp(call, data, indices) : takeInRow(call, data, indices, batchDims);
  }
  if (batchDims !== 0) throw call.error('UNSUPPORTED_OP', 'constant indices are supported only if batch_dims is 0');
  return pickedAt(build, data, 0, indices);
}

/** Rows of a constant table whose first axes are merged into one. */
function lookUp(call: OnnxCall, data: Value, indices: Row): Value {
  const { build } = call;
  if (data.kind === 'row') throw call.error('UNSUPPORTED_OP', 'both the table and the indices depend on the input');
  if (build.ownAxis(indices, -1) !== indices.shape.length - 1) throw build.crossing('the batch is the last axis');
  const sizes = sizesFrom(build, data, 0, indices);
  const [depth, rest] = [sizes.length, data.shape.slice(sizes.length)];
  const outer = indices.shape.slice(0, -1);
  const ids = sizes.reduce<Value | undefined>((sofar, size, i) => {
    const each = build.reshaped(build.gather(indices, -1, [i]), outer);
    if (depth === 1) return each;
    const isBelow = build.binary('less', each, build.scalar(each, 0));
    const counted = build.select(isBelow, build.binary('add', each, build.scalar(each, size)), each);
    return sofar ? build.binary('add', build.binary('mul', sofar, build.scalar(sofar, size)), counted) : counted;
  }, undefined);
  return build.embedding(build.asRow(ids as Value), build.reshaped(data, [elementCount(sizes), ...rest]));
}

/** Elements of a list that the row itself holds. */
function takeInRow(call: OnnxCall, data: Value, indices: Row, batchDims: number): Value {
  const { build } = call;
  const isList = data.shape.length === 1 && batchAxisOf(data) === 0 && indices.batchAxis === 0;
  if (!isList || batchDims !== 1 || indices.shape.at(-1) !== 1) {
    const message =
      'indices that depend on the input are supported only for a constant, or with batch_dims 1 for lists';
    throw call.error('UNSUPPORTED_OP', message);
  }
  const outer = indices.shape.slice(0, -1);
  const taken = takeAlong(build, data, build.reshaped(indices, [elementCount(outer)]), 1);
  return build.reshaped(taken, outer);
}

/** Indices into axes other than the batch, or into the batch and others, row after row. */
function scatterND(call: OnnxCall): Value {
  const { build } = call;
  const [data, given, updates] = [call.input(0), call.constant(1), call.input(2)];
  const depth = given.shape.at(-1) ?? 0;
  const [before, updated] = [batchAxisOf(data), batchAxisOf(updates)];
  if (before === undefined && updated === undefined) return written(call, data, given, updates);
  const isRowByRow = depth > (before ?? updated ?? 0);
  const indices = isRowByRow ? withoutRows(call, given) : given;
  const outer = given.shape.length - 1;
  const place = isRowByRow ? 0 : outer + (before ?? 0) - depth;
  const [x, news] = [build.asRow(data, before ?? 0), build.asRow(updates, updated ?? place)];
  if (news.batchAxis !== place || (isRowByRow && x.batchAxis !== 0)) {
    throw build.crossing('the batch of the updates is another axis');
  }
  return inBatch(written(call, alone(x), indices, alone(news)), x);
}

/** Indices that begin with the number of the row and are otherwise the same for each row: returns them without it. */
function withoutRows(call: OnnxCall, indices: Constant): Constant {
  const { build } = call;
  const [rows, ...outer] = indices.shape.slice(0, -1);
  const depth = indices.shape.at(-1) ?? 0;
  const run = elementCount(outer) * depth;
  build.lookThrough(indices.data.length);
  const isRowByRow = indices.data.every((index, i) => {
    return i % depth === 0 ? index === Math.floor(i / run) : index === indices.data[i % run];
  });
  if (rows !== build.declaredBatch || !isRowByRow || depth < 2)
    throw build.crossing('writing to selected rows of the batch is not supported');
  const [first] = [build.gather(indices, 0, [0])];
  return build.gather(build.reshaped(first, [...outer, depth]), -1, range(1, depth, 1)) as Constant;
}

function written(call: OnnxCall, data: Value, indices: Constant, updates: Value): Value {
  const { build } = call;
  const sizes = sizesFrom(build, data, 0, indices);
  const rest = data.shape.slice(sizes.length);
  const expected = [...indices.shape.slice(0, -1), ...rest];
  if (!sameShape(updates.shape, expected)) {
    throw call.error('SHAPE', `expected updates of ${formatShape(expected)}, found ${formatShape(updates.shape)}`);
  }
  const [width, targets] = [elementCount(rest), placesOf(build, indices, sizes)];
  const flat = build.reshaped(data, [elementCount(sizes), width]);
  const news = build.reshaped(updates, [targets.length, width]);
  return build.reshaped(putRows(build, flat, targets, news, reductionOf(call)), data.shape);
}

/** The elements that a constant list marks; without an axis, of all elements of a constant. */
function compress(call: OnnxCall): Value {
  const { build } = call;
  const [x, marks] = [call.input(0), call.numbers(1) ?? []];
  const marked = marks.flatMap((mark, i) => (mark === 0 ? [] : [i]));
  if (call.hasAttribute('axis')) return build.gather(x, call.integer('axis', 0), marked);
  if (batchAxisOf(x) !== undefined) throw build.crossing('the elements of all rows are flattened into one list');
  return build.gather(build.reshaped(x, [elementCount(x.shape)]), 0, marked);
}

/** The positions of nonzero elements of a constant: [rank, count]. */
function nonZero(call: OnnxCall): Value {
  const { build } = call;
  const x = call.constant(0);
  if (x.batch) throw build.crossing('the result depends on the batch size');
  build.spend(x.data.length);
  const found = Array.from(x.data.keys()).filter((i) => x.data[i] !== 0);
  const strides = x.shape.map((_, axis) => elementCount(x.shape.slice(axis + 1)));
  build.spend(found.length * x.shape.length);
  const places = x.shape.flatMap((size, axis) => found.map((i) => Math.floor(i / strides[axis]) % size));
  return literal('int64', places, [x.shape.length, found.length]);
}

/** Zeros below or above a diagonal of the last two axes. */
function trilu(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const shift = call.number(1) ?? 0;
  const [rows, columns] = [-2, -1].map((axis) => x.shape[build.ownAxis(x, axis)]);
  build.spend(rows * columns);
  const isUpper = call.flag('upper', true);
  const mask = new Float32Array(rows * columns);
  for (let i = 0; i < mask.length; i++) {
    const above = (i % columns) - Math.floor(i / columns);
    mask[i] = Number(isUpper ? above >= shift : above <= shift);
  }
  return build.select(constant('bool', [rows, columns], mask), x, build.scalar(x, 0));
}

/** As large as a constant, or as a value without a batch axis. */
function eyeLike(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  if (batchAxisOf(x) !== undefined || x.shape.length !== 2)
    throw build.crossing('the result depends on the batch size');
  const [rows, columns] = x.shape;
  const shift = call.integer('k', 0);
  build.spend(rows * columns);
  const ones = Float32Array.from({ length: rows * columns }, (_, i) => {
    return Number((i % columns) - Math.floor(i / columns) === shift);
  });
  return build.cast(
    constant('float32', [rows, columns], ones),
    call.hasAttribute('dtype') ? elementType(call.integer('dtype', 0), build.place) : x.type,
  );
}

export const places: Translations = {
  GatherElements: (call) => takeAlong(call.build, call.input(0), call.input(1), call.integer('axis', 0)),
  ScatterElements: (call) =>
    putAlong(call.build, call.input(0), call.input(1), call.input(2), call.integer('axis', 0), reductionOf(call)),
  Scatter: (call) => putAlong(call.build, call.input(0), call.input(1), call.input(2), call.integer('axis', 0), 'none'),
  GatherND: gatherND,
  ScatterND: scatterND,
  Compress: compress,
  NonZero: nonZero,
  Trilu: trilu,
  EyeLike: eyeLike,
};
