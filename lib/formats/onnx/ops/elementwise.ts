/** Elementwise operators. */
import type { BinaryName, UnaryName } from '../../../graph/graph.ts';
import { quote } from '../../../messages.ts';
import { greatestFloat } from '../../casts.ts';
import { type ElementType, isFloat, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translation, Translations } from '../call.ts';
import { elementType, elementTypeCode } from '../element-types.ts';
import { combine, combineAll, intoFirst, withAxesAfter } from './broadcasting.ts';

function unary(fn: UnaryName): Translation {
  return (call) => call.build.unary(call.input(0), fn);
}

/** An activation with the attributes `alpha` and `beta`, each given with its default. */
function activation(fn: UnaryName, alpha: [name: string, value: number], beta?: [string, number]): Translation {
  return (call) => call.build.unary(call.input(0), fn, call.float(...alpha), beta && call.float(...beta));
}

function binary(fn: BinaryName): Translation {
  return (call) => combine(call, fn);
}

function variadic(fn: BinaryName): Translation {
  return (call) => combineAll(call, fn);
}

function mean(call: OnnxCall): Value {
  const sum = combineAll(call, 'add');
  return call.build.binary('div', sum, call.build.scalar(sum, call.inputs.length));
}

/** For integers the quotient is truncated. */
function div(call: OnnxCall): Value {
  const quotient = combine(call, 'div');
  return isFloat(quotient.type) ? quotient : call.build.unary(quotient, 'trunc');
}

/** With the sign of the divisor, or with `fmod` of the dividend. */
function mod(call: OnnxCall): Value {
  return call.build.remainder(call.input(0), call.input(1), call.flag('fmod', false) ? 'trunc' : 'floor');
}

function pow(call: OnnxCall): Value {
  const [base, exponent] = [call.input(0), call.input(1)];
  const squares = exponent.kind === 'constant' && exponent.shape.length === 0 && exponent.data[0] === 2;
  return squares ? call.build.unary(base, 'square') : combine(call, 'pow');
}

/** The slopes broadcast to x; before opset 7 there was one slope, or one per channel (axis 1). */
function prelu(call: OnnxCall): Value {
  const [x, slopes] = [call.input(0), call.input(1)];
  const perChannel = call.opset < 7 && slopes.shape.length === 1 && slopes.shape[0] > 1;
  return intoFirst(call, 'prelu', x, perChannel ? withAxesAfter(call, slopes, call.build.rank(x) - 2) : slopes);
}

/** Sums of two terms of which one is 0, so that −0 becomes 0. */
function neverMinusZero(call: OnnxCall, value: Value): Value {
  return call.build.binary('add', value, call.build.scalar(value, 0));
}

/** The constants had fewer digits before opset 6. */
function selu(call: OnnxCall): Value {
  const [alpha, gamma] = call.opset < 6 ? [1.6732, 1.0507] : [1.6732631921768188, 1.0507010221481323];
  return neverMinusZero(
    call,
    call.build.unary(call.input(0), 'selu', call.float('alpha', alpha), call.float('gamma', gamma)),
  );
}

/**
 * The bounds are attributes before opset 11, and inputs since: numbers, or, if one is a tensor, computed by max and
 * min. An omitted bound is the greatest number of the type, which replaces ∞.
 */
function clip(call: OnnxCall): Value {
  const x = call.input(0);
  const end = greatestFloat(x.type);
  if (call.opset < 11) return clipBetween(call, x, call.float('min', -end), call.float('max', end));
  const [low, high] = [call.inputs[1], call.inputs[2]];
  if (isNumber(low) && isNumber(high)) {
    return clipBetween(call, x, call.number(1) ?? -end, call.number(2) ?? end);
  }
  const [raised, most] = [call.build.binary('max', x, low ?? call.build.scalar(x, -end)), high];
  return call.build.binary('min', raised, most ?? call.build.scalar(x, end));
}

/** Values that are not above alpha become 0, including NaN. */
function thresholdedRelu(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const isAbove = build.binary('greater', x, build.scalar(x, call.float('alpha', 1)));
  return build.select(isAbove, x, build.scalar(x, 0));
}

/** Moves values beyond ±lambd towards 0 by the bias; values between them and NaN become 0. */
function shrink(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const [limit, bias] = [call.float('lambd', 0.5), call.float('bias', 0)].map((value) => build.scalar(x, value));
  const raised = build.binary('add', x, bias);
  const lowered = build.binary('sub', x, bias);
  const isBelow = build.binary('less', x, build.unary(limit, 'neg'));
  const rest = build.select(build.binary('greater', x, limit), lowered, build.scalar(x, 0));
  return build.select(isBelow, raised, rest);
}

function clipBetween(call: OnnxCall, x: Value, low: number, high: number): Value {
  return low === -Infinity && high === Infinity ? x : call.build.unary(x, 'clip', low, high);
}

function isNumber(bound: Value | undefined): boolean {
  return bound === undefined || (bound.kind === 'constant' && bound.data.length === 1);
}

