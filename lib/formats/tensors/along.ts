/** Reads or writes elements at positions along an axis: torch's gather and scatter. */
import type { BinaryName } from '../../graph/graph.ts';
import { elementCount, formatShape, sameShape } from '../../graph/shapes.ts';
import type { GraphBuilder } from './builder.ts';
import { batchAxisOf } from './emitter.ts';
import { oneHot } from './picking.ts';
import { type Constant, constant, type Row, range, type Value } from './value.ts';

/** How written values are combined with existing ones. */
export type Reduction = 'none' | Extract<BinaryName, 'add' | 'mul' | 'min' | 'max'>;

/**
 * For each element of `indices`: the element of `data` at the same place, with the index in place of its position along
 * the axis.
 */
export function takeAlong(build: GraphBuilder, data: Value, indices: Value, axis: number): Value {
  const [x, at] = together(build, [data, indices]);
  const own = build.ownAxis(x, axis);
  checkFit(build, x, at, own);
  const inside = at.shape.reduce<Value>(
    (sofar, size, i) => (i === own ? sofar : build.gather(sofar, i, range(0, size, 1))),
    alone(x),
  );
  const places = constantOf(at);
  if (places !== undefined) {
    const sources = placesAlong(build, places, inside.shape, own);
    const flat = build.reshaped(inside, [elementCount(inside.shape)]);
    return inBatch(build.reshaped(build.gather(flat, 0, sources), at.shape), x);
  }
  const size = inside.shape[own];
  const permutation = axisLast(at.shape.length, own);
  const [values, wanted] = [inside, alone(at)].map((row) => build.transpose(row, permutation));
  const mask = hot(build, wanted as Row, size);
  const spread = build.reshaped(values, values.shape.toSpliced(-1, 0, 1));
  const chosen = build.select(mask, spread, build.scalar(spread, 0));
  return inBatch(build.transpose(build.reduce(chosen, 'sum', [-1], false), inverse(permutation)), x);
}

/** For each row, the elements or parts of its first axis at the row's own indices; the axes of `at` take its place. */
export function takeParts(build: GraphBuilder, x: Row, at: Row): Row {
  checkNumbers(build, [x, at]);
  const [size, ...rest] = x.shape;
  const outer = at.shape.length;
  const mask = build.reshaped(hot(build, alone(at) as Row, size), [...at.shape, size, ...rest.map(() => 1)]);
  const spread = build.reshaped(alone(x), [...at.shape.map(() => 1), size, ...rest]);
  const chosen = build.select(mask, spread, build.scalar(x, 0));
  return inBatch(build.reduce(chosen, 'sum', [outer], false), x) as Row;
}

/** TensorFlow's gather with `batch_dims` of 1: row by row, along the first axis of a row, by indices that count from 0. */
export function gatherInRows(build: GraphBuilder, x: Value, axis: number, at: Value, batchDims: number): Value {
  const areRows = x.kind === 'row' && at.kind === 'row' && x.batchAxis === 0 && at.batchAxis === 0;
  if (batchDims !== 1 || !areRows || x.shape.length === 0 || build.axis(axis, build.rank(x)) !== 1) {
    const message = 'batch_dims is supported only as 1, for the axis after the batch of rows with indices of their own';
    throw build.error('UNSUPPORTED_OP', message);
  }
  return takeCounted(build, x, at);
}

/** The same as takeParts, by indices that count from 0: a run with a negative one is refused, like one past the end. */
export function takeCounted(build: GraphBuilder, x: Row, at: Row): Row {
  const isNegative = build.binary('less', at, build.scalar(at, 0));
  return takeParts(build, x, build.asRow(build.select(isNegative, build.scalar(at, x.shape[0]), at)));
}

/** `data` with `updates` written, in order, at the positions `indices` along the axis. */
export function putAlong(
  build: GraphBuilder,
  data: Value,
  indices: Value,
  updates: Value,
  axis: number,
  reduction: Reduction,
): Value {
  const [x, at, given] = together(build, [data, indices, updates]);
  const own = build.ownAxis(x, axis);
  checkFit(build, x, at, own);
  if (!sameShape(at.shape, given.shape)) {
    throw build.error('SHAPE', `cannot write ${formatShape(given.shape)} at indices of ${formatShape(at.shape)}`);
  }
  const places = constantOf(at);
  if (places !== undefined) {
    const targets = placesAlong(build, places, x.shape, own);
    const flat = [alone(x), alone(given)].map((value) => build.reshaped(value, [elementCount(value.shape), 1]));
    return inBatch(build.reshaped(putRows(build, flat[0], targets, flat[1], reduction), x.shape), x);
  }
  if (!sameShape(at.shape.toSpliced(own, 1), x.shape.toSpliced(own, 1))) {
    throw build.error('UNSUPPORTED_OP', 'variable indices are supported only if they cover all other axes');
  }
  build.checkResults(at.shape[own]);
  const permutation = axisLast(at.shape.length, own);
  const [values, wanted, news] = [x, at, given].map((value) => build.transpose(alone(value), permutation));
  const result = range(0, at.shape[own], 1).reduce<Value>((sofar, i) => {
    const [place, update] = [wanted, news].map((value) => build.gather(value, -1, [i]));
    const mask = hot(build, build.reshaped(place, place.shape.slice(0, -1)) as Row, x.shape[own]);
    const written = reduction === 'none' ? update : build.binary(reduction, sofar, update);
    return build.select(mask, written, sofar);
  }, values);
  return inBatch(build.transpose(result, inverse(permutation)), x);
}

