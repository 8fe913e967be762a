/** Operators between numbers and their quantised integers: q = x / scale + zero point, rounded to nearest even. */
import { combine } from '../../../graph/combine.ts';
import { broadcastShapes, formatShape, sameShape } from '../../../graph/shapes.ts';
import { type Constant, constant, type ElementType, literal, narrowRange, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';
import { rememberOrigin } from '../dequantized.ts';
import { elementType } from '../element-types.ts';

/** How integers of a type represent numbers. Scale and zero point broadcast to the tensor. */
export interface Quantization {
  readonly scale: Value;
  readonly zeroPoint: Value | undefined;
  readonly type: ElementType;
}

/** round(x / scale) + zero point, clamped to the type. */
export function quantize(call: OnnxCall, x: Value, quantization: Quantization): Value {
  return toIntegers(call, call.build.binary('div', x, quantization.scale), quantization);
}

/** The same for values that are already divided by the scale. */
export function toIntegers(call: OnnxCall, x: Value, { zeroPoint, type }: Omit<Quantization, 'scale'>): Value {
  const { build } = call;
  const range = narrowRange(type);
  if (range === undefined) throw call.error('UNSUPPORTED_DTYPE', `expected integers of up to 16 bits, found ${type}`);
  const whole = build.unary(x, 'round');
  const shifted = isZero(call, zeroPoint) ? whole : build.binary('add', whole, asFloat(zeroPoint, x.type));
  return asType(build.unary(shifted, 'clip', ...range), type);
}

/** (q − zero point)·scale */
export function dequantize(call: OnnxCall, q: Value, { scale, zeroPoint }: Omit<Quantization, 'type'>): Value {
  const { build } = call;
  const whole = asFloat(q, scale.type);
  if (isZero(call, zeroPoint)) return build.binary('mul', whole, scale);
  if (q.kind !== 'constant' || zeroPoint.kind !== 'constant' || scale.kind !== 'constant') {
    return build.binary('mul', build.binary('sub', whole, asFloat(zeroPoint, scale.type)), scale);
  }
  return build.derive('dequantized', [q, scale, zeroPoint], q.data.length, () => {
    return build.binary('mul', centred(call, q, zeroPoint, scale.type), scale) as Constant;
  });
}

/** Integers minus their zero points, as a float type that represents them exactly. */
function centred(call: OnnxCall, q: Constant, zeroPoint: Constant, type: ElementType): Constant {
  const { build } = call;
  const shape = broadcastShapes(q.shape, zeroPoint.shape);
  const isExact = narrowRange(q.type) !== undefined && narrowRange(zeroPoint.type) !== undefined;
  if (!isExact || shape === undefined || !sameShape(shape, q.shape)) {
    return build.binary('sub', { ...q, type }, { ...zeroPoint, type }) as Constant;
  }
  return build.interim([q], q.data.length, () => {
    const data = new Float32Array(q.data.length);
    return constant(type, shape, combine('sub', [q, zeroPoint], shape, data));
  });
}

/** The same numbers as another type that represents them exactly. */
function asFloat(x: Value, type: ElementType): Value {
  return { ...x, type };
}

function asType(x: Value, type: ElementType): Value {
  return { ...x, type };
}

function isZero(call: OnnxCall, zeroPoint: Value | undefined): zeroPoint is undefined {
  if (zeroPoint?.kind !== 'constant') return zeroPoint === undefined;
  call.build.lookThrough(zeroPoint.data.length);
  return zeroPoint.data.every((value) => value === 0);
}

/** The scale and zero point at two inputs, one number each for the whole tensor. */
export function wholeTensor(call: OnnxCall, scaleIndex: number, type?: ElementType): Quantization {
  const scale = oneNumber(call, scaleIndex);
  const zeroPoint = call.has(scaleIndex + 1) ? oneNumber(call, scaleIndex + 1) : undefined;
  return { scale, zeroPoint, type: zeroPoint?.type ?? type ?? 'uint8' };
}

/** A scale or zero point of one number, whatever its shape. */
export function oneNumber(call: OnnxCall, index: number): Value {
  const value = call.input(index);
  if (value.shape.every((size) => size === 1)) return value.shape.length === 0 ? value : call.build.reshaped(value, []);
  throw call.error('SHAPE', `expected one number as input ${index}, found ${formatShape(value.shape)}`);
}

/** One number, one for each position along the axis, or since opset 21 one for each block of positions. */
function alongAxis(call: OnnxCall, x: Value): { scale: Value; zeroPoint: Value | undefined; axis: number | undefined } {
  const [scale, zeroPoint] = [call.input(1), call.inputs[2]];
  if (scale.shape.every((size) => size === 1)) {
    return { scale: oneNumber(call, 1), zeroPoint: zeroPoint && oneNumber(call, 2), axis: undefined };
  }
  const { build } = call;
  const rank = build.rank(x);
  const axis = build.axis(call.integer('axis', 1), rank);
  const block = call.integer('block_size', 0);
  const fitted = (value: Value) =>
    scale.shape.length === 1 && block === 0
      ? build.reshaped(value, [value.shape[0], ...new Array<number>(rank - axis - 1).fill(1)])
      : inBlocks(call, x, value, axis, block);
  return {
    scale: fitted(call.constant(1)),
    zeroPoint: zeroPoint && fitted(call.constant(2)),
    axis: block === 0 ? axis : undefined,
  };
}

/** Repeats the value of each block for its positions along the axis. */
function inBlocks(call: OnnxCall, x: Value, value: Value, axis: number, block: number): Value {
  const { build } = call;
  const length = x.shape[build.ownAxis(x, axis)];
  if (!(block >= 1) || build.rank(value) !== build.rank(x) || value.shape[axis] !== Math.ceil(length / block)) {
    const found = `${formatShape(value.shape)} for blocks of ${block}`;
    throw call.error('SHAPE', `expected a scale for each block of an axis of ${length}, found ${found}`);
  }
  return build.gather(
    value,
    axis,
    build.positionsOf(length, (i) => Math.floor(i / block)),
  );
}

/**
 * For a constant in blocks of equal size: adds an axis for the positions within a block, so that scales are not
 * repeated.
 */
function ofWholeBlocks(call: OnnxCall, q: Value) {
  const block = call.integer('block_size', 0);
  const [scale, zeroPoint] = [call.input(1), call.inputs[2]];
  const isKnown = q.kind === 'constant' && scale.kind === 'constant' && zeroPoint?.kind !== 'row';
  if (!isKnown || block < 1 || scale.shape.length !== q.shape.length) return undefined;
  const { build } = call;
  const axis = build.axis(call.integer('axis', 1), q.shape.length);
  const count = scale.shape[axis];
  const isWhole = count * block === q.shape[axis] && sameShape(scale.shape.with(axis, q.shape[axis]), q.shape);
  if (!isWhole || (zeroPoint !== undefined && !sameShape(zeroPoint.shape, scale.shape))) return undefined;
  const apart = (x: Constant, within: number) =>
    build.reshaped(x, [...x.shape.slice(0, axis), count, within, ...x.shape.slice(axis + 1)]);
  return { q: apart(q, block), scale: apart(scale, 1), zeroPoint: zeroPoint && apart(zeroPoint, 1) };
}

function quantizeLinear(call: OnnxCall): Value {
  const x = call.input(0);
  const { scale, zeroPoint } = alongAxis(call, x);
  const asked = call.integer('output_dtype', 0);
  const type = zeroPoint?.type ?? (asked === 0 ? 'uint8' : elementType(asked, call.build.place));
  return quantize(call, x, { scale, zeroPoint, type });
}

function dequantizeLinear(call: OnnxCall): Value {
  const q = call.input(0);
  const blocks = ofWholeBlocks(call, q);
  if (blocks !== undefined) return call.build.reshaped(dequantize(call, blocks.q, blocks), q.shape);
  const { scale, zeroPoint, axis } = alongAxis(call, q);
  const isBlocked = axis === undefined && scale.shape.length > 0;
  const value = dequantize(call, q, { scale, zeroPoint });
  if (scale.kind === 'constant' && zeroPoint?.kind !== 'row' && !isBlocked) {
    rememberOrigin(value, { integers: q, scale, zeroPoint, axis });
  }
  return value;
}

/**
 * The smallest range that includes zero and every value, in 256 steps. ONNX computes one for the whole batch; here each
 * row has its own, as in a batch of one.
 */
export function dynamicallyQuantized(call: OnnxCall, x: Value): { q: Value; scale: Value; zeroPoint: Value } {
  const { build } = call;
  const row = build.asRow(x);
  const all = row.shape.map((_, axis) => axis);
  const info = { type: row.type, shape: [], batchAxis: undefined };
  const least = build.emit('reduce', [row.operand], { fn: 'min', axes: all, keepDims: false }, info);
  const greatest = build.emit('reduce', [row.operand], { fn: 'max', axes: all, keepDims: false }, info);
  const [low, high] = [build.unary(least, 'clip', -Infinity, 0), build.unary(greatest, 'clip', 0, Infinity)];
  const range = build.binary('sub', high, low);
  const steps = build.binary('div', range, build.scalar(range, 255));
  const one = literal(row.type, [1]);
  const scale = build.select(build.binary('equal', range, build.scalar(range, 0)), one, steps);
  const start = build.unary(build.binary('div', low, scale), 'neg');
  const zeroPoint = asType(build.unary(build.unary(start, 'clip', 0, 255), 'round'), 'uint8');
  return { q: quantize(call, row, { scale, zeroPoint, type: 'uint8' }), scale, zeroPoint };
}

function dynamicQuantizeLinear(call: OnnxCall): Value[] {
  const { q, scale, zeroPoint } = dynamicallyQuantized(call, call.input(0));
  return [q, scale, zeroPoint];
}

export const quantizing: Translations = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
};

