import { expect, test } from 'vitest';
import { widenBfloat16, widenFloat16 } from '../../../lib/formats/containers/half.ts';

const EVERY = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

/** By the definition: (−1)^sign · 2^(exponent − bias) · 1.fraction. */
function definedValue(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

test.each([
  ['float16', widenFloat16, 5],
  ['bfloat16', widenBfloat16, 8],
] as const)('widens every %s to its own value', (_, widen, exponentBits) => {
  const wrong = [...widen(EVERY)].findIndex((value, bits) => !Object.is(value, definedValue(bits, exponentBits)));
  expect(wrong).toBe(-1);
});
