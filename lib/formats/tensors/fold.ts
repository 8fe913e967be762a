/**
 * Evaluates what does not depend on the input: weights that are transposed or cast before use, and the chains of Shape,
 * Gather, Mul and Concat with which exporters compute a shape. Integers are exact; functions of floats are computed by
 * `Fold`, or, if there is none, here: in float64, rounded once. A result is undefined if it depends on the batch size
 * in a form other than p + q·B.
 */
import { combine } from '../../graph/combine.ts';
import type { BinaryName, ReduceName, UnaryName } from '../../graph/graph.ts';
import { REDUCE } from '../../graph/operations/rowwise.ts';
import { UNARY } from '../../graph/operations/unary.ts';
import {
  axesLast,
  elementCount,
  sameShape,
  takeAlong,
  takeBroadcast,
  takeTransposed,
  transposeShape,
} from '../../graph/shapes.ts';
import { type CastRule, type CastStep, castSteps } from '../casts.ts';
import { allocate, type Constant, constant, type ElementType, isFloat, type Numbers } from './value.ts';

/** A constant of the type. Floats stay as they were computed: in float64 if the model computes in float64. */
export function numbers(type: ElementType, shape: readonly number[], data: Numbers): Constant {
  if (isFloat(type)) return constant(type, shape, data);
  const held = allocate(type, data.length);
  held.set(data);
  return constant(type, shape, held);
}

/** Allocates an array for elements of constants of one type. */
function allocateFor(parts: readonly Constant[], length: number): Numbers {
  const isDouble = parts.some(({ data }) => data instanceof Float64Array);
  return isDouble ? new Float64Array(length) : allocate(parts[0].type, length);
}

/** `x` with its elements rearranged. */
function moved(x: Constant, shape: readonly number[], take: (data: Numbers) => Numbers): Constant {
  return constant(x.type, shape, take(x.data), x.batch && (take(x.batch) as Float64Array));
}

export function broadcastTo(x: Constant, shape: readonly number[]): Constant {
  return sameShape(x.shape, shape) ? x : moved(x, shape, (data) => takeBroadcast(data, x.shape, shape));
}

export function transpose(x: Constant, permutation: readonly number[]): Constant {
  const shape = transposeShape(x.shape, permutation);
  return moved(x, shape, (data) => takeTransposed(data, x.shape, permutation));
}

export function gather(x: Constant, axis: number, indices: Int32Array): Constant {
  const shape = x.shape.with(axis, indices.length);
  return moved(x, shape, (data) => takeAlong(data, x.shape, axis, indices));
}

export function concat(parts: readonly Constant[], axis: number): Constant {
  const size = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  const shape = parts[0].shape.with(axis, size);
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const data = allocateFor(parts, elementCount(shape));
  const batch = parts.some((part) => part.batch) ? new Float64Array(data.length) : undefined;
  let start = 0;
  for (const part of parts) {
    const run = part.shape[axis] * inner;
    for (let block = 0; block < outer; block++) {
      const [from, to] = [block * run, block * size * inner + start];
      data.set(part.data.subarray(from, from + run), to);
      if (part.batch) batch?.set(part.batch.subarray(from, from + run), to);
    }
    start += run;
  }
  return constant(parts[0].type, shape, data, batch);
}

/** Whether a cast of the constant to another type changes neither its numbers nor the kind of its array. */
export function isHeldAlike(x: Constant, type: ElementType, rule: CastRule, precision?: 'f32' | 'f64'): boolean {
  const isDouble = precision === 'f64' && isFloat(type);
  const isSingle = x.data instanceof Float32Array && !isDouble && allocate(type, 0) instanceof Float32Array;
  return isSingle && x.batch === undefined && castSteps(x.type, type, rule).length === 0;
}

/** Casts to another type. Floats are cast from the model's precision, if it is given. */
export function cast(x: Constant, type: ElementType, rule: CastRule, precision?: 'f32' | 'f64'): Constant {
  if (x.type === type) return x;
  const steps = castSteps(x.type, type, rule);
  const data = precision === 'f64' && isFloat(type) ? new Float64Array(x.data.length) : allocate(type, x.data.length);
  const isRounded = precision === 'f32' && isFloat(x.type);
  // Integers that depend on the batch, and integers that are too large to be represented, stay unchanged.
  const isCast = (value: number, i: number) => !x.batch?.[i] && (isFloat(x.type) || Number.isFinite(value));
  for (const [i, given] of x.data.entries()) {
    const value = isRounded ? Math.fround(given) : given;
    data[i] = isCast(value, i) ? steps.reduce(castNumber, value) : value;
  }
  return constant(type, x.shape, data, x.batch);
}

function castNumber(value: number, step: CastStep): number {
  if ('nan' in step) return Number.isNaN(value) ? step.nan : value;
  return UNARY[step.fn].evaluate(value, step.alpha ?? 0, step.beta ?? 0);
}