/** Operators on quantised integers: they dequantise, compute and quantise again. */
type OnNumbers = (call: OnnxCall, operands: readonly Value[]) => Value;

/** com.microsoft: `count` operands, each with a scale and zero point, then those of the result. */
function quantized(count: number, apply: OnNumbers) {
  return (call: OnnxCall): Value => {
    const operands = Array.from({ length: count }, (_, i) => operand(call, 3 * i));
    return quantize(call, apply(call, operands), wholeTensor(call, 3 * count, call.input(0).type));
  };
}

function operand(call: OnnxCall, index: number): Value {
  return dequantize(call, call.input(index), wholeTensor(call, index + 1));
}

function quantizedConcat(call: OnnxCall): Value {
  const parts = Array.from({ length: Math.floor((call.inputs.length - 2) / 3) }, (_, i) => operand(call, 2 + 3 * i));
  if (parts.length === 0) throw call.error('MALFORMED', 'expected at least one input, found none');
  return quantize(call, call.build.concat(parts, call.integer('axis', 0)), wholeTensor(call, 0));
}

function quantizedSelect(call: OnnxCall): Value {
  const chosen = call.build.select(call.input(0), operand(call, 1), operand(call, 4));
  return quantize(call, chosen, wholeTensor(call, 7));
}

/**
 * As onnxruntime computes it: a share is counted in whole steps of the result's scale, and the remainder is dropped.
 * Before opset 13, given by an attribute, the axes from `axis` on are merged into one.
 */
