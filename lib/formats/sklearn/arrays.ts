/** Arrays of numbers in estimators: NumPy arrays and scalars, lists, and SciPy's sparse matrices. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { PickleArray, PickleObject, PickleTuple, type PickleValue, pickleKind } from '../containers/pickle/values.ts';
import { itemsOf, plainScalar } from './values.ts';

/** float32 if the file has float32, float64 for everything else; integers and booleans are exact. */
export type Vector = Float32Array | Float64Array;

export interface NumberArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Vector;
}

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row-major. */
  readonly data: Vector;
}

/** Numbers that are scanned in about a microsecond. */
const SCANNED_IN_A_STEP = 512;
/** Indices of elements that are checked in about a microsecond. */
const SPARSE_IN_A_STEP = 32;

/** Numbers in any shape. @throws {ForwardpassError} MALFORMED or UNSUPPORTED_DTYPE at `place` for anything else. */
export function numbersOf(value: PickleValue, budget: Budget, place: string): NumberArray {
  const array = anyNumbers(value, budget, place);
  budget.again(array.data, array.data.length / SCANNED_IN_A_STEP, place);
  return array;
}

function anyNumbers(value: PickleValue, budget: Budget, place: string): NumberArray {
  if (value instanceof PickleArray && !isObjects(value)) return arrayNumbers(value, budget, place);
  if (value instanceof PickleObject && /^(?:cs[rc]|coo)_(?:matrix|array)$/.test(value.callable.name)) {
    return sparseNumbers(value, budget, place);
  }
  const items = itemsOf(value);
  if (items !== undefined) return stacked(items, budget, place);
  const plain = plainScalar(value);
  if (typeof plain === 'number' || typeof plain === 'boolean')
    return { shape: [], data: Float64Array.of(Number(plain)) };
  throw new ForwardpassError('MALFORMED', `expected numbers, found ${pickleKind(value)}`, place);
}

function isObjects({ dtype }: PickleArray): boolean {
  return dtype.startsWith('O');
}

