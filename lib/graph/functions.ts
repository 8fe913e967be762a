/**
 * The functions of one and two numbers and the reductions, in float64: what constant folding computes with.
 * The engine's kernels define the results of models; these agree with them to the last few bits.
 */
import type { BinaryName, ReduceName, SoftmaxName, UnaryName } from './graph.ts';

export const UNARY_FUNCTIONS: Record<UnaryName, (x: number, alpha: number, beta: number) => number> = {
  relu: (x) => (x < 0 ? 0 : x),
  leaky_relu: (x, alpha) => (x < 0 ? alpha * x : x),
  thresholded_relu: (x, alpha) => (x <= alpha ? 0 : x),
  threshold: (x, alpha, beta) => (x <= alpha ? beta : x),
  elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  selu: (x, alpha, beta) => beta * (x < 0 ? alpha * Math.expm1(x) : x),
  celu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x / alpha) : x),
  gelu: (x) => 0.5 * x * erfc(-x * Math.SQRT1_2),
  gelu_tanh: (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)),
  quick_gelu: (x, alpha) => x * sigmoid(alpha * x),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  sigmoid,
  log_sigmoid: (x) => -softplus(-x),
  hard_sigmoid: (x, alpha, beta) => clip(alpha * x + beta, 0, 1),
  hard_swish: (x) => x * clip(x / 6 + 0.5, 0, 1),
  clip,
  tanh: Math.tanh,
  tanh_shrink: (x) => x - Math.tanh(x),
  hard_shrink: (x, alpha) => (Math.abs(x) <= alpha ? 0 : x),
  soft_shrink: (x, alpha, beta) => (x > alpha ? x - beta : x < -alpha ? x + beta : Number.isNaN(x) ? x : 0),
  softplus: (x, alpha) => softplus(alpha * x) / alpha,
  softsign: (x) => x / (1 + Math.abs(x)),
  squareplus,
  sparse_plus: (x) => (x <= -1 ? 0 : x >= 1 ? x : (x + 1) ** 2 / 4),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  erf,
  abs: Math.abs,
  neg: (x) => -x,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundEven,
  trunc: Math.trunc,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x + 0),
  not: (x) => Number(x === 0),
  to_bool: (x) => Number(x !== 0),
  is_nan: (x) => Number(Number.isNaN(x)),
  is_inf: (x, alpha, beta) => Number((x === Infinity && alpha !== 0) || (x === -Infinity && beta !== 0)),
  to_integer: (x, alpha) => (Math.trunc(x) >= -alpha && Math.trunc(x) < alpha ? Math.trunc(x) + 0 : -alpha),
  wrap,
  narrow,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  log2: Math.log2,
  log10: Math.log10,
  cbrt: Math.cbrt,
};

export const BINARY_FUNCTIONS: Record<BinaryName, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  // Of two zeros the second, as the engine has it.
  min: (a, b) => (Number.isNaN(a) || a < b ? a : b),
  max: (a, b) => (Number.isNaN(a) || a > b ? a : b),
  // IEEE 754 has 1 where JavaScript has NaN.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  prelu: (a, b) => (a < 0 ? a * b : a),
  equal: (a, b) => Number(a === b),
  less: (a, b) => Number(a < b),
  less_equal: (a, b) => Number(a <= b),
  greater: (a, b) => Number(a > b),
  greater_equal: (a, b) => Number(a >= b),
  and: (a, b) => Number(a !== 0 && b !== 0),
  or: (a, b) => Number(a !== 0 || b !== 0),
  xor: (a, b) => Number((a !== 0) !== (b !== 0)),
  fmod: (a, b) => a % b,
  atan2: Math.atan2,
};

