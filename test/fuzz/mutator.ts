/** What a mutator is: it makes a file that is a little different. */
import type { Random } from '../random-graph.ts';

/**
 * Gives a changed copy of `bytes`, or undefined where they are not what this mutator knows. `other` is another file of
 * the corpus to take parts from. The same random numbers make the same change.
 */
export type Mutator = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array | undefined;

/** Where code goes wrong: around zero, and at the ends of what integers of each size hold. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 16, 32, 63, 64, 65, 127, 128, 255, 256, 1000, 32767, 65535, 65536, 120_000].concat(
  [20, 24, 25, 28, 30, 31, 32, 53, 62, 63, 64].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]),
);
const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  1e-40,
  3.4e38,
  1e39,
  Number.MAX_VALUE,
  -1e300,
  2 ** 53,
];

/** An integer worth trying in place of `value`: an edge, one beside it, its half, its double, its negative. */
export function integerNear(value: number, random: Random): number {
  const near = [value - 1, value + 1, value * 2, Math.trunc(value / 2), -value, value ^ (1 << random.below(31))];
  const edge = random.pick(EDGES);
  return random.below(2) === 0 ? random.pick(near) : random.below(4) === 0 ? -edge : edge;
}

export function floatNear(value: number, random: Random): number {
  return random.below(2) === 0 ? random.pick(FLOATS) : value * random.pick([2, -1, 1e6, 1e-6, 1 + 1e-7]);
}

/** What is made by repeating stays below this, in bytes. */
const MOST_REPEATED = 2 ** 15;

/**
 * How often something of `size` bytes is repeated: mostly a few times, now and then as often as makes show what is not linear.
 */
export function repeats(size: number, random: Random): number {
  const often = random.below(16) === 0 ? 2 ** (4 + random.below(9)) : 1 + random.below(4);
  return Math.min(often, Math.ceil(MOST_REPEATED / Math.max(1, size)));
}

/** Where a part of `length` places begins and ends. */
export function stretch(length: number, random: Random): readonly [start: number, end: number] {
  const start = random.below(length);
  const longest = random.below(3) === 0 ? length - start : Math.min(16, length - start);
  return [start, start + 1 + random.below(longest)];
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
