/** Elementwise operators of one or two tensors or numbers: arithmetic, comparisons and logic. */
import type { BinaryName, UnaryName } from '../../../graph/graph.ts';
import { broadcastShapes } from '../../../graph/shapes.ts';
import { dimensionsOf } from '../../tensors/dimensions.ts';
import type { ElementType } from '../../tensors/value.ts';
import { type Constant, isFloat, type Value } from '../../tensors/value.ts';
import { PyNumber, type Result } from '../argument.ts';
import { type AtenCall, sizesText, type Translation, type Translations } from '../call.ts';
import { asFloat, type Operand } from '../element-types.ts';

/** Broadcasts as NumPy does; a size that does not match throws an error of its own. */
export function combine(call: AtenCall, fn: BinaryName, a: Value, b: Value): Value {
  checkBroadcast(call, a, b);
  return call.build.binary(fn, a, b);
}

/** The magnitude of one number with the sign of another. */
function copySign(call: AtenCall): Value {
  const { build } = call;
  const [x, other] = [call.floating('self'), call.tensor('other')];
  checkBroadcast(call, x, other);
  const size = build.unary(x, 'abs');
  return build.select(build.hasSign(other), build.unary(size, 'neg'), size);
}

/** Checks only pairs of rows and pairs of constants: the builder judges what the batch is broadcast against. */
function checkBroadcast(call: AtenCall, a: Value, b: Value): void {
  const [first, second] = [fullShape(a), fullShape(b)];
  if (broadcastShapes(first, second) !== undefined) return;
  for (let axis = 1; axis <= Math.min(first.length, second.length); axis++) {
    const [left, right] = [first.at(-axis) ?? 1, second.at(-axis) ?? 1];
    if (left === 1 || right === 1) continue;
    call.match(left, right, `the shapes ${sizesText(first, second)} do not broadcast`);
  }
}

/** The shape, with 1 for the batch. */
function fullShape(x: Value): readonly number[] {
  return dimensionsOf(x).map(({ size, rows }) => (rows === 0 ? size : 1));
}

/**
 * Two numbers give a number; with a tensor among them, the result is a tensor of the type that torch promotes both to.
 */
function arithmetic(
  call: AtenCall,
  fn: BinaryName,
  a: Operand,
  b: Operand,
  type = numberOrTensorType(call, a, b),
): Operand {
  const result = combine(call, fn, call.cast(a, type), call.cast(b, type));
  return a instanceof PyNumber && b instanceof PyNumber ? new PyNumber(result as Constant) : result;
}

function numberOrTensorType(call: AtenCall, a: Operand, b: Operand): ElementType {
  if (!(a instanceof PyNumber && b instanceof PyNumber)) return call.typeOf([a, b]);
  return a.type === 'float64' || b.type === 'float64' ? 'float64' : 'int64';
}

function floatType(call: AtenCall, a: Operand, b: Operand): ElementType {
  return a instanceof PyNumber && b instanceof PyNumber ? 'float64' : asFloat(call.typeOf([a, b]));
}

export function binary(fn: BinaryName): Translation {
  return (call) => arithmetic(call, fn, call.operand('self'), call.operand('other'));
}

/** Comparisons compare in the promoted type and give bool. */
function condition(fn: BinaryName): (call: AtenCall) => Operand {
  return (call) => {
    const [a, b] = [call.operand('self'), call.operand('other')];
    const type = a.type === 'bool' && b.type === 'bool' ? 'bool' : numberOrTensorType(call, a, b);
    return arithmetic(call, fn, a, b, type);
  };
}

function unequal(call: AtenCall): Result {
  const equal = condition('equal')(call);
  const not = (x: Value) => call.build.unary(x, 'not');
  return equal instanceof PyNumber ? new PyNumber(not(equal.constant) as Constant) : not(equal);
}

/** self ± alpha·other */
function withAlpha(fn: 'add' | 'sub', swapped = false): Translation {
  return (call) => {
    const [self, other] = [call.operand('self'), call.operand('other')];
    const [left, right] = swapped ? [other, self] : [self, other];
    const alpha = call.number('alpha');
    if (alpha === 1) return arithmetic(call, fn, left, right);
    const type = numberOrTensorType(call, self, other);
    const scaled = scale(call, call.cast(right, type), alpha);
    return arithmetic(call, fn, left, scaled, type);
  };
}

export function scale(call: AtenCall, x: Value, factor: number): Value {
  return factor === 1 ? x : call.build.binary('mul', x, call.build.scalar(x, factor));
}

