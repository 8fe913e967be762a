/** Elementwise functions that the reference computes in integers. */
import { literal, type Value } from '../../tensors/value.ts';
import type { TfliteCall, Translation, Translations } from '../call.ts';
import { elementwise } from '../ops/elementwise.ts';
import { elementType } from '../tensor.ts';
import { asFloat32, bounded, centred, dequantized, singleScale } from './convert.ts';
import { multiplied, multiplier } from './fixed-point.ts';
import { isByte, requireNumber, tabulated, throughFloats } from './through-floats.ts';

/** Converts to the scale of the result, clamped to the integers for the real bounds. */
function relu(name: string, low: number, high: number): Translation {
  return ofIntegers(name, (call, x) => {
    const { input, output } = scalesOf(call);
    const real = Math.fround(input.scale / output.scale);
    return bounded(
      call,
      multiplied(call.build, centred(call, x, input.zero), multiplier(real)),
      call.result(),
      low,
      high,
    );
  });
}

/** One multiplier on either side of zero. */
function leakyRelu(call: TfliteCall, x: Value): Value {
  const { build } = call;
  const { input, output } = scalesOf(call);
  const whole = centred(call, x, input.zero);
  const above = multiplied(build, whole, multiplier(Math.fround(input.scale / output.scale)));
  const slope = Math.fround(Math.fround(input.scale * call.float(0)) / output.scale);
  return either(call, whole, above, multiplied(build, whole, multiplier(slope)));
}

/** Like {@link leakyRelu}, with quantised slopes. */
function prelu(call: TfliteCall): Value {
  const { build } = call;
  const { input, output } = scalesOf(call);
  const slopes = singleScale(call, call.tensor(1));
  const whole = centred(call, call.input(0), input.zero);
  const above = multiplied(build, whole, multiplier(Math.fround(input.scale / output.scale)));
  const below = build.binary('mul', whole, centred(call, call.input(1), slopes.zero));
  const slope = Math.fround(Math.fround(input.scale * slopes.scale) / output.scale);
  return either(call, whole, above, multiplied(build, below, multiplier(slope)));
}

function either(call: TfliteCall, x: Value, above: Value, below: Value): Value {
  const isAbove = call.build.binary('greater_equal', x, literal('float64', [0]));
  return bounded(call, call.build.select(isAbove, above, below), call.result(), -Infinity, Infinity);
}

/** x·relu6(x + 3)/6 in 16 bits: x on a scale 128 times finer, times its relative position between −3 and 3. */
function hardSwish(call: TfliteCall, x: Value): Value {
  const { input, output } = scalesOf(call);
  const fine = Math.fround(Math.fround(1 / 128) * input.scale);
  const scaling = shortened(multiplier(Math.fround(fine / output.scale)));
  const way = shortened(multiplier(Math.fround(fine / Math.fround(3 / 32768))));
  if (scaling.exponent > 0) throw call.error('UNSUPPORTED_OP', 'the scale of the result is too fine');
  const whole = centred(call, x, input.zero);
  if (whole.kind === 'row') throw call.error('UNSUPPORTED_DTYPE', 'expected elements of 8 bits');
  const data = Float64Array.from(whole.data, (value) => {
    const steps = value * 128;
    let reached = steps;
    if (way.exponent > 0) reached = saturated(reached * 2 ** (way.exponent - 1));
    reached = highProduct(reached, way.fraction);
    if (way.exponent > 0) reached = saturated(reached * 2);
    if (way.exponent < 0) reached = divided(reached, -way.exponent);
    const share = (reached + 2 ** 15) >> 1;
    const product = Math.trunc((share * highProduct(steps, scaling.fraction)) / 2 ** 15);
    return divided(product, -scaling.exponent);
  });
  return bounded(call, { ...whole, data }, call.result(), -Infinity, Infinity);
}

/** The fraction as an integer of 15 bits. */
function shortened({ fraction, exponent }: { fraction: number; exponent: number }) {
  return { fraction: Math.min(Math.floor(fraction * 2 ** 15 + 0.5), 2 ** 15 - 1), exponent };
}

function saturated(x: number): number {
  return Math.min(Math.max(x, -(2 ** 15)), 2 ** 15 - 1);
}

/** a·b/2^15, rounded half up. */
function highProduct(a: number, b: number): number {
  return Math.floor((a * b) / 2 ** 15 + 0.5);
}

/** x/2^bits, rounded half away from zero. */
function divided(x: number, bits: number): number {
  const quotient = Math.abs(x) / 2 ** bits;
  return Math.sign(x) * Math.floor(quotient + 0.5);
}

/** The root of the real number in steps of the result's scale, of which the reference drops the fraction. */
function squareRoot(call: TfliteCall, x: Value): Value {
  const { build } = call;
  const real = asFloat32(build, dequantized(call, x, call.tensor(0)));
  const root = asFloat32(build, build.unary(real, 'sqrt'));
  const steps = asFloat32(build, build.binary('div', root, build.scalar(root, singleScale(call, call.result()).scale)));
  const whole = bounded(call, build.unary(steps, 'trunc'), call.result(), -Infinity, Infinity);
  return whole.kind === 'row' ? requireNumber(build, whole) : whole;
}

function scalesOf(call: TfliteCall) {
  return { input: singleScale(call, call.tensor(0)), output: singleScale(call, call.result()) };
}

/** By a table for elements of 8 bits, otherwise in real numbers. */
function ofBytes(name: string, fn: (call: TfliteCall, x: Value) => Value): Translation {
  const otherwise = throughFloats(elementwise[name]);
  return (call) => (isByte(call.tensor(0)) ? tabulated(call, fn) : otherwise(call));
}

/** Like {@link ofBytes}, but in the same arithmetic for elements of 16 bits. */
function ofIntegers(name: string, fn: (call: TfliteCall, x: Value) => Value): Translation {
  const otherwise = ofBytes(name, fn);
  return (call) => (elementType(call.tensor(0)) === 'int16' ? fn(call, call.input(0)) : otherwise(call));
}

export const functions: Translations = {
  RELU: relu('RELU', 0, Infinity),
  RELU6: relu('RELU6', 0, 6),
  RELU_N1_TO_1: relu('RELU_N1_TO_1', -1, 1),
  RELU_0_TO_1: relu('RELU_0_TO_1', 0, 1),
  LEAKY_RELU: ofIntegers('LEAKY_RELU', leakyRelu),
  HARD_SWISH: ofBytes('HARD_SWISH', hardSwish),
  PRELU: prelu,
  SQRT: ofIntegers('SQRT', squareRoot),
};
