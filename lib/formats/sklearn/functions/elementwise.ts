/** Elementwise functions of NumPy and SciPy. */
import type { BinaryName, UnaryName } from '../../../graph/graph.ts';
import type { Emitter } from '../emitter.ts';
import type { RowVector } from '../outcome.ts';
import type { Arguments } from './arguments.ts';

export type NamedFunction = (emitter: Emitter, x: RowVector, given: Arguments) => RowVector;
/** The second argument is the row; the first is a number, or one for each element. */
export type OfTwo = (emitter: Emitter, a: number | Float32Array | Float64Array, x: RowVector) => RowVector;

const unary =
  (fn: UnaryName): NamedFunction =>
  (emitter, x) =>
    emitter.unary(x, fn);

const same: NamedFunction = (_emitter, x) => x;

/** The row as an array, as float32 if that is requested. */
const array: NamedFunction = (emitter, x, given) => (given.isSingle() ? emitter.float32(x) : x);

const toDegrees: NamedFunction = (emitter, x) => emitter.binary('mul', x, 180 / Math.PI);
const toRadians: NamedFunction = (emitter, x) => emitter.binary('mul', x, Math.PI / 180);

/** A function that tests for missing values accepts them. */
const isMissing: NamedFunction = (emitter, x) => {
  emitter.cells.takesMissing = true;
  return emitter.unary(x, 'is_nan');
};

const isNumber: NamedFunction = (emitter, x) => {
  const isOther = emitter.binary('or', emitter.unary(x, 'is_nan'), emitter.unary(x, 'is_inf', 1, 1));
  return emitter.unary(isOther, 'not');
};

/** Also for −0, whose reciprocal is negative. */
const isNegative: NamedFunction = (emitter, x) =>
  emitter.binary('or', emitter.binary('less', x, 0), emitter.binary('less', emitter.unary(x, 'reciprocal'), 0));

/** Rounds to a decimal before or after the point like NumPy: by a product and a quotient. */
const rounded: NamedFunction = (emitter, x, given) => {
  const decimals = given.integer('decimals', 0);
  if (decimals === 0) return emitter.unary(x, 'round');
  const power = 10 ** Math.abs(decimals);
  const [to, from] = decimals > 0 ? (['mul', 'div'] as const) : (['div', 'mul'] as const);
  const whole = emitter.unary(to === 'mul' ? emitter.binary(to, x, power) : emitter.divided(x, power), 'round');
  return from === 'mul' ? emitter.binary(from, whole, power) : emitter.divided(whole, power);
};

const clipped: NamedFunction = (emitter, x, given) => {
  const low = given.numbers('a_min') ?? given.numbers('min');
  const high = given.numbers('a_max') ?? given.numbers('max');
  const raised = low === undefined ? x : emitter.binary('max', x, low);
  return high === undefined ? raised : emitter.binary('min', raised, high);
};

const nanToNumber: NamedFunction = (emitter, x, given) => {
  emitter.cells.takesMissing = true;
  const [nan, above, below] = [
    given.number('nan', 0),
    given.number('posinf', Number.MAX_VALUE),
    given.number('neginf', -Number.MAX_VALUE),
  ];
  const known = emitter.select(emitter.unary(x, 'is_nan'), nan, x);
  const upper = emitter.select(emitter.unary(x, 'is_inf', 1, 0), above, known);
  return emitter.select(emitter.unary(x, 'is_inf', 0, 1), below, upper);
};

/** sin(πx)/(πx), which is 1 at 0. */
const sinc: NamedFunction = (emitter, x) => {
  const angle = emitter.binary('mul', x, Math.PI);
  const isZero = emitter.binary('equal', x, 0);
  const divisor = emitter.select(isZero, 1, angle);
  return emitter.select(isZero, 1, emitter.binary('div', emitter.unary(angle, 'sin'), divisor));
};

/** log(x/(1 − x)), with another formula near ½, as in SciPy. */
const logit: NamedFunction = (emitter, x) => {
  const odds = emitter.unary(emitter.binary('div', x, emitter.binary('sub', 1, x)), 'log');
  const s = emitter.affine(x, 2, -1);
  const near = emitter.binary('sub', emitter.unary(s, 'log1p'), emitter.unary(emitter.unary(s, 'neg'), 'log1p'));
  const isNear = emitter.binary('and', emitter.binary('greater_equal', x, 0.3), emitter.binary('less_equal', x, 0.65));
  return emitter.select(isNear, near, odds);
};

const power =
  (base: number): NamedFunction =>
  (emitter, x) =>
    emitter.binary('pow', base, x);