/** True division, also of two numbers and of whole tensors. */
function divide(call: AtenCall): Result {
  const [a, b] = [call.operand('self'), call.operand('other')];
  const mode = call.has('rounding_mode') ? call.text('rounding_mode') : '';
  if (mode === '') return arithmetic(call, 'div', a, b, floatType(call, a, b));
  if (mode !== 'floor' && mode !== 'trunc') {
    throw call.error('MALFORMED', `expected the rounding mode floor or trunc, found '${mode}'`);
  }
  return mode === 'floor' ? floorDivide(call) : rounded(call, arithmetic(call, 'div', a, b), mode);
}

function floorDivide(call: AtenCall): Result {
  const [a, b] = [call.operand('self'), call.operand('other')];
  const type = numberOrTensorType(call, a, b);
  if (!isFloat(type) || (a instanceof PyNumber && b instanceof PyNumber)) {
    return rounded(call, arithmetic(call, 'div', a, b), 'floor');
  }
  const [x, y] = [call.cast(a, type), call.cast(b, type)];
  checkBroadcast(call, x, y);
  return floorQuotient(call, x, y);
}

/** A size divided by a divisor of it for every batch is already an integer. */
function rounded(call: AtenCall, quotient: Operand, mode: 'floor' | 'trunc'): Operand {
  if (!(quotient instanceof PyNumber)) return call.build.unary(quotient, mode);
  return quotient.constant.batch ? quotient : new PyNumber(call.build.unary(quotient.constant, mode) as Constant);
}

/** With the divisor's sign for `floor`, like Python's %; with the dividend's for `trunc`. */
function remainder(mode: 'floor' | 'trunc'): Translation {
  return (call) => {
    const [a, b] = [call.operand('self'), call.operand('other')];
    const type = numberOrTensorType(call, a, b);
    if (a instanceof PyNumber && b instanceof PyNumber) {
      const whole = rounded(call, arithmetic(call, 'div', a, b, type), mode);
      return arithmetic(call, 'sub', a, arithmetic(call, 'mul', whole, b, type), type);
    }
    const [x, y] = [call.cast(a, type), call.cast(b, type)];
    checkBroadcast(call, x, y);
    return call.build.remainder(x, y, mode);
  };
}

/**
 * The floored quotient of floats as torch computes it, from the exact remainder: 1 // 0.1 is 9, though 1/0.1 is rounded
 * to 10.
 */
function floorQuotient(call: AtenCall, a: Value, b: Value): Value {
  const { build } = call;
  const [zero, one] = [build.scalar(a, 0), build.scalar(a, 1)];
  const rest = build.remainder(a, b, 'trunc');
  const differs = build.binary('xor', build.binary('less', rest, zero), build.binary('less', b, zero));
  const isLower = build.cast(build.binary('and', rest, differs), a.type);
  const quotient = build.binary('sub', build.binary('div', build.binary('sub', a, rest), b), isLower);
  const below = build.unary(quotient, 'floor');
  const isHigh = build.binary('greater', build.binary('sub', quotient, below), build.scalar(a, 0.5));
  const whole = build.select(isHigh, build.binary('add', below, one), below);
  // A result of 0 has the quotient's sign; a division by 0 gives what it gives elsewhere.
  const plain = build.binary('div', a, b);
  const signed = build.select(build.binary('equal', quotient, zero), build.binary('mul', plain, zero), whole);
  return build.select(build.binary('equal', b, zero), plain, signed);
}

function power(call: AtenCall): Result {
  const [base, exponent] = [call.operand('self'), call.operand('exponent')];
  if (!(base instanceof PyNumber) && exponent instanceof PyNumber) {
    const type = call.typeOf([base, exponent]);
    const x = call.cast(base, type);
    if (exponent.value === 2) return call.build.unary(x, 'square');
    if (exponent.value === 1) return x;
    if (exponent.value === 0.5) return call.build.unary(x, 'sqrt');
    if (exponent.value === -1 && isFloat(type)) return call.build.unary(x, 'reciprocal');
    if (exponent.value === -0.5) return call.build.unary(call.build.unary(x, 'sqrt'), 'reciprocal');
    if (exponent.value === 3) return call.build.binary('mul', call.build.unary(x, 'square'), x);
  }
  return arithmetic(call, 'pow', base, exponent);
}

