/** Elementwise operators. */
import type { BinaryName, UnaryName } from '../../../graph/graph.ts';
import type { GraphBuilder } from '../../tensors/builder.ts';
import { isFloat, literal } from '../../tensors/value.ts';
import type { TensorFlowCall, Translation, Translations } from '../call.ts';
import type { Result, Value } from '../value.ts';

function unary(fn: UnaryName, alpha?: number, beta?: number): Translation {
  return (call) => call.build.unary(call.input(0), fn, alpha, beta);
}

function binary(fn: BinaryName): Translation {
  return (call) => call.build.binary(fn, call.input(0), call.input(1));
}

function rsqrt(call: TensorFlowCall): Value {
  return call.build.unary(call.build.unary(call.input(0), 'sqrt'), 'reciprocal');
}

/** For integers the quotient is truncated. */
function div(call: TensorFlowCall): Value {
  const quotient = call.build.binary('div', call.input(0), call.input(1));
  return isFloat(quotient.type) ? quotient : call.build.unary(quotient, 'trunc');
}

function floorDiv(call: TensorFlowCall): Value {
  return call.build.unary(call.build.binary('div', call.input(0), call.input(1)), 'floor');
}

/** a − b·⌊a/b⌋, or with `trunc` the remainder with the dividend's sign. */
function remainder(round: 'floor' | 'trunc'): Translation {
  return (call) => call.build.remainder(call.input(0), call.input(1), round);
}

/** 0 if the divisor, or the second factor, is 0. */
function unlessZero(fn: 'div' | 'mul'): Translation {
  return (call) => {
    const { build } = call;
    const [a, b] = [call.input(0), call.input(1)];
    const zero = build.scalar(a, 0);
    return build.select(build.binary('equal', b, build.scalar(b, 0)), zero, build.binary(fn, a, b));
  };
}

/** If the first operand is 0, it is the result, whatever the other is. */
function unlessFirstZero(combine: (build: GraphBuilder, a: Value, b: Value) => Value): Translation {
  return (call) => {
    const { build } = call;
    const [a, b] = [call.input(0), call.input(1)];
    return build.select(build.unary(a, 'not'), a, combine(build, a, b));
  };
}

const xlogy = (fn: 'log' | 'log1p') => unlessFirstZero((build, a, b) => build.binary('mul', a, build.unary(b, fn)));

function squaredDifference(call: TensorFlowCall): Value {
  return call.build.unary(call.build.binary('sub', call.input(0), call.input(1)), 'square');
}

/** TensorFlow's optimizer converts some powers to roots and squares, which differ for −0 and −∞. */
function pow(call: TensorFlowCall): Value {
  const { build } = call;
  const [base, exponent] = [call.input(0), call.input(1)];
  const fixed = exponent.kind === 'constant' && exponent.data.length === 1 ? exponent.data[0] : undefined;
  if (fixed === 2) return build.unary(base, 'square');
  if (fixed === 0.5) return build.unary(base, 'sqrt');
  if (fixed === -0.5) return build.unary(build.unary(base, 'sqrt'), 'reciprocal');
  return build.binary('pow', base, exponent);
}

function addN(call: TensorFlowCall): Value {
  return call.all().reduce((sum, value) => call.build.binary('add', sum, value));
}

/** The bias is along the last axis, or for NCHW along axis 1. */
function biasAdd(call: TensorFlowCall): Value {
  const { build } = call;
  const [x, bias] = [call.input(0), call.input(1)];
  if (bias.shape.length !== 1) throw call.error('SHAPE', `expected a vector as bias, found ${bias.shape.length} axes`);
  const after = call.string('data_format', 'NHWC') === 'NCHW' ? Math.max(build.rank(x) - 2, 0) : 0;
  return build.binary('add', x, build.reshaped(bias, [...bias.shape, ...new Array<number>(after).fill(1)]));
}

function clipByValue(call: TensorFlowCall): Value {
  const { build } = call;
  const [x, low, high] = [call.input(0), call.input(1), call.input(2)];
  if (low.kind === 'constant' && low.data.length === 1 && high.kind === 'constant' && high.data.length === 1) {
    return build.unary(x, 'clip', low.data[0], high.data[0]);
  }
  return build.binary('max', build.binary('min', x, high), low);
}

function select(call: TensorFlowCall): Value {
  return call.build.select(call.input(0), chosen(call, 1), chosen(call, 2));
}

/** Replaces the greatest integer, which Keras uses as an invalid id, by the greatest one that is represented here. */
function chosen(call: TensorFlowCall, index: number): Value {
  const x = call.input(index);
  const isPlain = x.kind === 'row' || isFloat(x.type) || x.batch !== undefined || x.data.length !== 1;
  if (isPlain || Number.isFinite(x.data[0])) return x;
  return literal(x.type, [Math.sign(x.data[0]) * Number.MAX_SAFE_INTEGER], x.shape);
}

