/** Elementwise operators. */
import type { BinaryName, UnaryName } from '../../../graph/graph.ts';
import { isFloat, type Value } from '../../tensors/value.ts';
import { activate } from '../activation.ts';
import type { TfliteCall, Translation, Translations } from '../call.ts';

function unary(fn: UnaryName, alpha?: number, beta?: number): Translation {
  return (call) => call.build.unary(call.input(0), fn, alpha, beta);
}

/** `activation` is the field number of the fused activation, if the operator has one. */
function binary(fn: BinaryName, activation?: number): Translation {
  return (call) => {
    const result = call.build.binary(fn, call.input(0), call.input(1));
    return activation === undefined ? result : activate(call, result, call.choice(activation));
  };
}

/**
 * The second operand unless the first is greater (or less), so also if one is NaN; for constants the bound, as XNNPACK
 * clamps.
 */
function extreme(fn: 'max' | 'min'): Translation {
  return (call) => {
    const { build } = call;
    const [a, b] = [call.input(0), call.input(1)];
    if (a.kind === 'constant' || b.kind === 'constant') return build.binary(fn, a, b);
    return build.select(build.binary(fn === 'max' ? 'greater' : 'less', a, b), a, b);
  };
}

/** For integers the quotient is truncated. */
function div(call: TfliteCall): Value {
  const quotient = call.build.binary('div', call.input(0), call.input(1));
  const cut = isFloat(quotient.type) ? quotient : call.build.unary(quotient, 'trunc');
  return activate(call, cut, call.choice(0));
}

function floorDiv(call: TfliteCall): Value {
  return call.build.unary(call.build.binary('div', call.input(0), call.input(1)), 'floor');
}

/** With the divisor's sign. */
function floorMod(call: TfliteCall): Value {
  return call.build.remainder(call.input(0), call.input(1), 'floor');
}

function squaredDifference(call: TfliteCall): Value {
  return call.build.unary(call.build.binary('sub', call.input(0), call.input(1)), 'square');
}

function addN(call: TfliteCall): Value {
  return call.all().reduce((sum, next) => call.build.binary('add', sum, next));
}

function notEqual(call: TfliteCall): Value {
  return call.build.unary(call.build.binary('equal', call.input(0), call.input(1)), 'not');
}

function rsqrt(call: TfliteCall): Value {
  return call.build.unary(call.build.unary(call.input(0), 'sqrt'), 'reciprocal');
}

function gelu(call: TfliteCall): Value {
  return call.build.unary(call.input(0), call.flag(0) ? 'gelu_tanh' : 'gelu');
}

function cast(call: TfliteCall): Value {
  return call.build.cast(call.input(0), call.resultType);
}

/** How many of the ascending boundaries the element is at or above; NaN is at or above all of them. */
function bucketize(call: TfliteCall): Value {
  const { build, options } = call;
  const boundaries = options?.float32s(0) ?? [];
  const x = call.input(0);
  if (boundaries.length === 0) throw call.error('MALFORMED', 'expected boundaries, found none');
  const reached = boundaries.map((bound) => build.unary(build.binary('less', x, build.scalar(x, bound)), 'not'));
  const count = reached.reduce((sum, next) => build.binary('add', sum, next));
  return build.cast(count, call.resultType);
}

export const elementwise: Translations = {
  RELU: unary('relu'),
  RELU6: unary('clip', 0, 6),
  RELU_N1_TO_1: unary('clip', -1, 1),
  RELU_0_TO_1: unary('clip', 0, 1),
  LEAKY_RELU: (call) => call.build.unary(call.input(0), 'leaky_relu', call.float(0)),
  PRELU: binary('prelu'),
  ELU: unary('elu', 1),
  GELU: gelu,
  LOGISTIC: unary('sigmoid'),
  TANH: unary('tanh'),
  HARD_SWISH: unary('hard_swish'),
  NEG: unary('neg'),
  ABS: unary('abs'),
  SIN: unary('sin'),
  COS: unary('cos'),
  ATAN2: binary('atan2'),
  EXP: unary('exp'),
  LOG: unary('log'),
  SQRT: unary('sqrt'),
  RSQRT: rsqrt,
  SQUARE: unary('square'),
  SIGN: (call) => call.build.signOfNumber(call.input(0)),
  FLOOR: unary('floor'),
  CEIL: unary('ceil'),
  ROUND: unary('round'),
  ADD: binary('add', 0),
  SUB: binary('sub', 0),
  MUL: binary('mul', 0),
  DIV: div,
  FLOOR_DIV: floorDiv,
  FLOOR_MOD: floorMod,
  ADD_N: addN,
  MAXIMUM: extreme('max'),
  MINIMUM: extreme('min'),
  POW: binary('pow'),
  SQUARED_DIFFERENCE: squaredDifference,
  EQUAL: binary('equal'),
  NOT_EQUAL: notEqual,
  LESS: binary('less'),
  LESS_EQUAL: binary('less_equal'),
  GREATER: binary('greater'),
  GREATER_EQUAL: binary('greater_equal'),
  LOGICAL_AND: binary('and'),
  LOGICAL_OR: binary('or'),
  LOGICAL_NOT: unary('not'),
  SELECT: (call) => call.build.select(call.input(0), call.input(1), call.input(2)),
  SELECT_V2: (call) => call.build.select(call.input(0), call.input(1), call.input(2)),
  CAST: cast,
  BUCKETIZE: bucketize,
};