/** Also takes Python numbers, which keep their type. */
function unary(fn: UnaryName): Translation {
  return (call) => {
    const x = call.operand('self');
    return x instanceof PyNumber ? new PyNumber(call.build.unary(x.constant, fn) as Constant) : call.build.unary(x, fn);
  };
}

/** Takes floats; integers are converted first. */
function floating(fn: UnaryName): Translation {
  return (call) => call.build.unary(call.floating('self'), fn);
}

function ofFloat(steps: (call: AtenCall, x: Value) => Value): Translation {
  return (call) => steps(call, call.floating('self'));
}

function ofFloats(steps: (call: AtenCall, a: Value, b: Value) => Value): Translation {
  return (call) => {
    const [a, b] = [call.operand('self'), call.operand('other')];
    const type = floatType(call, a, b);
    const [x, y] = [call.cast(a, type), call.cast(b, type)];
    checkBroadcast(call, x, y);
    return steps(call, x, y);
  };
}

/** √(a² + b²), as the greater magnitude times √(1 + q²), whose square does not overflow. ∞ wins over NaN. */
function hypotenuse({ build }: AtenCall, a: Value, b: Value): Value {
  const [x, y] = [build.unary(a, 'abs'), build.unary(b, 'abs')];
  const most = build.binary('max', x, y);
  const ratio = build.binary('div', build.binary('min', x, y), most);
  const root = build.unary(build.binary('add', build.unary(ratio, 'square'), build.scalar(ratio, 1)), 'sqrt');
  const length = build.select(build.unary(most, 'not'), most, build.binary('mul', most, root));
  const isEndless = build.binary('or', build.unary(x, 'is_inf', 1, 0), build.unary(y, 'is_inf', 1, 0));
  return build.select(isEndless, build.scalar(x, Infinity), length);
}

/** log(e^a + e^b), or with base 2. For two infinities of the same sign it is that infinity. */
function logOfSum({ build }: AtenCall, a: Value, b: Value, base: number): Value {
  const most = build.binary('max', a, b);
  const distance = build.unary(build.unary(build.binary('sub', a, b), 'abs'), 'neg');
  const power = base === 2 ? build.binary('pow', build.scalar(a, 2), distance) : build.unary(distance, 'exp');
  const rest = build.unary(power, 'log1p');
  const scaled = base === 2 ? build.binary('mul', rest, build.scalar(rest, Math.LOG2E)) : rest;
  const isSame = build.binary('and', build.binary('equal', a, b), build.unary(a, 'is_inf', 1, 1));
  return build.select(isSame, a, build.binary('add', most, scaled));
}

/** a·log(b); 0 if a is 0 and b is a number. */
function xLogY({ build }: AtenCall, a: Value, b: Value): Value {
  const product = build.binary('mul', a, build.unary(b, 'log'));
  const isNothing = build.binary('and', build.unary(a, 'not'), build.unary(build.unary(b, 'is_nan'), 'not'));
  return build.select(isNothing, build.scalar(a, 0), product);
}

function where(call: AtenCall): Result {
  const [a, b] = [call.operand('self'), call.operand('other')];
  const type = call.typeOf([a, b]);
  const [test, left, right] = [call.tensor('condition'), call.cast(a, type), call.cast(b, type)];
  for (const [x, y] of [
    [test, left],
    [test, right],
    [left, right],
  ])
    checkBroadcast(call, x, y);
  return call.build.select(test, left, right);
}

function maskedFill(call: AtenCall): Result {
  const x = call.tensor('self');
  return call.build.select(call.tensor('mask'), call.cast(call.operand('value'), x.type), x);
}

/** self + value·tensor1·tensor2, or with tensor1 divided by tensor2. */
function addProduct(fn: 'mul' | 'div'): Translation {
  return (call) => {
    const [self, a, b] = [call.tensor('self'), call.tensor('tensor1'), call.tensor('tensor2')];
    const type = call.typeOf([self, a, b]);
    const product = combine(call, fn, call.cast(a, type), call.cast(b, type));
    return combine(call, 'add', call.cast(self, type), scale(call, product, call.number('value')));
  };
}

/** start + weight·(end − start) */
function lerp(call: AtenCall): Result {
  const [start, end] = [call.tensor('self'), call.tensor('end')];
  const way = combine(call, 'sub', end, start);
  return combine(call, 'add', start, combine(call, 'mul', way, call.cast(call.operand('weight'), start.type)));
}

