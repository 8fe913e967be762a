/** Converts quantised integers to the real numbers that they represent, and back. */
import { constant, type ElementType, isFloat, type Value } from '../../tensors/value.ts';
import type { LiteBuilder } from '../builder.ts';
import type { TfliteCall } from '../call.ts';
import type { Quantization, TensorInfo } from '../model.ts';
import { elementType } from '../tensor.ts';
import { roundAway } from './fixed-point.ts';

/** The least and the greatest element of a quantised type. */
export function rangeOf(call: TfliteCall, type: ElementType): readonly [least: number, greatest: number] {
  switch (type) {
    case 'int8':
      return [-128, 127];
    case 'uint8':
      return [0, 255];
    case 'int16':
      return [-32768, 32767];
    case 'uint16':
      return [0, 65535];
    case 'int32':
      return [-(2 ** 31), 2 ** 31 - 1];
    default:
      throw call.error('UNSUPPORTED_DTYPE', `expected integers of 8, 16 or 32 bits, found ${type}`);
  }
}

/** The only scale and zero point of a tensor. */
export function singleScale(call: TfliteCall, info: TensorInfo): { scale: number; zero: number } {
  const { scales, zeroPoints } = call.quantization(info);
  if (scales.length === 1) return { scale: scales[0], zero: zeroPoints[0] };
  throw call.error('UNSUPPORTED_DTYPE', `${info.place} has ${scales.length} scales; expected one here`);
}

/** Scales and zero points as constants that broadcast to the tensor. */
function broadcasting(call: TfliteCall, info: TensorInfo, { scales, zeroPoints, axis }: Quantization) {
  if (scales.length > 1 && info.shape[axis] !== scales.length) {
    throw call.error('SHAPE', `${scales.length} scales for axis ${axis} of ${info.place}`);
  }
  const rank = info.shape.length;
  const shape = scales.length === 1 ? [] : new Array<number>(rank - axis).fill(1).with(0, scales.length);
  const [scale, zero] = [scales, zeroPoints].map((values) => constant('float32', shape, Float64Array.from(values)));
  return { scale, zero };
}

/** scale·(x − zero point) */
export function dequantized(call: TfliteCall, x: Value, info: TensorInfo): Value {
  const { build } = call;
  const quantization = call.quantization(info);
  const { scale, zero } = broadcasting(call, info, quantization);
  const real: Value = { ...x, type: 'float32' };
  const isCentred = quantization.zeroPoints.every((zeroPoint) => zeroPoint === 0);
  return build.binary('mul', isCentred ? real : build.binary('sub', real, zero), scale);
}

/** x divided by the scale in float32, rounded to nearest, with the zero point added, clamped to the type. */
export function quantized(call: TfliteCall, x: Value, info: TensorInfo): Value {
  const { build } = call;
  const { scale } = singleScale(call, info);
  // Of an infinity the splitting would make NaN.
  const finite = build.unary(x, 'clip', -GREATEST_FLOAT32, GREATEST_FLOAT32);
  const quotient = build.binary('div', asFloat32(build, finite), build.scalar(x, scale));
  return shifted(call, asFloat32(build, quotient), info);
}

const GREATEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/** Rounded, with the zero point added, clamped to the type and to the range of a fused activation. */
export function shifted(call: TfliteCall, x: Value, info: TensorInfo): Value {
  const { build } = call;
  const type = elementType(info);
  const { zero } = singleScale(call, info);
  const [least, greatest] = rangeOf(call, type);
  const within = build.unary(x, 'clip', least - zero, greatest - zero);
  const whole = roundAway(build, within);
  return { ...(zero === 0 ? whole : build.binary('add', whole, build.scalar(whole, zero))), type };
}

/** Integers with the zero point added, clamped to the integers for real bounds. */
export function bounded(call: TfliteCall, x: Value, info: TensorInfo, low: number, high: number): Value {
  const { build } = call;
  const type = elementType(info);
  const { scale, zero } = singleScale(call, info);
  const [least, greatest] = rangeOf(call, type);
  const [from, to] = [low, high].map((real) => {
    return Math.min(Math.max(zero + away(Math.fround(real / scale)), least), greatest);
  });
  const within = build.unary(x, 'clip', from - zero, to - zero);
  return { ...(zero === 0 ? within : build.binary('add', within, build.scalar(within, zero))), type };
}

/** Integers minus their zero point. */
export function centred(call: TfliteCall, x: Value, zero: number): Value {
  const whole: Value = { ...x, type: 'float64' };
  return zero === 0 ? whole : call.build.binary('sub', whole, call.build.scalar(whole, zero));
}

function away(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

/** In float64 computation, rounds to float32: Dekker's splitting, which keeps 24 of 53 bits. */
export function asFloat32(build: LiteBuilder, x: Value): Value {
  if (!isFloat(x.type)) return x;
  if (x.kind === 'constant') return { ...x, data: Float32Array.from(x.data) };
  build.needDouble();
  const spread = build.binary('mul', x, build.scalar({ ...x, type: 'float64' }, 2 ** 29 + 1));
  return build.binary('sub', spread, build.binary('sub', spread, x));
}
