/** Element-wise functions of one value. Angles are in radians. `alpha` and `beta` default to 0. */
import { type ElementwiseEntry, namesOf } from './entry.ts';
import { clip, erf, erfc, narrow, roundEven, sigmoid, softplus, squareplus, wrap } from './special.ts';

export interface UnaryEntry extends ElementwiseEntry {
  /** The reference in float64, with which JavaScript folds constants. The kernel defines the results of models. */
  readonly evaluate: (x: number, alpha: number, beta: number) => number;
  /** Which of alpha and beta it uses. */
  readonly parameters?: readonly ['alpha'] | readonly ['alpha', 'beta'];
  /** What is wrong with these parameters; undefined if they are valid. */
  readonly refuses?: (alpha: number, beta: number) => string | undefined;
  /** Whether a last bit of x may decide the result: at a jump, a pole, the edge of its domain. See simplify/steps.ts. */
  readonly step?: true;
  /** Does not change integers. */
  readonly keepsWhole?: true;
  /** Casts of formats/casts.ts are not activations. */
  readonly cast?: true;
}

const entries = {
  relu: { number: 0, kernel: 'often', formula: 'x < 0 ? 0 : x', roundedOnce: true, evaluate: (x) => (x < 0 ? 0 : x) },
  leaky_relu: {
    number: 1,
    kernel: 'often',
    formula: 'x < 0 ? alpha·x : x',
    parameters: ['alpha'],
    roundedOnce: true,
    evaluate: (x, alpha) => (x < 0 ? alpha * x : x),
  },
  thresholded_relu: {
    number: 2,
    kernel: 'seldom',
    formula: 'x ≤ alpha ? 0 : x',
    parameters: ['alpha'],
    roundedOnce: true,
    step: true,
    evaluate: (x, alpha) => (x <= alpha ? 0 : x),
  },
  threshold: {
    number: 3,
    kernel: 'seldom',
    formula: 'x ≤ alpha ? beta : x',
    parameters: ['alpha', 'beta'],
    roundedOnce: true,
    step: true,
    evaluate: (x, alpha, beta) => (x <= alpha ? beta : x),
  },
  elu: {
    number: 4,
    kernel: 'single',
    formula: 'x < 0 ? alpha·(e^x − 1) : x',
    parameters: ['alpha'],
    evaluate: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  },
  selu: {
    number: 5,
    kernel: 'single',
    formula: 'beta·(x < 0 ? alpha·(e^x − 1) : x)',
    parameters: ['alpha', 'beta'],
    evaluate: (x, alpha, beta) => beta * (x < 0 ? alpha * Math.expm1(x) : x),
  },
  celu: {
    number: 6,
    kernel: 'seldom',
    formula: 'x < 0 ? alpha·(e^(x/alpha) − 1) : x',
    parameters: ['alpha'],
    refuses: dividesBy('celu'),
    evaluate: (x, alpha) => (x < 0 ? alpha * Math.expm1(x / alpha) : x),
  },
  gelu: {
    number: 7,
    kernel: 'single',
    formula: 'x·Φ(x), Φ the normal distribution, by erf',
    evaluate: (x) => 0.5 * x * erfc(-x * Math.SQRT1_2),
  },
  gelu_tanh: {
    number: 8,
    kernel: 'single',
    formula: 'x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))',
    evaluate: (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)),
  },
  quick_gelu: {
    number: 9,
    kernel: 'single',
    formula: 'x·sigmoid(alpha·x)',
    parameters: ['alpha'],
    evaluate: (x, alpha) => x * sigmoid(alpha * x),
  },
  silu: { number: 10, kernel: 'single', formula: 'x·sigmoid(x)', evaluate: (x) => x * sigmoid(x) },
  mish: { number: 11, kernel: 'single', formula: 'x·tanh(softplus(x))', evaluate: (x) => x * Math.tanh(softplus(x)) },
  sigmoid: { number: 12, kernel: 'often', formula: '1/(1 + e^−x)', gives: 'positive', evaluate: sigmoid },
  log_sigmoid: { number: 13, kernel: 'seldom', formula: '−log(1 + e^−x)', evaluate: (x) => -softplus(-x) },
  hard_sigmoid: {
    number: 14,
    kernel: 'single',
    formula: 'min(max(alpha·x + beta, 0), 1)',
    parameters: ['alpha', 'beta'],
    evaluate: (x, alpha, beta) => clip(alpha * x + beta, 0, 1),
  },
  hard_swish: {
    number: 15,
    kernel: 'single',
    formula: 'x·min(max(x/6 + 1/2, 0), 1)',
    evaluate: (x) => x * clip(x / 6 + 0.5, 0, 1),
  },
  clip: {
    number: 16,
    kernel: 'often',
    formula: 'min(max(x, alpha), beta); relu6 is clip(0, 6), hard tanh clip(−1, 1)',
    parameters: ['alpha', 'beta'],
    roundedOnce: true,
    evaluate: clip,
  },
  tanh: { number: 17, kernel: 'often', evaluate: Math.tanh },
  tanh_shrink: { number: 18, kernel: 'seldom', formula: 'x − tanh(x)', evaluate: (x) => x - Math.tanh(x) },
  hard_shrink: {
    number: 19,
    kernel: 'seldom',
    formula: '|x| ≤ alpha ? 0 : x',
    parameters: ['alpha'],
    roundedOnce: true,
    step: true,
    evaluate: (x, alpha) => (Math.abs(x) <= alpha ? 0 : x),
  },
  soft_shrink: {
    number: 20,
    kernel: 'seldom',
    formula: 'x > alpha ? x − beta : x < −alpha ? x + beta : 0; NaN stays NaN',
    parameters: ['alpha', 'beta'],
    roundedOnce: true,
    step: true,
    evaluate: (x, alpha, beta) => (x > alpha ? x - beta : x < -alpha ? x + beta : Number.isNaN(x) ? x : 0),
  },
  softplus: {
    number: 21,
    kernel: 'single',
    formula: 'log(1 + e^(alpha·x))/alpha',
    parameters: ['alpha'],
    refuses: dividesBy('softplus'),
    evaluate: (x, alpha) => softplus(alpha * x) / alpha,
  },
  softsign: { number: 22, kernel: 'seldom', formula: 'x/(1 + |x|)', evaluate: (x) => x / (1 + Math.abs(x)) },
  squareplus: {
    number: 23,
    kernel: 'seldom',
    formula: '(x + √(x² + alpha))/2',
    parameters: ['alpha'],
    evaluate: squareplus,
  },
  sparse_plus: {
    number: 24,
    kernel: 'seldom',
    formula: 'x ≤ −1 ? 0 : x ≥ 1 ? x : (x + 1)²/4',
    evaluate: (x) => (x <= -1 ? 0 : x >= 1 ? x : (x + 1) ** 2 / 4),
  },
  exp: { number: 25, kernel: 'often', gives: 'positive', partial: true, evaluate: Math.exp },
  expm1: { number: 26, kernel: 'seldom', formula: 'e^x − 1', partial: true, evaluate: Math.expm1 },
  log: { number: 27, kernel: 'seldom', partial: true, step: true, evaluate: Math.log },
  log1p: { number: 28, kernel: 'seldom', formula: 'log(1 + x)', partial: true, step: true, evaluate: Math.log1p },
  erf: { number: 29, kernel: 'seldom', evaluate: erf },
  erfc: { number: 61, since: 5, kernel: 'doubled', formula: '1 − erf(x), which does not cancel', evaluate: erfc },
  abs: { number: 30, kernel: 'seldom', gives: 'positive', roundedOnce: true, evaluate: Math.abs },
  neg: { number: 31, kernel: 'seldom', roundedOnce: true, evaluate: (x) => -x },
  sqrt: { number: 32, kernel: 'seldom', roundedOnce: true, partial: true, step: true, evaluate: Math.sqrt },
  square: { number: 33, kernel: 'seldom', gives: 'positive', roundedOnce: true, partial: true, evaluate: (x) => x * x },
  reciprocal: {
    number: 34,
    kernel: 'seldom',
    formula: '1/x',
    roundedOnce: true,
    partial: true,
    step: true,
    evaluate: (x) => 1 / x,
  },
  floor: { number: 35, kernel: 'seldom', roundedOnce: true, step: true, keepsWhole: true, evaluate: Math.floor },
  ceil: { number: 36, kernel: 'seldom', roundedOnce: true, step: true, keepsWhole: true, evaluate: Math.ceil },
  round: {
    number: 37,
    kernel: 'seldom',
    formula: 'rounds to the nearest integer, ties to even',
    roundedOnce: true,
    step: true,
    keepsWhole: true,
    evaluate: roundEven,
  },
  trunc: { number: 38, kernel: 'seldom', roundedOnce: true, step: true, keepsWhole: true, evaluate: Math.trunc },
  sign: {
    number: 39,
    kernel: 'seldom',
    formula: '−1, 0, 1; NaN stays NaN',
    roundedOnce: true,
    step: true,
    evaluate: (x) => (x > 0 ? 1 : x < 0 ? -1 : x + 0),
  },
  not: {
    number: 40,
    kernel: 'seldom',
    formula: 'x == 0 ? 1 : 0',
    gives: 'truth',
    roundedOnce: true,
    step: true,
    evaluate: (x) => Number(x === 0),
  },
  to_bool: {
    number: 41,
    kernel: 'seldom',
    formula: 'x == 0 ? 0 : 1',
    gives: 'truth',
    roundedOnce: true,
    step: true,
    evaluate: (x) => Number(x !== 0),
  },
  is_nan: {
    number: 42,
    kernel: 'seldom',
    formula: '1 or 0',
    gives: 'truth',
    roundedOnce: true,
    evaluate: (x) => Number(Number.isNaN(x)),
  },
  is_inf: {
    number: 43,
    kernel: 'seldom',
    formula: 'x = +∞ and alpha ≠ 0, or x = −∞ and beta ≠ 0: 1, otherwise 0',
    parameters: ['alpha', 'beta'],
    gives: 'truth',
    roundedOnce: true,
    evaluate: (x, alpha, beta) => Number((x === Infinity && alpha !== 0) || (x === -Infinity && beta !== 0)),
  },
  to_integer: {
    number: 44,
    kernel: 'seldom',
    formula: '−alpha ≤ trunc(x) < alpha ? trunc(x) : −alpha, NaN too; never −0',
    parameters: ['alpha'],
    gives: 'finite',
    step: true,
    keepsWhole: true,
    cast: true,
    evaluate: (x, alpha) => (Math.trunc(x) >= -alpha && Math.trunc(x) < alpha ? Math.trunc(x) + 0 : -alpha),
  },
  wrap: {
    number: 45,
    kernel: 'seldom',
    formula: 'trunc(x) + n·(beta − alpha) with the integer n that puts it into [alpha, beta); NaN, ±∞ give 0',
    parameters: ['alpha', 'beta'],
    gives: 'finite',
    step: true,
    cast: true,
    refuses: (alpha, beta) =>
      alpha < beta ? undefined : `expected the range of wrap to begin below its end, found ${alpha} and ${beta}`,
    evaluate: wrap,
  },
  narrow: {
    number: 46,
    kernel: 'seldom',
    formula: 'rounds to the nearest float that has alpha steps between powers of two and is at most beta, ties to even',
    parameters: ['alpha', 'beta'],
    step: true,
    cast: true,
    refuses: (alpha, beta) =>
      alpha > 0 && beta > 0
        ? undefined
        : `expected alpha and beta of narrow to be positive, found ${alpha} and ${beta}`,
    evaluate: narrow,
  },
  sin: { number: 47, kernel: 'doubled', formula: 'NaN for ±∞, like cos and tan', evaluate: Math.sin },
  cos: { number: 48, kernel: 'doubled', evaluate: Math.cos },
  tan: { number: 49, kernel: 'doubled', step: true, evaluate: Math.tan },
  asin: {
    number: 50,
    kernel: 'doubled',
    formula: 'from −π/2 to π/2; NaN beyond ±1',
    partial: true,
    step: true,
    evaluate: Math.asin,
  },
  acos: {
    number: 51,
    kernel: 'doubled',
    formula: 'from 0 to π; NaN beyond ±1',
    partial: true,
    step: true,
    evaluate: Math.acos,
  },
  atan: { number: 52, kernel: 'doubled', formula: 'from −π/2 to π/2', evaluate: Math.atan },
  sinh: { number: 53, kernel: 'doubled', partial: true, evaluate: Math.sinh },
  cosh: { number: 54, kernel: 'doubled', partial: true, evaluate: Math.cosh },
  asinh: { number: 55, kernel: 'doubled', evaluate: Math.asinh },
  acosh: { number: 56, kernel: 'doubled', formula: 'NaN below 1', partial: true, step: true, evaluate: Math.acosh },
  atanh: {
    number: 57,
    kernel: 'doubled',
    formula: '±∞ of ±1, NaN beyond',
    partial: true,
    step: true,
    evaluate: Math.atanh,
  },
  log2: { number: 58, kernel: 'doubled', partial: true, step: true, evaluate: Math.log2 },
  log10: { number: 59, kernel: 'doubled', partial: true, step: true, evaluate: Math.log10 },
  cbrt: { number: 60, kernel: 'doubled', formula: 'the cube root, also of negative x', evaluate: Math.cbrt },
} satisfies Record<string, UnaryEntry>;

/** An element-wise function of one value. @inline */
export type UnaryName = keyof typeof entries;
export const UNARY: Readonly<Record<UnaryName, UnaryEntry>> = entries;
export const UNARY_NAMES = namesOf(UNARY);

function dividesBy(fn: string) {
  return (alpha: number) => (alpha === 0 ? `alpha of ${fn} must not be 0: the function divides by it` : undefined);
}