function nanToNum(call: AtenCall): Result {
  const x = call.tensor('self');
  if (!isFloat(x.type)) return x;
  const { build } = call;
  const greatest = x.type === 'float64' ? Number.MAX_VALUE : (GREATEST[x.type] ?? GREATEST.float32);
  const value = (name: string, otherwise: number) => build.scalar(x, call.has(name) ? call.number(name) : otherwise);
  const finite = build.select(build.unary(x, 'is_inf', 1, 0), value('posinf', greatest), x);
  const bounded = build.select(build.unary(x, 'is_inf', 0, 1), value('neginf', -greatest), finite);
  return build.select(build.unary(x, 'is_nan'), value('nan', 0), bounded);
}

const GREATEST: Readonly<Record<string, number>> = {
  float32: 3.4028234663852886e38,
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
};

/** To decimals, or to tens, hundreds, … if there are fewer than none: in the type of x, like torch. */
function round(call: AtenCall): Result {
  const decimals = call.has('decimals') ? call.number('decimals') : 0;
  if (decimals === 0) return unary('round')(call);
  const { build } = call;
  const x = call.floating('self');
  const power = build.scalar(x, 10 ** Math.abs(decimals));
  const [there, back] = decimals > 0 ? (['mul', 'div'] as const) : (['div', 'mul'] as const);
  return build.binary(back, build.unary(build.binary(there, x, power), 'round'), power);
}

/** 0 for what is less than 0, and for NaN; 1 for what is greater; the other number for 0. */
function heaviside(call: AtenCall): Value {
  const { build } = call;
  const [x, values] = [call.tensor('self'), call.tensor('values')];
  checkBroadcast(call, x, values);
  const zero = build.scalar(x, 0);
  return build.select(build.binary('equal', x, zero), values, build.cast(build.binary('greater', x, zero), x.type));
}

