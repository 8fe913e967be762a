/** Softmax, batch normalisation and the reductions. */
import type { ReduceName } from '../../../graph/graph.ts';
import { elementCount, formatShape, sameShape } from '../../../graph/shapes.ts';
import { type Constant, constant } from '../../tensors/value.ts';
import type { TensorFlowCall, Translation, Translations } from '../call.ts';
import type { Row, Value } from '../value.ts';

/** The axes are constant; without any, the input is the result. */
function reduce(fn: ReduceName): Translation {
  return (call) => {
    const axes = call.numbers(1);
    const x = call.input(0);
    return axes.length === 0 ? x : call.build.reduce(x, fn, axes, call.flag('keep_dims'));
  };
}

function arg(fn: 'arg_max_number' | 'arg_min_number'): Translation {
  return (call) => {
    const found = call.build.reduce(call.input(0), fn, [call.number(1)], false);
    return { ...found, type: call.type('output_type', 'int64') };
  };
}

/** For inference: a scale and a shift per channel, computed in float64. */
function batchNorm(call: TensorFlowCall): readonly Value[] {
  if (call.flag('is_training', true)) return [layerNorm(call)];
  const { build } = call;
  const x = call.row(0);
  const rank = build.rank(x);
  const axis = build.ownAxis(x, isChannelsFirst(call) ? 1 : rank - 1);
  const epsilon = call.float('epsilon', 1e-4);
  const parameters = [1, 2, 3, 4].map((index) => call.constant(index));
  const size = x.shape[axis];
  for (const { shape } of parameters) {
    if (!sameShape(shape, [size])) {
      throw call.error('SHAPE', `expected ${size} numbers, one per channel, found ${formatShape(shape)}`);
    }
  }
  const [gamma, beta, mean, variance] = parameters.map(({ data }) => data);
  const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i] + epsilon));
  const shift = Float64Array.from(beta, (value, i) => value - mean[i] * scale[i]);
  const shape = [size, ...new Array<number>(x.shape.length - axis - 1).fill(1)];
  return [build.affine(x, constant(x.type, shape, scale), constant(x.type, shape, shift))];
}

/**
 * Keras 2 writes a layer normalisation as the training form of a batch normalisation whose channels are the rows. Scale
 * and shift are applied afterwards, and are 1 and 0 here.
 */
function layerNorm(call: TensorFlowCall): Value {
  const x = call.row(0);
  const [scale, shift] = [call.input(1), call.input(2)];
  if (!isChannelsFirst(call) || x.batchAxis !== 1 || !isAll(scale, 1) || !isAll(shift, 0)) {
    const message = 'the batch normalisation is in training mode; export the model for inference';
    throw call.error('UNSUPPORTED_OP', message);
  }
  const axis = x.merged ? 2 : 1;
  const [kept, inner] = [x.shape.slice(0, axis), x.shape.slice(axis)];
  const plain: Row = { ...x, merged: false, batchAxis: 0 };
  const flat = call.build.reshaped(plain, [...kept, elementCount(inner)]);
  const normal = call.build.layerNorm(flat, -1, call.float('epsilon', 1e-4));
  return { ...(call.build.reshaped(normal, x.shape) as Row), merged: x.merged, batchAxis: x.batchAxis };
}

function isAll(x: Value, value: number): boolean {
  const data = x.kind === 'constant' ? x.data : typeof x.operand === 'string' ? undefined : x.operand.data;
  return data?.every((element) => element === value) ?? false;
}

function isChannelsFirst(call: TensorFlowCall): boolean {
  return call.string('data_format', 'NHWC').startsWith('NC');
}

function truth(fn: ReduceName): Translation {
  return (call) => ({ ...(reduce(fn)(call) as Constant | Row), type: 'bool' });
}

export const normalization: Translations = {
  Softmax: (call) => call.build.softmax(call.input(0), -1, false),
  LogSoftmax: (call) => call.build.softmax(call.input(0), -1, true),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  Sum: reduce('sum'),
  Mean: reduce('mean'),
  Max: reduce('max'),
  Min: reduce('min'),
  Prod: reduce('prod'),
  EuclideanNorm: reduce('l2'),
  All: truth('min'),
  Any: truth('max'),
  ArgMax: arg('arg_max_number'),
  ArgMin: arg('arg_min_number'),
};