export function unary(x: Constant, fn: UnaryName, type: ElementType, alpha = 0, beta = 0): Constant | undefined {
  if (x.batch) return fn === 'trunc' ? x : undefined; // integers, whatever the batch
  const apply = UNARY[fn].evaluate;
  const data = allocate(type, x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = apply(x.data[i], alpha, beta);
  return constant(type, x.shape, data);
}

/** `a` and `b`, broadcast to the shape. */
export function binary(
  fn: BinaryName,
  a: Constant,
  b: Constant,
  shape: readonly number[],
  type: ElementType,
): Constant | undefined {
  if (a.batch || b.batch) return binaryOfBatch(fn, broadcastTo(a, shape), broadcastTo(b, shape), type);
  const data = combine(fn, [a, b], shape, allocate(type, elementCount(shape)));
  return constant(type, shape, data);
}

function binaryOfBatch(fn: BinaryName, a: Constant, b: Constant, type: ElementType): Constant | undefined {
  const data = allocate(type, a.data.length);
  const batch = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const result = ofBatch(fn, [a.data[i], a.batch?.[i] ?? 0], [b.data[i], b.batch?.[i] ?? 0]);
    if (result === undefined) return undefined;
    [data[i], batch[i]] = result;
  }
  return constant(type, a.shape, data, batch);
}

/** p + q·B, where B is any positive integer. */
type OfBatch = readonly [p: number, q: number];

function ofBatch(fn: BinaryName, [p, q]: OfBatch, [r, s]: OfBatch): OfBatch | undefined {
  switch (fn) {
    case 'add':
      return [p + r, q + s];
    case 'sub':
      return [p - r, q - s];
    case 'mul':
      return q * s === 0 ? [p * r, p * s + q * r] : undefined;
    case 'div':
      if (s === 0) return p % r === 0 && q % r === 0 ? [p / r, q / r] : undefined;
      return p === 0 && r === 0 && q % s === 0 ? [q / s, 0] : undefined;
    case 'equal': {
      if (q === s) return [p === r ? 1 : 0, 0];
      const equalAt = (r - p) / (q - s);
      return equalAt >= 1 && Number.isInteger(equalAt) ? undefined : [0, 0];
    }
    case 'max':
    case 'min': {
      const isLess = isNegative(p - r, q - s);
      return isLess && ((isLess[0] === 1) === (fn === 'min') ? [p, q] : [r, s]);
    }
    case 'less':
      return isNegative(p - r, q - s);
    case 'greater':
      return isNegative(r - p, s - q);
    case 'greater_equal':
      return negated(isNegative(p - r, q - s));
    case 'less_equal':
      return negated(isNegative(r - p, s - q));
    default:
      return undefined;
  }
}

/** Whether p + q·B < 0: the result for one row, if it is the same for more. */
function isNegative(p: number, q: number): OfBatch | undefined {
  if (!Number.isFinite(p)) return undefined;
  if (p + q < 0) return q <= 0 ? [1, 0] : undefined;
  return q >= 0 ? [0, 0] : undefined;
}

function negated(truth: OfBatch | undefined): OfBatch | undefined {
  return truth && [1 - truth[0], 0];
}

/** All three have the same shape. */
export function select(condition: Constant, a: Constant, b: Constant): Constant | undefined {
  if (condition.batch) return undefined;
  const pick = <N extends Numbers>(into: N, left: Numbers | undefined, right: Numbers | undefined): N => {
    for (let i = 0; i < into.length; i++) into[i] = (condition.data[i] !== 0 ? left : right)?.[i] ?? 0;
    return into;
  };
  const data = pick(allocateFor([a, b], a.data.length), a.data, b.data);
  const batch = a.batch || b.batch ? pick(new Float64Array(data.length), a.batch, b.batch) : undefined;
  return constant(a.type, a.shape, data, batch);
}

/** `axes` are ascending; the result keeps each with size 1. */
export function reduce(x: Constant, fn: ReduceName, axes: readonly number[], type: ElementType): Constant | undefined {
  if (x.batch) return fn === 'prod' && x.shape.length === 1 ? productOfBatch(x) : undefined;
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const data = allocate(type, elementCount(shape));
  const grouped = transpose(x, axesLast(x.shape.length, axes)).data;
  const run = elementCount(axes.map((axis) => x.shape[axis]));
  for (let i = 0; i < data.length; i++) {
    data[i] = REDUCE[fn].evaluate(Float64Array.from(grouped.subarray(i * run, (i + 1) * run)));
  }
  return constant(type, shape, data);
}

/** The number of elements of a shape that includes the batch size. */
function productOfBatch(x: Constant): Constant | undefined {
  let product: OfBatch | undefined = [1, 0];
  for (let i = 0; i < x.data.length && product; i++) {
    product = ofBatch('mul', product, [x.data[i], x.batch?.[i] ?? 0]);
  }
  return product && constant(x.type, [1], Float64Array.of(product[0]), Float64Array.of(product[1]));
}

/** a [..., K] times b [K, N]. */
export function matMul(a: Constant, b: Constant): Constant {
  const [depth, columns] = b.shape;
  const rows = elementCount(a.shape.slice(0, -1));
  const sums = new Float64Array(columns);
  const data = allocate(a.type, rows * columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < depth; k++) {
      const factor = a.data[row * depth + k];
      for (let column = 0; column < columns; column++) sums[column] += factor * b.data[k * columns + column];
    }
    data.set(sums, row * columns);
  }
  return constant(a.type, [...a.shape.slice(0, -1), columns], data);
}