export const REDUCE_FUNCTIONS: Record<ReduceName, (values: Float64Array) => number> = {
  sum,
  mean: (values) => sum(values) / values.length,
  max: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  min: (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  prod: (values) => values.reduce((a, b) => a * b, 1),
  l1: (values) => sum(values, Math.abs),
  l2: (values) => Math.sqrt(sum(values, square)),
  sum_square: (values) => sum(values, square),
  log_sum: (values) => Math.log(sum(values)),
  log_sum_exp: logSumExp,
  arg_max: (values) => place(values, isMore, 'wins'),
  arg_min: (values) => place(values, isLess, 'wins'),
  arg_max_last: (values) => place(values, isMore, 'wins', true),
  arg_min_last: (values) => place(values, isLess, 'wins', true),
  arg_max_number: (values) => place(values, isMore, 'ignored'),
  arg_min_number: (values) => place(values, isLess, 'ignored'),
  arg_max_scan: (values) => place(values, isMore, 'scanned'),
  arg_min_scan: (values) => place(values, isLess, 'scanned'),
  arg_max_last_scan: (values) => place(values, isMore, 'scanned', true),
  arg_min_last_scan: (values) => place(values, isLess, 'scanned', true),
  sum_float32: (values) => values.subarray(1).reduce((total, value) => Math.fround(total + value), values[0]),
  sum_in_order: (values) => values.subarray(1).reduce((total, value) => total + value, values[0]),
};

export const SOFTMAX_FUNCTIONS: Record<SoftmaxName, (values: Float64Array) => Float64Array> = {
  softmax(values) {
    const total = logSumExp(values);
    return values.map((value) => Math.exp(value - total));
  },
  log_softmax(values) {
    const total = logSumExp(values);
    return values.map((value) => value - total);
  },
  sparsemax,
};

/** From the greatest down, each value that still lies above the threshold that it would give joins the support. */
function sparsemax(values: Float64Array): Float64Array {
  const greatest = REDUCE_FUNCTIONS.max(values);
  let [total, threshold] = [0, Number.NaN];
  for (const [at, value] of values.toSorted().reverse().entries()) {
    total += value - greatest;
    const next = (total - 1) / (at + 1);
    if (!(value - greatest > next)) break;
    threshold = next;
  }
  return values.map((value) => Math.max(value - greatest - threshold, 0));
}

/** Wu, Lin and Weng's second method, as libsvm has it: see native/couple.h. */
export function coupled(pairs: Float64Array): Float64Array {
  const count = (1 + Math.sqrt(1 + 8 * pairs.length)) / 2;
  const classes = Array.from({ length: count }, (_, i) => i);
  const pair = (i: number, j: number) => pairs[(i * (2 * count - i - 1)) / 2 + (j - i - 1)];
  const within = (i: number, j: number) => (i < j ? pair(i, j) : 1 - pair(j, i));
  const diagonal = classes.map((t) =>
    sum(Float64Array.from(classes, (j) => (j === t ? 0 : within(j, t) * within(j, t)))),
  );
  const entry = (t: number, j: number) => (j === t ? diagonal[t] : -within(j, t) * within(t, j));
  const p = new Float64Array(count).fill(1 / count);
  for (let round = 0; round < Math.max(100, count); round++) {
    const q = Float64Array.from(classes, (t) => sum(Float64Array.from(classes, (j) => entry(t, j) * p[j])));
    let total = sum(Float64Array.from(classes, (t) => p[t] * q[t]));
    if (q.every((each) => Math.abs(each - total) < 0.005 / count)) break;
    for (const t of classes) {
      const difference = (-q[t] + total) / diagonal[t];
      p[t] += difference;
      total = (total + difference * (difference * diagonal[t] + 2 * q[t])) / (1 + difference) / (1 + difference);
      for (const j of classes) {
        q[j] = (q[j] + difference * entry(t, j)) / (1 + difference);
        p[j] /= 1 + difference;
      }
    }
  }
  return p;
}

function logSumExp(values: Float64Array): number {
  const greatest = REDUCE_FUNCTIONS.max(values);
  if (!Number.isFinite(greatest)) return greatest;
  return greatest + Math.log(sum(values, (value) => Math.exp(value - greatest)));
}

function sum(values: Float64Array, of: (value: number) => number = (value) => value): number {
  let total = 0;
  for (const value of values) total += of(value);
  return total;
}

function square(x: number): number {
  return x * x;
}

type Beats = (value: number, best: number) => boolean;

const isMore: Beats = (value, best) => value > best;
const isLess: Beats = (value, best) => value < best;

/** The first index that none beats, or the last. What NaN is to it: see REDUCE_NAMES. */
function place(values: Float64Array, beats: Beats, nan: 'wins' | 'ignored' | 'scanned', last = false): number {
  let at = 0;
  let best = nan === 'ignored' ? (beats(1, 0) ? -Infinity : Infinity) : values[0];
  for (let i = nan === 'ignored' ? 0 : 1; i < values.length; i++) {
    const wins = nan === 'wins' && Number.isNaN(values[i]) && (last || !Number.isNaN(best));
    if (!beats(values[i], best) && !wins && !(last && values[i] === best)) continue;
    [at, best] = [i, values[i]];
  }
  return at;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** For negative x multiplied out, so that nothing cancels. */
function squareplus(x: number, alpha: number): number {
  const root = Math.sqrt(x * x + alpha);
  return x < 0 && alpha !== 0 ? alpha / (root - x) / 2 : (x + root) / 2;
}

/** A zero keeps its sign between bounds that are zeros. */
function clip(x: number, low: number, high: number): number {
  const raised = low > x ? low : x;
  return high < raised ? high : raised;
}

function roundEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  const even = below % 2 === 0 ? below : below + 1;
  return x < 0 ? -Math.abs(even) : even;
}

/** The remainder is exact; what puts it into the range is so too where the result can be held at all. */
function wrap(x: number, alpha: number, beta: number): number {
  if (!Number.isFinite(x)) return 0;
  const modulus = beta - alpha;
  const rest = Math.trunc(x) % modulus;
  return (rest < alpha ? rest + modulus : rest >= beta ? rest - modulus : rest) + 0;
}

/** The least that has all its bits is 4/beta as a power of two; below it the steps grow no smaller. */
function narrow(x: number, alpha: number, beta: number): number {
  const size = Math.abs(x);
  if (!(size < Infinity)) return x;
  if (size > 2 * beta) return Math.sign(x) * Infinity;
  const binade = Math.max(powerBelow(size), 2 / powerBelow(beta));
  const above = binade * (2 ** 52 / alpha);
  const rounded = size + above - above;
  const result = rounded > beta ? Infinity : rounded;
  return x < 0 || Object.is(x, -0) ? -result : result;
}

/** The greatest power of two that is at most x; 0 for 0. */
function powerBelow(x: number): number {
  if (x === 0) return 0;
  const power = 2 ** Math.floor(Math.log2(x));
  return power > x ? power / 2 : power;
}

/** By its series of positive terms, e^−x²·2/√π·Σ 2ⁿx²ⁿ⁺¹/(2n+1)!!, where that is short; else by {@link erfc}. */
function erf(x: number): number {
  if (Math.abs(x) >= 2) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** 1 − erf(x), to full relative precision for positive x: Laplace's continued fraction, from its end. */
function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  if (x > 28) return 0;
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}
