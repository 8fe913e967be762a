/** Products with matrices of integers. */
import { formatShape } from '../../../graph/shapes.ts';
import type { Constant, Numbers, Row, Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';
import { scaledBy } from '../dequantized.ts';
import { type IntegerMatrix, integerProduct } from '../integer-product.ts';
import { matMulNBits } from './n-bits.ts';
import { dynamicallyQuantized, oneNumber, type Quantization, toIntegers, wholeTensor } from './quantize.ts';

/** Σ (a − its zero point)·(b − its zero point), where b is constant; the zero points are optional. */
function productOf(call: OnnxCall, at: { a: number; aZero: number; b: number; bZero: number }): Row {
  const zeroPoint = call.has(at.aZero) ? oneNumber(call, at.aZero) : undefined;
  return integerProduct(call.build, integers(call, at.a), zeroPoint, matrixOf(call, at.b, at.bZero));
}

function integers(call: OnnxCall, index: number): Row {
  const x = call.input(index);
  if (x.kind === 'constant') {
    throw call.error('UNSUPPORTED_OP', 'a constant matrix of integers on the left is not a dense layer');
  }
  if (x.type === 'int8' || x.type === 'uint8') return x;
  throw call.error('UNSUPPORTED_DTYPE', `expected int8 or uint8 as input ${index}, found ${x.type}`);
}

function matrixOf(call: OnnxCall, index: number, zeroPointIndex: number, layout: IntegerMatrix['layout'] = 'in-out') {
  const weight = call.constant(index);
  if (weight.shape.length !== 2) {
    throw call.error(
      'UNSUPPORTED_OP',
      `expected a single matrix as input ${index}, found ${formatShape(weight.shape)}`,
    );
  }
  const outputs = weight.shape[layout === 'in-out' ? 1 : 0];
  const zeroPoints = call.has(zeroPointIndex) ? call.constant(zeroPointIndex).data : new Float32Array(1);
  if (zeroPoints.length !== 1 && zeroPoints.length !== outputs) {
    throw call.error('SHAPE', `expected one zero point, or ${outputs}, found ${zeroPoints.length}`);
  }
  return { weight, layout, zeroPoints } satisfies IntegerMatrix;
}

function quantizedMatMul(call: OnnxCall): Value {
  const sum = productOf(call, { a: 0, aZero: 2, b: 3, bZero: 5 });
  return requantized(call, sum, wholeTensor(call, 1).scale, call.constant(4), wholeTensor(call, 6));
}

/** com.microsoft: sums and bias in int32, quantised again if the result has a scale. */
function quantizedGemm(call: OnnxCall): Value {
  const { build } = call;
  if (call.flag('transA', false)) throw call.error('UNSUPPORTED_OP', 'transA is not supported');
  const matrix = matrixOf(call, 3, 5, call.flag('transB', false) ? 'out-in' : 'in-out');
  const { scale, zeroPoint } = wholeTensor(call, 1);
  const bias = call.has(6) ? biasOf(call, call.constant(6), matrix) : undefined;
  const sum = integerProduct(build, integers(call, 0), zeroPoint, { ...matrix, bias });
  const scaled = build.binary('mul', scale, build.scalar(scale, call.float('alpha', 1)));
  if (!call.has(7)) return scaledBy(build, sum, scaled, call.constant(4));
  return requantized(call, sum, scaled, call.constant(4), wholeTensor(call, 7));
}

/** Sums times (scale·weight scale / scale of the result), which is rounded to one factor first. */
function requantized(call: OnnxCall, sum: Row, scale: Value, weightScale: Constant, result: Quantization): Value {
  const factor = call.build.binary('div', weightScale, result.scale);
  const scaled = scaledBy(call.build, sum, scale, factor as Constant);
  return toIntegers(call, scaled, result);
}

/** One number for each output, the same for every row. */
function biasOf(call: OnnxCall, c: Constant, { weight, layout }: IntegerMatrix): Numbers {
  const outputs = weight.shape[layout === 'in-out' ? 1 : 0];
  if (c.shape.slice(0, -1).some((size) => size !== 1)) {
    throw call.build.crossing(`a bias of shape ${formatShape(c.shape)} differs between rows`);
  }
  return call.build.expanded(call.build.reshaped(c, c.shape.slice(-1)), [outputs]).data;
}

/** com.microsoft */
function matMulIntegerToFloat(call: OnnxCall): Value {
  const sum = productOf(call, { a: 0, aZero: 4, b: 1, bZero: 5 });
  return withBias(call, scaledBy(call.build, sum, oneNumber(call, 2), call.constant(3)), 6);
}

/** com.microsoft: each row is quantised when the layer reads it. */
function dynamicQuantizeMatMul(call: OnnxCall): Value {
  const { q, scale, zeroPoint } = dynamicallyQuantized(call, call.input(0));
  const sum = integerProduct(call.build, q as Row, zeroPoint, matrixOf(call, 1, 3));
  return withBias(call, scaledBy(call.build, sum, scale, call.constant(2)), 4);
}

function withBias(call: OnnxCall, product: Value, index: number): Value {
  return call.has(index) ? call.build.binary('add', product, call.input(index)) : product;
}

export const integerLinear: Translations = {
  MatMulInteger: (call) => productOf(call, { a: 0, aZero: 2, b: 1, bZero: 3 }),
  QLinearMatMul: quantizedMatMul,
};

export const microsoftIntegerLinear: Translations = {
  QGemm: quantizedGemm,
  MatMulIntegerToFloat: matMulIntegerToFloat,
  DynamicQuantizeMatMul: dynamicQuantizeMatMul,
  MatMulNBits: matMulNBits,
};