/** Overwrites rows of a matrix [N, R] in order: row i of `updates`, [M, R], goes to row `targets[i]`. */
export function putRows(
  build: GraphBuilder,
  data: Value,
  targets: ArrayLike<number>,
  updates: Value,
  reduction: Reduction,
): Value {
  const [count] = data.shape;
  if (reduction === 'none') {
    const sources = build.positions(0, count);
    for (let i = 0; i < targets.length; i++) sources[targets[i]] = count + i;
    return build.gather(build.concat([data, updates], 0), 0, sources);
  }
  let result: Value = data;
  for (const round of rounds(build, targets, count)) {
    const isWritten = constant(
      'bool',
      [count, 1],
      Float32Array.from(round, (from) => Number(from >= 0)),
    );
    const sources = build.positionsOf(count, (i) => Math.max(round[i], 0));
    const written = build.binary(reduction, result, build.gather(updates, 0, sources));
    result = build.select(isWritten, written, result);
  }
  return result;
}

/** By how often a target was written before: the update for each target, −1 for none. */
function rounds(build: GraphBuilder, targets: ArrayLike<number>, count: number): Int32Array[] {
  const times = new Int32Array(count);
  const all: Int32Array[] = [];
  for (let i = 0; i < targets.length; i++) {
    const time = times[targets[i]]++;
    all[time] ??= build.positionsOf(count, () => -1);
    all[time][targets[i]] = i;
  }
  return all;
}

/** Within a row there is no batch. */
export function alone(x: Value): Value {
  return x.kind === 'row' ? { ...x, batchAxis: undefined } : x;
}

/** A result for separate rows, with the batch of `like`. */
export function inBatch(x: Value, like: Value): Value {
  return x.kind === 'row' ? { ...x, batchAxis: batchAxisOf(like) } : x;
}

/** If one of them is a row tensor: row tensors with the batch in one place. */
function together(build: GraphBuilder, values: readonly Value[]): readonly Value[] {
  const row = values.find((x): x is Row => x.kind === 'row');
  const all = row === undefined ? values : values.map((x) => build.asRow(x, row.batchAxis));
  checkNumbers(build, all);
  if (new Set(all.map(batchAxisOf)).size > 1) throw build.crossing('the batch is aligned with another axis');
  return all;
}

function checkNumbers(build: GraphBuilder, values: readonly Value[]): void {
  if (values.some((x) => x.type === 'string'))
    throw build.error('UNSUPPORTED_DTYPE', 'words cannot be picked one by one');
}

function constantOf(x: Value): Constant | undefined {
  if (x.kind === 'constant') return x.batch ? undefined : x;
  return typeof x.operand === 'string' ? undefined : constant(x.type, x.shape, x.operand.data);
}

function checkFit(build: GraphBuilder, x: Value, at: Value, axis: number): void {
  const fits = at.shape.length === x.shape.length && at.shape.every((size, i) => i === axis || size <= x.shape[i]);
  if (fits) return;
  throw build.error('SHAPE', `indices of ${formatShape(at.shape)} do not fit into ${formatShape(x.shape)}`);
}

/** For each index, the position in the flattened tensor of this shape. */
function placesAlong(build: GraphBuilder, indices: Constant, shape: readonly number[], axis: number): Int32Array {
  build.lookThrough(indices.data.length * shape.length);
  const sizes = indices.shape;
  return build.positionsOf(indices.data.length, (i) => {
    let [rest, place, stride] = [i, 0, 1];
    for (let at = shape.length - 1; at >= 0; at--) {
      const own = rest % sizes[at];
      rest = (rest - own) / sizes[at];
      place += stride * (at === axis ? build.axis(indices.data[i], shape[at]) : own);
      stride *= shape[at];
    }
    return place;
  });
}

/** 1 at the index along a new last axis, 0 elsewhere. A run with an index out of range is refused. */
function hot(build: GraphBuilder, at: Row, size: number): Row {
  const isKnown = at.below !== undefined && at.below <= size;
  if (isKnown) return oneHot(build, at, -1, { depth: size, off: 0, on: 1, type: 'bool', wrap: true });
  build.spend(size * size);
  const table = new Float32Array(size * size);
  for (let i = 0; i < size; i++) table[i * size + i] = 1;
  const whole = build.asRow(build.cast(at, 'int64'));
  return { ...build.embedding(whole, constant('float32', [size, size], table)), type: 'bool' };
}

function axisLast(rank: number, axis: number): number[] {
  return [...range(0, rank, 1).filter((i) => i !== axis), axis];
}

function inverse(permutation: readonly number[]): number[] {
  return permutation.map((_, i) => permutation.indexOf(i));
}
