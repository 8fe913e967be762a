/** Softmax and related operators, and layers that normalise a row. */
import { elementCount, formatShape, sameShape } from '../../../graph/shapes.ts';
import { oneHot } from '../../tensors/picking.ts';
import { type Constant, constant, type Row, range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

const COERCED_BEFORE = 13;

/** Before opset 13 the axes from `axis` on are merged into one, and `axis` defaults to 1; since then it is the last. */
function alongOneAxis(call: OnnxCall, apply: (x: Value, axis: number) => Value): Value {
  const { build } = call;
  const x = call.input(0);
  const rank = build.rank(x);
  const coerced = call.opset < COERCED_BEFORE;
  const axis = build.axis(call.integer('axis', coerced ? 1 : -1), rank);
  if (!coerced || axis === rank - 1) return apply(x, axis);
  const own = build.ownAxisToEnd(x, axis);
  const flat = build.reshaped(x, [...x.shape.slice(0, own), elementCount(x.shape.slice(own))]);
  return build.reshaped(apply(flat, axis), x.shape);
}

function softmax(call: OnnxCall, log: boolean): Value {
  return alongOneAxis(call, (x, axis) => call.build.softmax(x, axis, log));
}

/** 1 at the first maximum, which is never NaN, and 0 elsewhere. */
function hardmax(call: OnnxCall): Value {
  return alongOneAxis(call, (x, axis) => {
    const first = call.build.asRow(call.build.reduce(x, 'arg_max_number', [axis], false));
    const depth = x.shape[call.build.ownAxis(x, axis)];
    return oneHot(call.build, first, axis, { depth, off: 0, on: 1, type: x.type, wrap: true });
  });
}

function layerNormalization(call: OnnxCall): Value[] {
  const [, scale, shift] = call.inputs;
  const [x, axis, epsilon] = [call.row(0), call.integer('axis', -1), call.float('epsilon', 1e-5)];
  const normal = call.build.layerNorm(x, axis, epsilon, scale, shift);
  return call.outputCount === 1 ? [normal] : [normal, ...moments(call, x, axis, epsilon)];
}

/** The mean, and the inverse of the standard deviation. */
function moments(call: OnnxCall, x: Row, axis: number, epsilon: number): Value[] {
  const { build } = call;
  const rank = build.rank(x);
  const axes = range(build.axis(axis, rank), rank, 1);
  const mean = build.reduce(x, 'mean', axes, true);
  const variance = build.reduce(build.unary(build.binary('sub', x, mean), 'square'), 'mean', axes, true);
  const deviation = build.unary(build.binary('add', variance, build.scalar(x, epsilon)), 'sqrt');
  return [mean, build.unary(deviation, 'reciprocal')];
}

function rmsNormalization(call: OnnxCall): Value {
  return call.build.rmsNorm(call.row(0), call.integer('axis', -1), call.float('epsilon', 1e-5), call.inputs[1]);
}

/** com.microsoft: normalises a sum over the last axis; the sum is the fourth output. */
function skipLayerNormalization(call: OnnxCall): Value[] {
  const [, , scale, shift] = call.inputs;
  const [sum, epsilon] = [skipSum(call, 4), call.float('epsilon', 1e-12)];
  const normal = call.build.layerNorm(sum, -1, epsilon, scale, shift);
  return [normal, ...moments(call, sum, -1, epsilon), sum];
}

/** Without subtracting the mean, and without a shift. The second and third outputs are for training. */
function skipSimplifiedLayerNormalization(call: OnnxCall): (Value | undefined)[] {
  const sum = skipSum(call, 3);
  const normal = call.build.rmsNorm(sum, -1, call.float('epsilon', 1e-12), call.inputs[2]);
  return [normal, undefined, undefined, sum];
}

function skipSum(call: OnnxCall, bias: number): Row {
  const sum = call.build.binary('add', call.row(0), call.input(1));
  return call.build.asRow(call.has(bias) ? call.build.binary('add', sum, call.input(bias)) : sum);
}

/** A constant per channel (axis 1 of `x`), shaped so that it broadcasts to the row. */
function perChannel(call: OnnxCall, x: Row, channels: Constant): Constant {
  const spatial = x.shape.length - axisOfChannels(call, x) - 1;
  if (channels.shape.length !== 1)
    throw call.error('SHAPE', `expected one number per channel, found ${formatShape(channels.shape)}`);
  return call.build.reshaped(channels, [channels.shape[0], ...new Array<number>(spatial).fill(1)]);
}

function axisOfChannels(call: OnnxCall, x: Row): number {
  return call.build.ownAxis(x, 1);
}

function instanceNormalization(call: OnnxCall): Value {
  const x = call.row(0);
  const normal = call.build.layerNorm(x, 2, call.float('epsilon', 1e-5));
  return call.build.affine(normal, perChannel(call, x, call.constant(1)), perChannel(call, x, call.constant(2)));
}

/** scale and shift: one number per group before opset 21, per channel since. */
function groupNormalization(call: OnnxCall): Value {
  const { build } = call;
  const x = call.row(0);
  const axis = axisOfChannels(call, x);
  const groups = call.integer('num_groups', 0);
  const channels = x.shape[axis];
  if (groups < 1 || channels % groups !== 0) {
    throw call.error('SHAPE', `expected num_groups to divide the ${channels} channels, found ${groups}`);
  }
  const grouped = build.reshaped(x, [...x.shape.slice(0, axis), groups, elementCount(x.shape.slice(axis)) / groups]);
  const normal = build.reshaped(build.layerNorm(grouped, 2, call.float('epsilon', 1e-5)), x.shape);
  const parameters = [1, 2].map((index) => {
    const given = call.constant(index);
    if (call.opset >= 21) return perChannel(call, x, given);
    const each = build.positionsOf(channels, (channel) => Math.floor((channel * groups) / channels));
    return perChannel(call, x, build.gather(given, 0, each) as Constant);
  });
  return build.affine(normal, parameters[0], parameters[1]);
}

/**
 * For inference: a scale and a shift, computed in float64, per channel or (before opset 9, with `spatial` 0) per
 * element of the row. Before opset 7, `is_test` marks inference.
 */
function batchNormalization(call: OnnxCall): Value {
  if (call.opset < 7 ? !call.flag('is_test', false) : call.flag('training_mode', false)) {
    throw call.error('UNSUPPORTED_OP', 'batch normalisation is in training mode; export the model for inference');
  }
  const { build } = call;
  const x = call.row(0);
  const epsilon = call.float('epsilon', 1e-5);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => call.constant(index));
  const isPerChannel = call.flag('spatial', true);
  const expected = isPerChannel ? [x.shape[axisOfChannels(call, x)]] : x.shape;
  for (const { shape } of [gamma, beta, mean, variance]) {
    if (!sameShape(shape, expected)) {
      throw call.error('SHAPE', `expected parameters of shape ${formatShape(expected)}, found ${formatShape(shape)}`);
    }
  }
  const size = elementCount(expected);
  build.spend(2 * size);
  const scale = new Float64Array(size);
  const shift = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    scale[i] = gamma.data[i] / Math.sqrt(variance.data[i] + epsilon);
    shift[i] = beta.data[i] - mean.data[i] * scale[i];
  }
  const [scales, shifts] = [scale, shift].map((data) => {
    const parameters = constant(x.type, expected, data);
    return isPerChannel ? perChannel(call, x, parameters) : parameters;
  });
  return build.affine(x, scales, shifts);
}

