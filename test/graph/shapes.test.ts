import { describe, expect, it } from 'vitest';
import {
  axesLast,
  broadcastColumns,
  broadcastShapes,
  broadcastsTo,
  formatShape,
  gatherColumns,
  inversePermutation,
  isIdentity,
  takeColumns,
  transposeColumns,
} from '../../lib/graph/shapes.ts';

describe('broadcasting', () => {
  it.each([
    [
      [[2, 3], [3]],
      [2, 3],
    ],
    [
      [
        [2, 1],
        [1, 3],
      ],
      [2, 3],
    ],
    [[[], [4]], [4]],
    [
      [[1], [2, 2], [2, 1]],
      [2, 2],
    ],
    [[[2], [3]], undefined],
    [[[2, 3], [2]], undefined],
    [[[0], [1]], [0]],
  ] as const)('of %j gives %j', (shapes, expected) => {
    expect(broadcastShapes(...shapes)).toEqual(expected);
  });

  it('goes one way', () => {
    expect(broadcastsTo([3], [2, 3])).toBe(true);
    expect(broadcastsTo([2, 3], [3])).toBe(false);
    expect(broadcastsTo([3], [1, 1])).toBe(false);
  });

  it('repeats along axes of one', () => {
    expect([...broadcastColumns([2, 1], [2, 2, 3])]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
    expect([...broadcastColumns([], [3])]).toEqual([0, 0, 0]);
  });
});

describe('columns', () => {
  it('of a transpose follow its permutation', () => {
    expect([...transposeColumns([2, 3], [1, 0])]).toEqual([0, 3, 1, 4, 2, 5]);
    const permutation = [2, 0, 1];
    const there = transposeColumns([2, 3, 4], permutation);
    const back = transposeColumns([4, 2, 3], inversePermutation(permutation));
    expect(isIdentity(takeColumns(there, back), 24)).toBe(true);
  });

  it('of a gather repeat and reorder along the axis alone', () => {
    expect([...gatherColumns([2, 3, 2], 1, Int32Array.of(2, 0, 2))]).toEqual([4, 5, 0, 1, 4, 5, 10, 11, 6, 7, 10, 11]);
  });

  it('are not an identity when fewer than all', () => {
    expect(isIdentity(Int32Array.of(0, 1), 3)).toBe(false);
    expect(isIdentity(Int32Array.of(0, 1, 2), 3)).toBe(true);
    expect(isIdentity(Int32Array.of(0, 2, 1), 3)).toBe(false);
  });
});

it('brings axes last in their order, whatever the order they are named in', () => {
  expect(axesLast(4, [2, 0])).toEqual([1, 3, 0, 2]);
});

it('writes a shape as people do', () => {
  expect(formatShape([2, 3])).toBe('[2, 3]');
  expect(formatShape([])).toBe('[]');
});