/** By the last part of the name. */
export const NUMPY: Readonly<Record<string, NamedFunction>> = {
  abs: unary('abs'),
  absolute: unary('abs'),
  acos: unary('acos'),
  acosh: unary('acosh'),
  arccos: unary('acos'),
  arccosh: unary('acosh'),
  arcsin: unary('asin'),
  arcsinh: unary('asinh'),
  arctan: unary('atan'),
  arctanh: unary('atanh'),
  around: rounded,
  array: array,
  asanyarray: array,
  asarray: array,
  ascontiguousarray: array,
  asfortranarray: array,
  asin: unary('asin'),
  asinh: unary('asinh'),
  atan: unary('atan'),
  atanh: unary('atanh'),
  atleast_2d: same,
  cbrt: unary('cbrt'),
  ceil: unary('ceil'),
  clip: clipped,
  conj: same,
  conjugate: same,
  copy: same,
  cos: unary('cos'),
  cosh: unary('cosh'),
  deg2rad: toRadians,
  degrees: toDegrees,
  exp: unary('exp'),
  exp2: power(2),
  expm1: unary('expm1'),
  fabs: unary('abs'),
  fix: unary('trunc'),
  float32: (emitter, x) => emitter.float32(x),
  float64: same,
  floor: unary('floor'),
  isfinite: isNumber,
  isinf: (emitter, x) => emitter.unary(x, 'is_inf', 1, 1),
  isnan: isMissing,
  log: unary('log'),
  log10: unary('log10'),
  log1p: unary('log1p'),
  log2: unary('log2'),
  logical_not: unary('not'),
  nan_to_num: nanToNumber,
  negative: unary('neg'),
  positive: same,
  rad2deg: toDegrees,
  radians: toRadians,
  real: same,
  reciprocal: unary('reciprocal'),
  rint: unary('round'),
  round: rounded,
  round_: rounded,
  sign: unary('sign'),
  signbit: isNegative,
  sin: unary('sin'),
  sinc,
  sinh: unary('sinh'),
  sqrt: unary('sqrt'),
  square: unary('square'),
  tan: unary('tan'),
  tanh: unary('tanh'),
  trunc: unary('trunc'),
};

/** `scipy.special`. */
export const SCIPY: Readonly<Record<string, NamedFunction>> = {
  cbrt: unary('cbrt'),
  cosdg: (emitter, x, given) => emitter.unary(toRadians(emitter, x, given), 'cos'),
  erf: unary('erf'),
  erfc: unary('erfc'),
  exp10: power(10),
  exp2: power(2),
  expit: unary('sigmoid'),
  expm1: unary('expm1'),
  log1p: unary('log1p'),
  log_expit: unary('log_sigmoid'),
  logit,
  softplus: (emitter, x) => emitter.unary(x, 'softplus', 1),
};

const binary =
  (fn: BinaryName): OfTwo =>
  (emitter, a, x) =>
    emitter.binary(fn, a, x);

/** NaN gives the other operand. */
const ignoringNan =
  (fn: 'max' | 'min'): OfTwo =>
  (emitter, a, x) => {
    emitter.cells.takesMissing = true;
    return emitter.select(emitter.unary(x, 'is_nan'), a, emitter.binary(fn, a, x));
  };

/** The remainder with the sign of the divisor, which is the row. */
const remainder: OfTwo = (emitter, a, x) => {
  const rest = emitter.binary('fmod', a, x);
  const signs = emitter.binary('xor', emitter.binary('less', rest, 0), emitter.binary('less', x, 0));
  const isApart = emitter.binary('and', emitter.unary(rest, 'to_bool'), signs);
  return emitter.select(isApart, emitter.binary('add', rest, x), rest);
};

/** `functools.partial(numpy.power, 2)` and similar. */
export const OF_TWO: Readonly<Record<string, OfTwo>> = {
  add: binary('add'),
  arctan2: binary('atan2'),
  atan2: binary('atan2'),
  divide: binary('div'),
  equal: binary('equal'),
  float_power: binary('pow'),
  fmax: ignoringNan('max'),
  fmin: ignoringNan('min'),
  fmod: binary('fmod'),
  greater: binary('greater'),
  greater_equal: binary('greater_equal'),
  less: binary('less'),
  less_equal: binary('less_equal'),
  logical_and: binary('and'),
  logical_or: binary('or'),
  logical_xor: binary('xor'),
  maximum: binary('max'),
  minimum: binary('min'),
  mod: remainder,
  multiply: binary('mul'),
  not_equal: (emitter, a, x) => emitter.unary(emitter.binary('equal', a, x), 'not'),
  pow: binary('pow'),
  power: binary('pow'),
  remainder,
  subtract: binary('sub'),
  true_divide: binary('div'),
};