function gelu(call: OnnxCall): Value {
  const approximate = call.string('approximate', 'none');
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw call.error('MALFORMED', `expected approximate to be none or tanh, found ${quote(approximate)}`);
  }
  return call.build.unary(call.input(0), approximate === 'tanh' ? 'gelu_tanh' : 'gelu');
}

function swish(call: OnnxCall): Value {
  const alpha = call.float('alpha', 1);
  return alpha === 1 ? call.build.unary(call.input(0), 'silu') : call.build.unary(call.input(0), 'quick_gelu', alpha);
}

function swiGlu(call: OnnxCall): Value {
  return call.build.binary('mul', swish(call), call.input(1));
}

/**
 * Outside of training the values pass unchanged. The attribute `is_test` says so before opset 7, and a third input
 * since opset 12.
 */
function dropout(call: OnnxCall): Value {
  if (call.opset < 7 ? !call.flag('is_test', false) : call.number(2))
    throw call.error('UNSUPPORTED_OP', 'dropout is in training mode; export the model for inference');
  return call.input(0);
}

function isInf(call: OnnxCall): Value {
  const positive = call.integer('detect_positive', 1);
  return call.build.unary(call.input(0), 'is_inf', positive, call.integer('detect_negative', 1));
}

/** The type is a name before opset 6, and a number since. */
function cast(call: OnnxCall): Value {
  if (!call.hasAttribute('to')) throw call.error('MALFORMED', 'attribute to is missing');
  const code = call.opset < 6 ? namedType(call) : call.integer('to', 0);
  return castTo(call, elementType(code, call.build.place));
}

/** Values that the file widens to float64 on the way, such as the kernel of a Gaussian process, need that precision. */
function castTo(call: OnnxCall, type: ElementType): Value {
  const x = call.input(0);
  if (x.kind === 'row' && isFloat(x.type) && type === 'float64') call.build.needsDoubles = true;
  return call.build.cast(x, type);
}

function namedType(call: OnnxCall): number {
  const name = call.string('to', '');
  const code = elementTypeCode(name);
  if (code === undefined)
    throw call.error('MALFORMED', `expected the name of a type such as FLOAT, found ${quote(name)}`);
  return code;
}

/** com.microsoft: a GELU after adding a bias. */
function biased(fn: UnaryName): Translation {
  return (call) => {
    const x = call.input(0);
    return call.build.unary(call.has(1) ? call.build.binary('add', x, call.input(1)) : x, fn);
  };
}

export const elementwise: Translations = {
  Abs: unary('abs'),
  Neg: unary('neg'),
  Reciprocal: unary('reciprocal'),
  Sqrt: unary('sqrt'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sin: unary('sin'),
  Cos: unary('cos'),
  Tan: unary('tan'),
  Asin: unary('asin'),
  Acos: unary('acos'),
  Atan: unary('atan'),
  Sinh: unary('sinh'),
  Cosh: unary('cosh'),
  Asinh: unary('asinh'),
  Acosh: unary('acosh'),
  Atanh: unary('atanh'),
  Erf: unary('erf'),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round'),
  Sign: unary('sign'),
  Not: unary('not'),
  IsNaN: unary('is_nan'),
  IsInf: isInf,
  Relu: unary('relu'),
  LeakyRelu: activation('leaky_relu', ['alpha', 0.01]),
  ThresholdedRelu: thresholdedRelu,
  Elu: activation('elu', ['alpha', 1]),
  Selu: selu,
  Celu: (call) => neverMinusZero(call, call.build.unary(call.input(0), 'celu', call.float('alpha', 1))),
  Sigmoid: unary('sigmoid'),
  HardSigmoid: activation('hard_sigmoid', ['alpha', 0.2], ['beta', 0.5]),
  HardSwish: unary('hard_swish'),
  Tanh: unary('tanh'),
  Softplus: (call) => call.build.unary(call.input(0), 'softplus', 1),
  Softsign: unary('softsign'),
  Gelu: gelu,
  Mish: unary('mish'),
  Swish: swish,
  SwiGLU: swiGlu,
  Shrink: shrink,
  PRelu: prelu,
  Clip: clip,
  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: div,
  Mod: mod,
  Pow: pow,
  Min: variadic('min'),
  Max: variadic('max'),
  Sum: variadic('add'),
  Mean: mean,
  And: binary('and'),
  Or: binary('or'),
  Xor: binary('xor'),
  Equal: binary('equal'),
  Less: binary('less'),
  LessOrEqual: binary('less_equal'),
  Greater: binary('greater'),
  GreaterOrEqual: binary('greater_equal'),
  Where: (call) => call.build.select(call.input(0), call.input(1), call.input(2)),
  Identity: (call) => call.input(0),
  Dropout: dropout,
  Cast: cast,
  CastLike: (call) => castTo(call, call.input(1).type),
};

export const microsoftElementwise: Translations = {
  Gelu: unary('gelu'),
  BiasGelu: biased('gelu'),
  FastGelu: biased('gelu_tanh'),
  QuickGelu: activation('quick_gelu', ['alpha', 1.702]),
};
