/** The rules of casts, by what the frameworks gave on x86 (see docs/special-values.md). */
import { describe, expect, it } from 'vitest';
import { type CastRule, castSteps, greatestFloat, holdsBelow } from '../../lib/formats/casts.ts';
import { cast } from '../../lib/formats/tensors/fold.ts';
import { type ElementType, literal } from '../../lib/formats/tensors/value.ts';

function casted(rule: CastRule, from: ElementType, to: ElementType, values: readonly number[]): number[] {
  return Array.from(cast(literal(from, values), to, rule).data);
}

const RULES: readonly CastRule[] = ['wrap', 'tensorflow', 'tflite', 'tfjs'];

describe('a cast', () => {
  it.each(RULES)('of %s cuts fractions towards zero, leaves no −0, and takes anything but 0 for true', (rule) => {
    for (const type of ['int8', 'int16', 'int32', 'int64'] as const) {
      expect(casted(rule, 'float32', type, [0.75, -0.75, -0, 2.5, -2.5, 127])).toEqual([0, 0, 0, 2, -2, 127]);
    }
    expect(casted(rule, 'float32', 'uint8', [0.75, 254.5, 0])).toEqual([0, 254, 0]);
    expect(casted(rule, 'float32', 'bool', [0, -0, 0.1, -3, Number.NaN, Infinity])).toEqual([0, 0, 1, 1, 1, 1]);
  });

  it.each(RULES)('of %s between integers keeps the low bits', (rule) => {
    expect(casted(rule, 'int32', 'int8', [300, -129, 128, -1])).toEqual([44, 127, -128, -1]);
    expect(casted(rule, 'int64', 'uint8', [300, -1, 256])).toEqual([44, 255, 0]);
    expect(casted(rule, 'int64', 'int32', [2 ** 31, 2 ** 32 + 9, -(2 ** 31) - 1])).toEqual([
      -(2 ** 31),
      9,
      2 ** 31 - 1,
    ]);
    expect(casted(rule, 'int8', 'uint16', [-1])).toEqual([65535]);
    expect(castSteps('uint8', 'int16', rule)).toEqual([]);
    expect(castSteps('bool', 'int8', rule)).toEqual([]);
  });

  const outside = [128, -129, 300, 70000, 2 ** 31, -Infinity, Infinity, Number.NaN];
  it.each<[CastRule, ElementType, readonly number[]]>([
    ['wrap', 'int8', [-128, 127, 44, 112, 0, 0, 0, 0]],
    ['wrap', 'uint8', [128, 127, 44, 112, 0, 0, 0, 0]],
    ['wrap', 'uint16', [128, 65407, 300, 4464, 0, 0, 0, 0]],
    ['tensorflow', 'int8', [127, -128, 127, 127, -128, -128, -128, -128]],
    ['tensorflow', 'uint8', [128, 0, 255, 255, 0, 0, 0, 0]],
    ['tflite', 'int8', [127, -128, 127, 127, -128, -128, -128, -128]],
    ['tflite', 'uint8', [128, 0, 255, 255, 255, 0, 255, 0]],
    ['tflite', 'int16', [128, -129, 300, 32767, 32767, -32768, 32767, 0]],
    ['tfjs', 'uint8', [128, 127, 44, 112, 0, 0, 0, 0]],
  ])('of %s to %s takes what lies outside as the framework does', (rule, type, expected) => {
    expect(casted(rule, 'float32', type, outside)).toEqual(expected);
  });

  const least = -(2 ** 31);
  it.each<[CastRule, readonly number[]]>([
    ['wrap', [least, least, least, least, 16777218]],
    ['tensorflow', [least, least, least, least, 16777218]],
    ['tflite', [2 ** 31 - 1, 2 ** 31 - 1, least, 2 ** 31 - 1, 16777218]],
    ['tfjs', [least, 0, 0, 0, 16777218]],
  ])('of %s to int32 takes 2^31, ∞, −∞ and NaN as the framework does', (rule, expected) => {
    const values = [2 ** 31, Infinity, -Infinity, Number.NaN, 16777218.5];
    expect(casted(rule, 'float64', 'int32', values)).toEqual(expected);
  });

  it('to int64 gives −2^63 for what does not fit, and to uint32 goes by way of it', () => {
    const values = [2 ** 63, -(2 ** 64), Infinity, Number.NaN, -1];
    expect(casted('wrap', 'float64', 'int64', values)).toEqual([...values.slice(0, 4).map(() => -(2 ** 63)), -1]);
    expect(casted('wrap', 'float64', 'uint32', [-1, 2 ** 32 + 5, 2 ** 63])).toEqual([2 ** 32 - 1, 5, 0]);
  });

  it('to half precision rounds to even, and to infinity beyond the range', () => {
    const ties = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, -1e9, 2 ** -25, 3 * 2 ** -26, Number.NaN];
    expect(casted('wrap', 'float32', 'float16', ties)).toEqual([
      ...[1, 1 + 2 ** -9, 65504, Infinity, -Infinity, 0, 2 ** -24, Number.NaN],
    ]);
    expect(casted('wrap', 'float32', 'bfloat16', [1 + 2 ** -8, 1 + 3 * 2 ** -8, 65519])).toEqual([
      1,
      1 + 2 ** -6,
      65536,
    ]);
    expect(castSteps('float16', 'float32', 'wrap')).toEqual([]);
    expect(castSteps('int16', 'float32', 'wrap')).toEqual([]);
    expect(casted('wrap', 'float64', 'float32', [0.1, 1e39, 16777217])).toEqual([Math.fround(0.1), Infinity, 16777216]);
  });

  it('knows which integers a type holds', () => {
    expect([holdsBelow('int8', 128), holdsBelow('int8', 129), holdsBelow('float16', 2049)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([greatestFloat('float16'), greatestFloat('float64'), greatestFloat('int8')]).toEqual([
      ...[65504, Number.MAX_VALUE, Infinity],
    ]);
  });
});
