import { describe, expect, it } from 'vitest';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
} from '../../../lib/formats/containers/pickle/values.ts';
import { numbersOf } from '../../../lib/formats/sklearn/arrays.ts';
import { Budget } from '../../../lib/graph/budget.ts';

const listOf = (...items: PickleValue[]) => {
  const list = new PickleList();
  list.items.push(...items);
  return list;
};
const ints = (...values: number[]) => new PickleArray([values.length], 'i4', Int32Array.from(values));
const floats = (...values: number[]) => new PickleArray([values.length], 'f8', Float64Array.from(values));

/** A SciPy matrix with these attributes. */
function matrix(name: string, shape: readonly number[], attributes: Readonly<Record<string, PickleValue>>) {
  const object = new PickleObject(new PickleGlobal('scipy.sparse._csr', name), []);
  const state = new PickleDict();
  state.entries.push(['_shape', new PickleTuple(shape)], ...Object.entries(attributes));
  object.state = state;
  return object;
}

const elements = { data: floats(5, 7, 9), indices: ints(1, 0, 2), indptr: ints(0, 1, 3) };

describe('numbersOf', () => {
  it('takes arrays as they are, and integers and booleans exactly', () => {
    const single = new PickleArray([1, 2], 'f4', Float32Array.of(1.5, 2));
    expect(numbersOf(single, new Budget(), 'x').data).toBe(single.data);
    expect(numbersOf(ints(3, -4), new Budget(), 'x')).toEqual({ shape: [2], data: Float64Array.of(3, -4) });
    expect(numbersOf(new PickleArray([2], 'b1', Int32Array.of(1, 0)), new Budget(), 'x').data).toEqual(
      Float64Array.of(1, 0),
    );
  });

  it('takes plain numbers, NumPy scalars, and lists of them or of arrays', () => {
    expect(numbersOf(2.5, new Budget(), 'x')).toEqual({ shape: [], data: Float64Array.of(2.5) });
    expect(numbersOf(new PickleArray([], 'f8', Float64Array.of(4)), new Budget(), 'x')).toEqual({
      shape: [],
      data: Float64Array.of(4),
    });
    expect(numbersOf(listOf(1, 2), new Budget(), 'x')).toEqual({ shape: [2], data: Float64Array.of(1, 2) });
    expect(numbersOf(listOf(floats(1, 2), floats(3, 4)), new Budget(), 'x')).toEqual({
      shape: [2, 2],
      data: Float64Array.of(1, 2, 3, 4),
    });
  });

  it('refuses lists of arrays that differ in shape, lists in lists, words and dicts', () => {
    expect(() => numbersOf(listOf(floats(1), floats(1, 2)), new Budget(), 'x')).toThrow(
      /^x: expected arrays of the same shape/,
    );
    expect(() => numbersOf(listOf(listOf(1)), new Budget(), 'x')).toThrow(
      /^x\[0\]: expected numbers, found a list of 1/,
    );
    expect(() => numbersOf('a', new Budget(), 'x')).toThrow(/^x: expected numbers, found the string 'a'/);
    expect(() => numbersOf(new PickleArray([1], 'U1', ['a']), new Budget(), 'x')).toThrow(
      /^x: expected an array of numbers/,
    );
    expect(() => numbersOf(new PickleArray([1], 'i8', BigInt64Array.of(2n ** 60n)), new Budget(), 'x')).toThrow(
      /beyond ±2\^53/,
    );
  });

  it('writes sparse matrices out: by rows, by columns, by coordinates', () => {
    const dense = { shape: [2, 3], data: Float64Array.of(0, 5, 0, 7, 0, 9) };
    expect(numbersOf(matrix('csr_matrix', [2, 3], elements), new Budget(), 'x')).toEqual(dense);
    const byColumns = { data: floats(7, 5, 9), indices: ints(1, 0, 1), indptr: ints(0, 1, 2, 3) };
    expect(numbersOf(matrix('csc_array', [2, 3], byColumns), new Budget(), 'x')).toEqual(dense);
    const places = { data: floats(5, 7, 9), row: ints(0, 1, 1), col: ints(1, 0, 2) };
    expect(numbersOf(matrix('coo_matrix', [2, 3], places), new Budget(), 'x')).toEqual(dense);
    const coords = { data: floats(5, 7, 9), coords: new PickleTuple([ints(0, 1, 1), ints(1, 0, 2)]) };
    expect(numbersOf(matrix('coo_array', [2, 3], coords), new Budget(), 'x')).toEqual(dense);
  });

  it('adds up elements of a sparse matrix that are there twice, as SciPy does', () => {
    const twice = { data: floats(1, 2), indices: ints(0, 0), indptr: ints(0, 2) };
    expect(numbersOf(matrix('csr_matrix', [1, 1], twice), new Budget(), 'x').data).toEqual(Float64Array.of(3));
  });

  it.each([
    ['an element outside', [2, 2], elements, /element at \[1, 2\], outside of the shape \[2, 2\]/],
    ['starts that fall', [2, 3], { ...elements, indptr: ints(0, 3, 1) }, /increasing starts/],
    ['starts past the end', [2, 3], { ...elements, indptr: ints(0, 1, 4) }, /within 3 elements/],
    ['starts that are not integers', [2, 3], { ...elements, indptr: floats(0, 0.5, 3) }, /increasing starts/],
    ['too few starts', [3, 3], elements, /expected 4 increasing starts/],
    [
      'fewer positions than elements',
      [2, 3],
      { ...elements, indices: ints(1, 0) },
      /numbers of elements and of their indices differ/,
    ],
    ['no elements at all', [2, 3], {}, /^x\.data: expected an array of one axis, found nothing/],
    ['a shape of three axes', [2, 3, 4], elements, /expected the shape of a matrix/],
    ['a shape of billions', [2 ** 31, 2 ** 31], elements, /a sparse matrix of/],
  ])('refuses a sparse matrix with %s', (_what, shape, attributes, message) => {
    expect(() => numbersOf(matrix('csr_matrix', shape, attributes), new Budget(), 'x')).toThrow(message);
  });
});
