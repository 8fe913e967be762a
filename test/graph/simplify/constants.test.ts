import { describe, expect, it } from 'vitest';
import {
  combine,
  greatestMagnitude,
  isNegativeZero,
  isNormal,
  isZero,
  overLastAxis,
  overTrailingAxes,
  uniform,
} from '../../../lib/graph/simplify/constants.ts';
import { constant } from '../graphs.ts';

const doubles = (...values: readonly number[]) => Float64Array.from(values);

describe('constants', () => {
  it('are one number when all their elements are', () => {
    expect(uniform(constant([2, 2, 2]))).toBe(2);
    expect(uniform(constant([2, 2, 3]))).toBeUndefined();
    expect(uniform(constant([Number.NaN]))).toBeUndefined();
    expect(uniform('x')).toBeUndefined();
  });

  it('are 0 with either sign, or −0 alone', () => {
    expect([isZero(constant([0, -0])), isZero(constant([0, 1]))]).toEqual([true, false]);
    expect([isNegativeZero(constant([-0, -0])), isNegativeZero(constant([-0, 0]))]).toEqual([true, false]);
    expect([isNegativeZero('x'), isNegativeZero(constant([-1]))]).toEqual([false, false]);
  });

  it('have a greatest magnitude', () => {
    expect(greatestMagnitude(doubles(1, -3, 2))).toBe(3);
    expect(greatestMagnitude(doubles(-0.5))).toBe(0.5);
    expect(greatestMagnitude(doubles())).toBe(0);
  });

  it('are normal numbers of a precision from its least to its greatest', () => {
    const most = (2 - 2 ** -23) * 2 ** 127;
    for (const sign of [1, -1]) {
      const normal = (value: number, precision: 'f32' | 'f64') => isNormal(doubles(1, sign * value, 1), precision);
      expect([0, 2 ** -126, most].map((value) => normal(value, 'f32'))).toEqual([true, true, true]);
      expect([2 ** -126 * 0.999, most * (1 + 2 ** -30), Infinity].map((value) => normal(value, 'f32'))).toEqual([
        false,
        false,
        false,
      ]);
      expect([2 ** -1022, Number.MAX_VALUE].map((value) => normal(value, 'f64'))).toEqual([true, true]);
      expect([2 ** -1022 * 0.999, Infinity, Number.NaN].map((value) => normal(value, 'f64'))).toEqual([
        false,
        false,
        false,
      ]);
    }
  });

  it('combine as NumPy broadcasts', () => {
    expect(combine('sub', constant([1, 2], [2, 1]), constant([10, 20, 30]))).toEqual({
      shape: [2, 3],
      data: doubles(-9, -19, -29, -8, -18, -28),
    });
  });

  it('stand over the last axes where axes before them do not matter', () => {
    const over = (values: readonly number[], shape: readonly number[], trailing: readonly number[]) =>
      overTrailingAxes(constant(values, shape), trailing);
    expect(over([1, 2], [2], [2])?.data).toEqual(Float32Array.of(1, 2));
    expect(over([5], [], [2])).toEqual({ shape: [2], data: Float32Array.of(5, 5) });
    expect(over([1, 2], [1, 2], [2])).toEqual({ shape: [2], data: Float32Array.of(1, 2) });
    expect(over([1, 2], [2, 1], [3])).toBeUndefined();
    expect(over([1, 2], [2], [1])).toBeUndefined();
    expect(over([1, 2], [2, 1], [2, 2])?.data).toEqual(Float32Array.of(1, 1, 2, 2));
    expect(overLastAxis(constant([1, 2, 3], [1, 3]), [2, 3])).toEqual(Float32Array.of(1, 2, 3));
    expect(overLastAxis(constant([1, 2], [2, 1]), [2, 3])).toBeUndefined();
    expect(overLastAxis(constant([1]), [])).toEqual(Float32Array.of(1));
  });
});
