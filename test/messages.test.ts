import { describe, expect, it } from 'vitest';
import { describe as describeValue, didYouMean, listNames, looksLike, quote, spellingOf } from '../lib/messages.ts';

it.each<[value: unknown, words: string]>([
  [undefined, 'nothing'],
  [null, 'null'],
  ['a', "the string 'a'"],
  [Number.NaN, 'the number NaN'],
  [5n, 'the bigint 5'],
  [true, 'true'],
  [[1, 2], 'an array of 2'],
  [() => 1, 'a function'],
  [Symbol('s'), 'a symbol'],
  [{}, 'an object'],
  [Object.create(null), 'an object'],
  [new Map(), 'a Map'],
  [new ArrayBuffer(4), 'an ArrayBuffer'],
  [Float32Array.of(1, 2), 'a Float32Array of 2'],
  [Int8Array.of(1), 'an Int8Array of 1'],
  [Uint8Array.of(1), 'a Uint8Array of 1'],
  [new DataView(new ArrayBuffer(4)), 'a DataView'],
])('describes %o as %s', (value, words) => {
  expect(describeValue(value)).toBe(words);
});

it('describes what does not want to be described', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const tagged = { [Symbol.toStringTag]: 'x'.repeat(1e6) };
  const throwing = Object.defineProperty({}, Symbol.toStringTag, {
    get: () => {
      throw new Error();
    },
  });
  expect(describeValue(proxy)).toBe('an object that cannot be inspected');
  expect(describeValue(throwing)).toBe('an object that cannot be inspected');
  expect(describeValue(tagged)).toMatch(/^a x{45}…x{14}$/);
  expect(describeValue(10n ** 1_000_000n)).toBe('a bigint of many digits');
  expect(describeValue(-(10n ** 100n))).toBe('a bigint of many digits');
});

it('quotes what is invisible and cuts what is long', () => {
  expect(quote('a\n"b"\0')).toBe('\'a\\n"b"\\u0000\'');
  expect(quote('x'.repeat(1000))).toHaveLength(120);
  expect(quote(`${'a'.repeat(1000)}z`)).toMatch(/^'a{88}…a{28}z'$/);
  expect(quote('\u202e\u200b\r\n  \ud83d \u{e0001} 😀')).toBe("'\\u202e\\u200b\\r\\n  \\ud83d \\u{e0001} 😀'");
});

it('lists names up to a count', () => {
  expect(listNames(['a', 'b'])).toBe("'a', 'b'");
  expect(listNames(['a', 'b', 'c'], 2)).toBe("'a', 'b' and 1 more");
});

it('guesses what was meant, or nothing', () => {
  expect(didYouMean('Weigth', ['height', 'weight', 'bias'])).toBe("; did you mean 'weight'?");
  expect(didYouMean('x', ['y'])).toBe("; did you mean 'y'?");
  expect(didYouMean('kernel', ['bias'])).toBe('');
});

describe('names that look like another', () => {
  it.each([
    ['Age', 'age'],
    ['age ', 'age'],
    ['fare_', 'fare'],
    ['sepal length (cm)', 'sepal_length_cm'],
    ['température', 'temperature'],
    ['incomes', 'income'],
    ['occupatoin', 'occupation'],
    ['agee', 'age'],
    ['long', 'lon'],
  ])('are %j and %j', (a, b) => {
    const [one, other] = [spellingOf(a), spellingOf(b)];
    expect([looksLike(one, other), looksLike(other, one)]).toEqual([true, true]);
  });

  it.each([
    ['age', 'wage'],
    ['id', 'is'],
    ['id', 'ids'],
    ['lag', 'lag1'],
    ['lag_1', 'lag_2'],
    ['sex', 'set'],
    ['_', '-'],
    ['name', 'income'],
  ])('are not %j and %j', (a, b) => {
    const [one, other] = [spellingOf(a), spellingOf(b)];
    expect([looksLike(one, other), looksLike(other, one)]).toEqual([false, false]);
  });
});