function quantizedSoftmax(call: OnnxCall): Value {
  const { build } = call;
  const x = operand(call, 0);
  const isOld = call.integer('opset', 13) < 13;
  const axis = build.axis(call.integer('axis', isOld ? 1 : -1), build.rank(x));
  if (isOld && axis !== build.rank(x) - 1) {
    throw call.error('UNSUPPORTED_OP', 'a quantised softmax over several axes is not supported');
  }
  const steps = Math.floor(Math.fround(1 / (call.number(3) ?? 1)));
  const shares = build.softmax(x, axis, false);
  return toIntegers(
    call,
    build.binary('mul', shares, build.scalar(shares, steps)),
    wholeTensor(call, 3, call.input(0).type),
  );
}

export const microsoftQuantizing: Translations = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  QLinearAdd: quantized(2, (call, [a, b]) => call.build.binary('add', a, b)),
  QLinearMul: quantized(2, (call, [a, b]) => call.build.binary('mul', a, b)),
  QLinearSigmoid: quantized(1, (call, [x]) => call.build.unary(x, 'sigmoid')),
  QLinearLeakyRelu: quantized(1, (call, [x]) => call.build.unary(x, 'leaky_relu', call.float('alpha', 0.01))),
  QLinearSoftmax: quantizedSoftmax,
  QLinearConcat: quantizedConcat,
  QLinearWhere: quantizedSelect,
};
