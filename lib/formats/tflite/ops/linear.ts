/** Products with matrices. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { batchAxisOf, isMerged } from '../../tensors/emitter.ts';
import { multiply } from '../../tensors/products.ts';
import { type Constant, isFloat, type Value } from '../../tensors/value.ts';
import { activate } from '../activation.ts';
import type { TfliteCall, Translations } from '../call.ts';
import type { Product } from '../product.ts';
import { hybridProduct } from '../quantized/hybrid.ts';
import { integerProduct } from '../quantized/product.ts';

const FULLY_CONNECTED = { activation: 0, weightsFormat: 1, keepDims: 2, asymmetric: 3 } as const;
const BATCH_MATMUL = { adjointX: 0, adjointY: 1, asymmetric: 2 } as const;

/** x [..., K] times the matrix, in the arithmetic of the element types. */
function product(call: TfliteCall, x: Value, layer: Product): Value {
  if (!isFloat(x.type)) return integerProduct(call, x, layer);
  if (!isFloat(layer.weight.type)) return hybridProduct(call, x, layer);
  const { build } = call;
  const { weight, bias, activation } = layer;
  const flat = bias && build.reshaped(bias, [elementCount(bias.shape)]);
  const inside = flat?.kind === 'constant' ? flat : undefined;
  const sum = build.dense(x, weight, 'out-in', inside);
  return activate(call, flat && !inside ? build.binary('add', sum, flat) : sum, activation);
}

function fullyConnected(call: TfliteCall): Value {
  const weight = matrixOf(call);
  const format = call.choice(FULLY_CONNECTED.weightsFormat);
  if (format !== 0) throw call.error('UNSUPPORTED_OP', `weights in the shuffled format ${format} are not supported`);
  return product(call, rowsOf(call, call.input(0), weight.shape[1]), {
    weight,
    weightInput: 1,
    bias: call.inputs[2],
    isAsymmetric: call.flag(FULLY_CONNECTED.asymmetric),
    activation: call.choice(FULLY_CONNECTED.activation),
    isFixedPoint: false,
  });
}

function matrixOf(call: TfliteCall): Constant {
  const weight = call.constant(1);
  if (weight.shape.length === 2) return weight;
  throw call.error('SHAPE', `expected weights of two axes, found ${formatShape(weight.shape)}`);
}

/** The input as rows of `size` features; one row of the batch may become several. */
function rowsOf(call: TfliteCall, x: Value, size: number): Value {
  const { build } = call;
  const count = elementCount(x.shape) / size;
  if (x.shape.length === 0 && batchAxisOf(x) !== undefined)
    throw build.crossing('the features are on the axis of the batch');
  if (isMerged(x) || call.flag(FULLY_CONNECTED.keepDims)) {
    if (x.shape.at(-1) === size) return x;
  } else if (Number.isInteger(count) && count > 0) {
    if (batchAxisOf(x) === undefined) return build.reshaped(x, [count, size]);
    if (batchAxisOf(x) !== 0) throw build.crossing(`the batch is axis ${batchAxisOf(x)} of a layer's input`);
    return count === 1 ? build.reshaped(x, [size]) : build.reshaped(x, [count, size], 0, true);
  }
  throw call.error('SHAPE', `expected ${size} features, found rows of shape ${formatShape(x.shape)}`);
}

/** x·y if y is constant, or (yᵀ·xᵀ)ᵀ if x is. */
function batchMatMul(call: TfliteCall): Value {
  const [x, y] = [call.input(0), call.input(1)];
  const [adjointX, adjointY] = [call.flag(BATCH_MATMUL.adjointX), call.flag(BATCH_MATMUL.adjointY)];
  if ((x.kind === 'row' && y.kind === 'row') || [x, y].some(isStack)) {
    return ofStacks(call, adjointX ? swapLastTwo(call, x) : x, adjointY ? swapLastTwo(call, y) : y);
  }
  const layer = { isAsymmetric: call.flag(BATCH_MATMUL.asymmetric), activation: 0, isFixedPoint: true };
  if (y.kind === 'constant') {
    const weight = asMatrix(call, y, adjointY);
    return product(call, adjointX ? swapLastTwo(call, x) : x, { ...layer, weight, weightInput: 1 });
  }
  const weight = asMatrix(call, x as Constant, !adjointX);
  const result = product(call, adjointY ? y : swapLastTwo(call, y), { ...layer, weight, weightInput: 0 });
  return swapLastTwo(call, result);
}

function isStack(x: Value): boolean {
  return x.kind === 'constant' && x.shape.slice(0, -2).some((size) => size !== 1);
}

/** Products of floats where neither operand is a single constant matrix. */
function ofStacks(call: TfliteCall, x: Value, y: Value): Value {
  if (isFloat(x.type) && isFloat(y.type)) return multiply(call.build, x, y);
  throw call.error('UNSUPPORTED_OP', `a product of ${x.type} and ${y.type} is supported only with one constant matrix`);
}

/** A stack of one matrix as that matrix, [outputs, inputs]. */
function asMatrix(call: TfliteCall, weight: Constant, isOutputsFirst: boolean): Constant {
  const matrix = call.build.reshaped(weight, weight.shape.slice(-2));
  return isOutputsFirst ? matrix : (call.build.transpose(matrix, [1, 0]) as Constant);
}

function swapLastTwo(call: TfliteCall, x: Value): Value {
  const rank = call.build.rank(x);
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (rank < 2) throw call.error('SHAPE', 'expected a matrix, found fewer than two axes');
  return call.build.transpose(x, [...axes.slice(0, -2), rank - 1, rank - 2]);
}

export const linear: Translations = { FULLY_CONNECTED: fullyConnected, BATCH_MATMUL: batchMatMul };
