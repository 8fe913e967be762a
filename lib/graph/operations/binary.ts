/** Element-wise functions of two values. Logic takes any non-zero as true. */
import { type ElementwiseEntry, namesOf } from './entry.ts';

export interface BinaryEntry extends ElementwiseEntry {
  /** The reference in float64. The kernel defines the results of models. */
  readonly evaluate: (a: number, b: number) => number;
  /** The positions of the operands whose last bit may decide the result: see simplify/steps.ts. */
  readonly steps?: readonly number[];
  /** For integers, the result may have more digits than both operands. */
  readonly grows?: true;
}

const entries = {
  add: { number: 0, kernel: 'often', roundedOnce: true, grows: true, evaluate: (a, b) => a + b },
  sub: { number: 1, kernel: 'often', roundedOnce: true, grows: true, evaluate: (a, b) => a - b },
  mul: { number: 2, kernel: 'often', roundedOnce: true, grows: true, evaluate: (a, b) => a * b },
  div: { number: 3, kernel: 'seldom', roundedOnce: true, partial: true, steps: [1], evaluate: (a, b) => a / b },
  // Of two zeros, the second one, as in the engine.
  min: {
    number: 4,
    kernel: 'seldom',
    formula: 'NaN if either is',
    roundedOnce: true,
    evaluate: (a, b) => (Number.isNaN(a) || a < b ? a : b),
  },
  max: {
    number: 5,
    kernel: 'seldom',
    formula: 'NaN if either is',
    roundedOnce: true,
    evaluate: (a, b) => (Number.isNaN(a) || a > b ? a : b),
  },
  // IEEE 754 defines 1 where JavaScript returns NaN.
  pow: {
    number: 6,
    kernel: 'seldom',
    formula: 'a^b',
    partial: true,
    steps: [0],
    grows: true,
    evaluate: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  },
  prelu: {
    number: 7,
    kernel: 'seldom',
    formula: 'a < 0 ? a·b : a',
    roundedOnce: true,
    evaluate: (a, b) => (a < 0 ? a * b : a),
  },
  equal: {
    number: 8,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number(a === b),
  },
  less: {
    number: 9,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number(a < b),
  },
  less_equal: {
    number: 10,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number(a <= b),
  },
  greater: {
    number: 11,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number(a > b),
  },
  greater_equal: {
    number: 12,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number(a >= b),
  },
  and: {
    number: 13,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number(a !== 0 && b !== 0),
  },
  or: {
    number: 14,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number(a !== 0 || b !== 0),
  },
  xor: {
    number: 15,
    kernel: 'seldom',
    gives: 'truth',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => Number((a !== 0) !== (b !== 0)),
  },
  fmod: {
    number: 16,
    kernel: 'seldom',
    formula: 'a − b·trunc(a/b), exactly: with the sign of a',
    roundedOnce: true,
    steps: [0, 1],
    evaluate: (a, b) => a % b,
  },
  atan2: {
    number: 17,
    kernel: 'doubled',
    formula: 'the angle of the point (b, a), from −π to π, zeros with their signs',
    steps: [0, 1],
    evaluate: Math.atan2,
  },
} satisfies Record<string, BinaryEntry>;

/** An element-wise function of two values. @inline */
export type BinaryName = keyof typeof entries;
export const BINARY: Readonly<Record<BinaryName, BinaryEntry>> = entries;
export const BINARY_NAMES = namesOf(BINARY);