export const arithmeticOperators: Translations = {
  'add(Tensor self, Tensor other, *, float alpha=1)': withAlpha('add'),
  'sub(Tensor self, Tensor other, *, float alpha=1)': withAlpha('sub'),
  'rsub(Tensor self, Tensor other, float alpha=1)': withAlpha('sub', true),
  'mul(Tensor self, Tensor other)': binary('mul'),
  'div(Tensor self, Tensor other, *, str? rounding_mode=None)': divide,
  'truediv(Tensor self, Tensor other)': divide,
  'floor_divide(Tensor self, Tensor other)': floorDivide,
  'floordiv(Tensor self, Tensor other)': floorDivide,
  'remainder(Tensor self, Tensor other)': remainder('floor'),
  'mod(Tensor self, Tensor other)': remainder('floor'),
  'fmod(Tensor self, Tensor other)': remainder('trunc'),
  'pow(Tensor self, Tensor exponent)': power,
  'square(Tensor self)': unary('square'),
  'maximum(Tensor self, Tensor other)': binary('max'),
  'minimum(Tensor self, Tensor other)': binary('min'),
  'eq(Tensor self, Tensor other)': condition('equal'),
  'ne(Tensor self, Tensor other)': unequal,
  'lt(Tensor self, Tensor other)': condition('less'),
  'le(Tensor self, Tensor other)': condition('less_equal'),
  'gt(Tensor self, Tensor other)': condition('greater'),
  'ge(Tensor self, Tensor other)': condition('greater_equal'),
  'logical_and(Tensor self, Tensor other)': condition('and'),
  'logical_or(Tensor self, Tensor other)': condition('or'),
  'logical_xor(Tensor self, Tensor other)': condition('xor'),
  'logical_not(Tensor self)': unary('not'),
  'bitwise_and(Tensor self, Tensor other)': logicOfBool('and'),
  'bitwise_or(Tensor self, Tensor other)': logicOfBool('or'),
  'bitwise_xor(Tensor self, Tensor other)': logicOfBool('xor'),
  'bitwise_not(Tensor self)': notOfBool,
  '__and__(Tensor self, Tensor other)': logicOfBool('and'),
  '__or__(Tensor self, Tensor other)': logicOfBool('or'),
  '__xor__(Tensor self, Tensor other)': logicOfBool('xor'),
  '__not__(Tensor self)': unary('not'),
  'where(Tensor condition, Tensor self, Tensor other)': where,
  'masked_fill(Tensor self, Tensor mask, Tensor value)': maskedFill,
  'addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, float value=1)': addProduct('mul'),
  'addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, float value=1)': addProduct('div'),
  'lerp(Tensor self, Tensor end, Tensor weight)': lerp,
  'nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None)': nanToNum,
  'neg(Tensor self)': unary('neg'),
  'abs(Tensor self)': unary('abs'),
  'sign(Tensor self)': (call) => call.build.signOfNumber(call.tensor('self')),
  'signbit(Tensor self)': (call) => call.build.hasSign(call.tensor('self')),
  'copysign(Tensor self, Tensor other)': copySign,
  'sgn(Tensor self)': (call) => call.build.signOfNumber(call.tensor('self')),
  'floor(Tensor self)': unary('floor'),
  'ceil(Tensor self)': unary('ceil'),
  'trunc(Tensor self)': unary('trunc'),
  'round(Tensor self, *, int? decimals=None)': round,
  'frac(Tensor self)': ofFloat((call, x) => call.build.binary('sub', x, call.build.unary(x, 'trunc'))),
  'exp(Tensor self)': floating('exp'),
  'exp2(Tensor self)': ofFloat((call, x) => call.build.binary('pow', call.build.scalar(x, 2), x)),
  'expm1(Tensor self)': floating('expm1'),
  'log(Tensor self)': floating('log'),
  'log1p(Tensor self)': floating('log1p'),
  'log2(Tensor self)': floating('log2'),
  'log10(Tensor self)': floating('log10'),
  'sin(Tensor self)': floating('sin'),
  'cos(Tensor self)': floating('cos'),
  'tan(Tensor self)': floating('tan'),
  'asin(Tensor self)': floating('asin'),
  'acos(Tensor self)': floating('acos'),
  'atan(Tensor self)': floating('atan'),
  'sinh(Tensor self)': floating('sinh'),
  'cosh(Tensor self)': floating('cosh'),
  'asinh(Tensor self)': floating('asinh'),
  'acosh(Tensor self)': floating('acosh'),
  'atanh(Tensor self)': floating('atanh'),
  'atan2(Tensor self, Tensor other)': ofFloats((call, a, b) => combine(call, 'atan2', a, b)),
  'hypot(Tensor self, Tensor other)': ofFloats(hypotenuse),
  'logaddexp(Tensor self, Tensor other)': ofFloats((call, a, b) => logOfSum(call, a, b, Math.E)),
  'logaddexp2(Tensor self, Tensor other)': ofFloats((call, a, b) => logOfSum(call, a, b, 2)),
  'xlogy(Tensor self, Tensor other)': ofFloats(xLogY),
  'deg2rad(Tensor self)': ofFloat((call, x) => scale(call, x, Math.PI / 180)),
  'rad2deg(Tensor self)': ofFloat((call, x) => scale(call, x, 180 / Math.PI)),
  'sqrt(Tensor self)': floating('sqrt'),
  'rsqrt(Tensor self)': ofFloat((call, x) => call.build.unary(call.build.unary(x, 'sqrt'), 'reciprocal')),
  'reciprocal(Tensor self)': floating('reciprocal'),
  'erf(Tensor self)': floating('erf'),
  'erfc(Tensor self)': floating('erfc'),
  'isnan(Tensor self)': (call) => call.build.unary(call.tensor('self'), 'is_nan'),
  'isinf(Tensor self)': (call) => call.build.unary(call.tensor('self'), 'is_inf', 1, 1),
  'isposinf(Tensor self)': (call) => call.build.unary(call.tensor('self'), 'is_inf', 1, 0),
  'isneginf(Tensor self)': (call) => call.build.unary(call.tensor('self'), 'is_inf', 0, 1),
  'isfinite(Tensor self)': (call) => call.build.isFinite(call.tensor('self')),
  'heaviside(Tensor self, Tensor values)': heaviside,
};

/** For bool, bitwise logic is the logic of truth values; for integers it is not. */
function logicOfBool(fn: 'and' | 'or' | 'xor'): Translation {
  return (call) => {
    const [a, b] = [call.operand('self'), call.operand('other')];
    refuseBits(call, a, b);
    return arithmetic(call, fn, a, b, 'bool');
  };
}

function notOfBool(call: AtenCall): Result {
  refuseBits(call, call.operand('self'));
  return unary('not')(call);
}

function refuseBits(call: AtenCall, ...operands: readonly Operand[]): void {
  const found = operands.find((operand) => operand.type !== 'bool');
  if (found !== undefined)
    throw call.error('UNSUPPORTED_OP', `bitwise logic of ${found.type} is not supported, only of bool`);
}