/** The condition has the operands' shape, or is a vector along their first axis. */
function oldSelect(call: TensorFlowCall): Value {
  const { build } = call;
  const [condition, a, b] = [call.input(0), call.input(1), call.input(2)];
  const missing = build.rank(a) - build.rank(condition);
  const isVector = build.rank(condition) === 1 && missing > 0;
  if (!isVector) return build.select(condition, a, b);
  const ones = new Array<number>(missing).fill(1);
  return build.select(build.reshaped(condition, [...condition.shape, ...ones]), a, b);
}

function cast(call: TensorFlowCall): Value {
  const x = call.input(0);
  return call.build.cast(x, call.type('DstT', x.type));
}

/** How many boundaries the value is at or above; NaN is at or above all of them. */
function bucketize(call: TensorFlowCall): Value {
  const { build } = call;
  const given = call.row(0);
  // Integers are compared as floats.
  const x = isFloat(given.type) ? given : build.cast(given, 'float32');
  const boundaries = call.floats('boundaries');
  if (boundaries.length === 0) throw call.error('MALFORMED', 'expected boundaries, found none');
  const each = build.reshaped(x, [...x.shape, 1]);
  const limits = literal('float32', boundaries, [boundaries.length]);
  const isReached = build.cast(build.unary(build.binary('less', each, limits), 'not'), 'int32');
  return build.reduce(isReached, 'sum', [-1], false);
}

function passed(call: TensorFlowCall): Result {
  const [x] = call.inputs;
  if (x === undefined) throw call.error('MALFORMED', 'input 0 is missing');
  return x;
}

export const elementwise: Translations = {
  Abs: unary('abs'),
  Neg: unary('neg'),
  Exp: unary('exp'),
  Expm1: unary('expm1'),
  Log: unary('log'),
  Log1p: unary('log1p'),
  Sqrt: unary('sqrt'),
  Rsqrt: rsqrt,
  Square: unary('square'),
  Reciprocal: unary('reciprocal'),
  Inv: unary('reciprocal'),
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
  Erfc: unary('erfc'),
  Sign: unary('sign'),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round'),
  Rint: unary('round'),
  Relu: unary('relu'),
  Relu6: unary('clip', 0, 6),
  LeakyRelu: (call) => call.build.unary(call.input(0), 'leaky_relu', call.float('alpha', 0.2)),
  Elu: unary('elu', 1),
  Selu: unary('selu', 1.6732632423543772, 1.0507009873554805),
  Softplus: unary('softplus', 1),
  Softsign: unary('softsign'),
  Sigmoid: unary('sigmoid'),
  Tanh: unary('tanh'),
  LogicalNot: unary('not'),
  IsNan: unary('is_nan'),
  IsInf: unary('is_inf', 1, 1),
  IsFinite: (call) => call.build.isFinite(call.input(0)),
  Add: binary('add'),
  AddV2: binary('add'),
  AddN: addN,
  Sub: binary('sub'),
  Mul: binary('mul'),
  MulNoNan: unlessZero('mul'),
  Div: div,
  RealDiv: binary('div'),
  TruncateDiv: div,
  FloorDiv: floorDiv,
  DivNoNan: unlessZero('div'),
  Xlogy: xlogy('log'),
  Xlog1py: xlogy('log1p'),
  Xdivy: unlessFirstZero((build, a, b) => build.binary('div', a, b)),
  FloorMod: remainder('floor'),
  Mod: remainder('trunc'),
  TruncateMod: remainder('trunc'),
  Pow: pow,
  SquaredDifference: squaredDifference,
  Atan2: binary('atan2'),
  Maximum: binary('max'),
  Minimum: binary('min'),
  LessEqual: binary('less_equal'),
  Greater: binary('greater'),
  GreaterEqual: binary('greater_equal'),
  Equal: binary('equal'),
  NotEqual: (call) => call.build.unary(call.build.binary('equal', call.input(0), call.input(1)), 'not'),
  LogicalAnd: binary('and'),
  LogicalOr: binary('or'),
  BiasAdd: biasAdd,
  BiasAddV1: biasAdd,
  ClipByValue: clipByValue,
  Select: oldSelect,
  SelectV2: select,
  Cast: cast,
  Bucketize: bucketize,
  Identity: passed,
  IdentityN: (call) => call.inputs,
  StopGradient: passed,
  PreventGradient: passed,
  Snapshot: passed,
  EnsureShape: passed,
  CheckNumerics: passed,
  Print: passed,
  PlaceholderWithDefault: passed,
  ReadVariableOp: passed,
};
