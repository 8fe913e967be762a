/**
 * Layers with integer weights and real inputs: each row is quantised, multiplied in integers, and scaled back. Every
 * step is rounded to float32, because the last bit may decide.
 */
import { type Constant, constant, type Row, type Value } from '../../tensors/value.ts';
import { activate } from '../activation.ts';
import type { TfliteCall } from '../call.ts';
import type { Product } from '../product.ts';
import { roundAway } from './fixed-point.ts';
import { weightsOf } from './product.ts';

/** A row's integers minus their zero point, and the scale. */
interface QuantizedRows {
  readonly whole: Value;
  readonly scale: Value;
}

export function hybridProduct(call: TfliteCall, x: Value, layer: Product): Value {
  const { build } = call;
  const row = build.asRow(x);
  const { matrix, scales } = weightsOf(call, layer);
  const { whole, scale } = layer.isAsymmetric ? withZeroPoint(call, row) : aroundZero(call, row);
  const sums = build.dense(whole, matrix, 'out-in');
  const scaled = build.binary('mul', build.binary('mul', sums, scale), scales);
  const result = layer.bias ? build.binary('add', scaled, layer.bias) : scaled;
  return activate(call, result, layer.activation);
}

/** −127 to 127, where 127 is the greatest magnitude of the row. */
function aroundZero(call: TfliteCall, x: Row): QuantizedRows {
  const { build } = call;
  const greatest = notZero(call, build.reduce(build.unary(x, 'abs'), 'max', [-1], true), 127);
  const inverse = build.binary('div', number(127), greatest);
  const whole = roundAway(build, build.binary('mul', x, inverse));
  return { whole: build.unary(whole, 'clip', -127, 127), scale: build.binary('div', greatest, number(127)) };
}

/** −128 to 127, one of which represents 0. */
function withZeroPoint(call: TfliteCall, x: Row): QuantizedRows {
  const { build } = call;
  const least = build.unary(build.reduce(x, 'min', [-1], true), 'clip', -Infinity, 0);
  const greatest = build.unary(build.reduce(x, 'max', [-1], true), 'clip', 0, Infinity);
  const scale = build.binary('div', notZero(call, build.binary('sub', greatest, least), 255), number(255));
  const zero = zeroPoint(call, build.binary('div', least, scale), build.binary('div', greatest, scale));
  const inverse = build.binary('div', number(1), scale);
  const whole = build.binary('add', roundAway(build, build.binary('mul', x, inverse)), zero);
  return { whole: build.binary('sub', build.unary(whole, 'clip', -128, 127), zero), scale };
}

/** Computed from both ends of the row; the one with the smaller error is used. */
function zeroPoint(call: TfliteCall, least: Value, greatest: Value): Value {
  const { build } = call;
  const loss = (end: Value, bound: number) => build.binary('add', build.unary(end, 'abs'), number(bound));
  const isLeast = build.binary('less', loss(least, 128), loss(greatest, 127));
  const fromLeast = build.binary('sub', number(-128), least);
  const exact = build.select(isLeast, fromLeast, build.binary('sub', number(127), greatest));
  return roundAway(build, build.unary(exact, 'clip', -128, 127));
}

/** Replaces 0, so that a row of zeros can be divided. */
function notZero(call: TfliteCall, x: Value, otherwise: number): Value {
  return call.build.select(call.build.binary('equal', x, number(0)), number(otherwise), x);
}

function number(value: number): Constant {
  return constant('float32', [], Float32Array.of(value));
}