function lpNormalization(call: OnnxCall): Value {
  const p = call.integer('p', 2);
  if (p !== 1 && p !== 2) throw call.error('MALFORMED', `expected p to be 1 or 2, found ${p}`);
  return call.build.normalize(call.row(0), call.integer('axis', -1), p === 1 ? 'l1' : 'l2');
}

/** (x − mean)/(standard deviation + 1e-9), as the operator is defined. */
function meanVarianceNormalization(call: OnnxCall): Value {
  if (call.opset < 9)
    throw call.error('UNSUPPORTED_VERSION', 'the experimental operator before opset 9 is not supported');
  const { build } = call;
  const x = call.input(0);
  const axes = call.integers('axes') ?? [0, 2, 3];
  const centred = build.binary('sub', x, build.reduce(x, 'mean', axes, true));
  const deviation = build.unary(build.reduce(build.unary(centred, 'square'), 'mean', axes, true), 'sqrt');
  return build.binary('div', centred, build.binary('add', deviation, build.scalar(x, 1e-9)));
}

export const normalization: Translations = {
  Softmax: (call) => softmax(call, false),
  LogSoftmax: (call) => softmax(call, true),
  Hardmax: hardmax,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  SimplifiedLayerNormalization: rmsNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  BatchNormalization: batchNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
};

export const microsoftNormalization: Translations = {
  SkipLayerNormalization: skipLayerNormalization,
  SkipSimplifiedLayerNormalization: skipSimplifiedLayerNormalization,
};