function arrayNumbers({ shape, dtype, data }: PickleArray, budget: Budget, place: string): NumberArray {
  if (!/^[fiub]/.test(dtype)) {
    throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected an array of numbers, found one of type ${dtype}`, place);
  }
  if (data instanceof Float64Array || data instanceof Float32Array) return { shape, data };
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    throw new ForwardpassError('UNSUPPORTED_DTYPE', 'holds an integer beyond ±2^53', place);
  }
  budget.buildElements(data.length, place);
  return { shape, data: new Float64Array(data as ArrayLike<number>) };
}

/** From a list of numbers, or of arrays of one shape. */
function stacked(items: readonly PickleValue[], budget: Budget, place: string): NumberArray {
  if (items.every((item) => typeof item === 'number')) {
    budget.buildElements(items.length, place);
    return { shape: [items.length], data: Float64Array.from(items) };
  }
  budget.again(items, items.length, place);
  const parts = items.map((item, i) => {
    const isArray = item instanceof PickleArray && !isObjects(item);
    if (!isArray && itemsOf(item) !== undefined) {
      throw new ForwardpassError('MALFORMED', `expected numbers, found ${pickleKind(item)}`, `${place}[${i}]`);
    }
    return numbersOf(item, budget, `${place}[${i}]`);
  });
  const [first] = parts;
  const shape = first?.shape ?? [];
  if (
    parts.some((part) => part.shape.length !== shape.length || part.shape.some((size, axis) => size !== shape[axis]))
  ) {
    throw new ForwardpassError('SHAPE', 'expected arrays of the same shape', place);
  }
  const isSingle = first?.data instanceof Float32Array;
  const size = first?.data.length ?? 0;
  budget.buildElements(size * parts.length, place);
  const data = new (isSingle ? Float32Array : Float64Array)(size * parts.length);
  for (const [i, part] of parts.entries()) data.set(part.data, i * size);
  return { shape: [parts.length, ...shape], data };
}

/** A matrix in compressed rows, compressed columns or coordinates, converted to a dense one. */
function sparseNumbers(object: PickleObject, budget: Budget, place: string): NumberArray {
  const { name } = object.callable;
  const part = (key: string) => arrayPart(object.attribute(key), budget, `${place}.${key}`);
  const [rows, columns] = shapeOf(object, budget, place);
  const values = part('data').data;
  const data = new (values instanceof Float32Array ? Float32Array : Float64Array)(rows * columns);
  const add = (row: number, column: number, at: number) => {
    if (!(isWithin(row, rows) && isWithin(column, columns))) {
      throw new ForwardpassError(
        'MALFORMED',
        `has an element at [${row}, ${column}], outside of the shape [${rows}, ${columns}]`,
        place,
      );
    }
    data[row * columns + column] += values[at];
  };
  if (name.startsWith('coo')) {
    const [row, column] = coordinates(object, budget, place);
    checkLengths(values, [row, column], place);
    for (let at = 0; at < values.length; at++) add(row[at], column[at], at);
    return { shape: [rows, columns], data };
  }
  const [starts, inner] = [part('indptr').data, part('indices').data];
  checkLengths(values, [inner], place);
  const isByRow = name.startsWith('csr');
  const outer = isByRow ? rows : columns;
  const isStart = (start: number, i: number) =>
    Number.isInteger(start) && start >= (i === 0 ? 0 : starts[i - 1]) && start <= values.length;
  if (starts.length !== outer + 1 || !starts.every(isStart)) {
    const expected = `expected ${outer + 1} increasing starts within ${values.length} elements`;
    throw new ForwardpassError('MALFORMED', expected, `${place}.indptr`);
  }
  for (let i = 0; i < outer; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      if (isByRow) add(i, inner[at], at);
      else add(inner[at], i, at);
    }
  }
  return { shape: [rows, columns], data };
}

function isWithin(position: number, size: number): boolean {
  return Number.isInteger(position) && position >= 0 && position < size;
}

function coordinates(object: PickleObject, budget: Budget, place: string): [rows: Vector, columns: Vector] {
  const pair = object.attribute('coords');
  const [row, column] = pair instanceof PickleTuple ? pair.items : [object.attribute('row'), object.attribute('col')];
  return [arrayPart(row, budget, `${place}.row`).data, arrayPart(column, budget, `${place}.col`).data];
}

function arrayPart(value: PickleValue | undefined, budget: Budget, place: string): NumberArray {
  if (value instanceof PickleArray && value.shape.length === 1) {
    budget.again(value, value.data.length / SPARSE_IN_A_STEP, place);
    return arrayNumbers(value, budget, place);
  }
  throw new ForwardpassError('MALFORMED', `expected an array of one axis, found ${pickleKind(value)}`, place);
}

function checkLengths(values: Vector, others: readonly Vector[], place: string): void {
  if (others.every(({ length }) => length === values.length)) return;
  throw new ForwardpassError('MALFORMED', 'the numbers of elements and of their indices differ', place);
}

/** The shape; charges the dense matrix. */
function shapeOf(object: PickleObject, budget: Budget, place: string): [rows: number, columns: number] {
  const value = object.attribute('_shape');
  const sizes = value === undefined ? undefined : itemsOf(value)?.map(plainScalar);
  const [rows, columns] = sizes ?? [];
  if (sizes?.length !== 2 || !isSize(rows) || !isSize(columns)) {
    throw new ForwardpassError('MALFORMED', `expected the shape of a matrix, found ${pickleKind(value)}`, place);
  }
  budget.buildElements(rows * columns, `${place}, a sparse matrix of [${rows}, ${columns}]`);
  return [rows, columns];
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/**
 * Sums a part of the data in NumPy's order of additions: eight at a time if there are as many. In float32 for float32
 * data.
 */
export function numpySum(data: ArrayLike<number>, first: number, count: number): number {
  const round = data instanceof Float32Array ? Math.fround : (value: number) => value;
  if (count < 8) return inOrder(data, first, count, 0, round);
  if (count > 128) {
    const half = Math.floor(count / 16) * 8;
    return round(numpySum(data, first, half) + numpySum(data, first + half, count - half));
  }
  const sums = Array.from({ length: 8 }, (_, lane) => data[first + lane]);
  const whole = count - (count % 8);
  for (let k = 8; k < whole; k++) sums[k % 8] = round(sums[k % 8] + data[first + k]);
  const [a, b, c, d] = [0, 2, 4, 6].map((lane) => round(sums[lane] + sums[lane + 1]));
  return inOrder(data, first + whole, count - whole, round(round(a + b) + round(c + d)), round);
}

function inOrder(data: ArrayLike<number>, first: number, count: number, from: number, round: (x: number) => number) {
  let total = from;
  for (let k = 0; k < count; k++) total = round(total + data[first + k]);
  return total;
}
