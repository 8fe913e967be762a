/** Layers that normalise a row. */
import { elementCount, formatShape, sameShape } from '../../../graph/shapes.ts';
import { type Constant, constant, type Row, type Value } from '../../tensors/value.ts';
import type { AtenCall, Translation, Translations } from '../call.ts';
import { combine } from './arithmetic.ts';

const TRAINING = 'is in training mode; call eval() on the model before it is saved';

/** Batch norm over the channels (axis 1): a scale and a shift, computed in float64. */
function normalizeBatch(call: AtenCall): Value {
  const x = call.row('input');
  const [mean, variance] = ['running_mean', 'running_var'].map((name) => call.optional(name));
  if (mean === undefined || variance === undefined) {
    throw call.error(
      'UNSUPPORTED_OP',
      'batch normalisation without running statistics mixes the rows of a batch; call eval() on the model before it is saved',
    );
  }
  const channels = channelsOf(call, x);
  const [weight, bias] = ['weight', 'bias'].map((name) => call.optional(name));
  for (const parameter of [mean, variance, weight, bias]) {
    if (parameter !== undefined) checkPerChannel(call, parameter, channels);
  }
  const epsilon = call.number('eps');
  call.build.spend(2 * channels);
  const [scale, shift] = [new Float64Array(channels), new Float64Array(channels)];
  for (let i = 0; i < channels; i++) {
    scale[i] = numberAt(weight, i, 1) / Math.sqrt(numberAt(variance, i, 1) + epsilon);
    shift[i] = numberAt(bias, i, 0) - numberAt(mean, i, 0) * scale[i];
  }
  const [scales, shifts] = [scale, shift].map((data) => alongChannels(call, x, constant(x.type, [channels], data)));
  return call.build.affine(x, scales, shifts);
}

function numberAt(parameter: Value | undefined, index: number, otherwise: number): number {
  return parameter?.kind === 'constant' ? parameter.data[index] : otherwise;
}

function channelsOf(call: AtenCall, x: Row): number {
  return x.shape[call.build.ownAxis(x, 1)];
}

function checkPerChannel(call: AtenCall, parameter: Value, channels: number): void {
  if (parameter.kind === 'row') throw call.error('UNSUPPORTED_OP', 'the parameters depend on the input');
  const found = parameter.shape[0] ?? 0;
  if (parameter.shape.length !== 1) {
    throw call.error('SHAPE', `expected one number per channel, found ${formatShape(parameter.shape)}`);
  }
  call.match(channels, found, `expected ${found} channels, found ${channels}`);
}

/** One number per channel, shaped so that it broadcasts to the row. */
function alongChannels<V extends Value>(call: AtenCall, x: Row, parameter: V): V {
  const spatial = x.shape.length - call.build.ownAxis(x, 1) - 1;
  return call.build.reshaped(parameter, [...parameter.shape, ...Array<number>(spatial).fill(1)]);
}

/** `training` names the flag, or is undefined if the operator is only for inference. */
function batchNorm(training?: string): Translation {
  return (call) => {
    if (training !== undefined && call.flag(training)) {
      throw call.error('UNSUPPORTED_OP', `batch normalisation ${TRAINING}`);
    }
    return normalizeBatch(call);
  };
}

/** The result, without the statistics that inference has no use for. */
function first(translation: Translation): Translation {
  return (call) => [translation(call)];
}

/** The axis where the normalised shape begins. */
function checkNormalizedShape(call: AtenCall, x: Row): number {
  const expected = call.integers('normalized_shape');
  const found = x.shape.slice(x.shape.length - expected.length);
  if (expected.length > x.shape.length || expected.length === 0) {
    throw call.error('SHAPE', `expected rows that end in ${formatShape(expected)}, found ${formatShape(x.shape)}`);
  }
  const message = `expected rows that end in ${formatShape(expected)}, found ${formatShape(found)}`;
  call.match(elementCount(found), elementCount(expected), message);
  if (!sameShape(found, expected)) throw call.error('SHAPE', message);
  return call.build.rank(x) - expected.length;
}

function layerNorm(call: AtenCall): Value {
  const x = call.row('input');
  const axis = checkNormalizedShape(call, x);
  return call.build.layerNorm(x, axis, call.number('eps'), call.optional('weight'), call.optional('bias'));
}

/** If no epsilon is given, that of the element type. */
function rmsNorm(call: AtenCall): Value {
  const x = call.row('input');
  const axis = checkNormalizedShape(call, x);
  const epsilon = call.has('eps') ? call.number('eps') : (EPSILONS[x.type] ?? EPSILONS.float32);
  return call.build.rmsNorm(x, axis, epsilon, call.optional('weight'));
}

const EPSILONS: Readonly<Record<string, number>> = {
  float64: Number.EPSILON,
  float32: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

/** Groups of channels of one row, each normalised separately. */
function groupNorm(call: AtenCall, groups: number): Value {
  const { build } = call;
  const x = call.row('input');
  const channels = channelsOf(call, x);
  if (!(groups >= 1) || channels % groups !== 0) {
    throw call.error('SHAPE', `expected the groups to divide the ${channels} channels, found ${groups}`);
  }
  const own = build.ownAxis(x, 1);
  const grouped = build.reshaped(x, [...x.shape.slice(0, own), groups, elementCount(x.shape.slice(own)) / groups]);
  const normal = build.reshaped(build.layerNorm(grouped, 2, call.number('eps')), x.shape);
  const [weight, bias] = ['weight', 'bias'].map((name) => {
    const parameter = call.optional(name);
    if (parameter === undefined) return undefined;
    checkPerChannel(call, parameter, channels);
    return alongChannels(call, x, parameter as Constant);
  });
  const scaled = weight ? build.binary('mul', normal, weight) : normal;
  return bias ? build.binary('add', scaled, bias) : scaled;
}

/** Each channel separately; with running statistics it would be a batch norm. */
function instanceNorm(call: AtenCall): Value {
  if (!call.flag('use_input_stats')) return normalizeBatch(call);
  const x = call.row('input');
  if (x.shape.length < 2)
    throw call.error('SHAPE', `expected channels of several numbers, found ${formatShape(x.shape)}`);
  return groupNorm(call, channelsOf(call, x));
}

/** Σ(x − mean)²/(n − correction) over the axes, or its square root; with the mean as a second result if `withMean`. */
function variance(correction: (call: AtenCall) => number, root: boolean, withMean: boolean): Translation {
  return (call) => {
    const { build } = call;
    const x = call.floating('self');
    const axes = call.axes('dim', x);
    const keepDims = call.flag('keepdim');
    const count = elementCount(axes.map((axis) => x.shape[build.ownAxis(x, axis)]));
    const mean = build.reduce(x, 'mean', axes, true);
    const squares = build.reduce(build.unary(combine(call, 'sub', x, mean), 'square'), 'sum', axes, keepDims);
    const divided = build.binary('div', squares, build.scalar(squares, Math.max(count - correction(call), 0)));
    const spread = root ? build.unary(divided, 'sqrt') : divided;
    return withMean ? [spread, keepDims ? mean : build.reduce(x, 'mean', axes, false)] : spread;
  };
}

/** The correction, 1 by default. */
const correction = (call: AtenCall) => (call.has('correction') ? call.number('correction') : 1);
const unbiased = (call: AtenCall) => (call.flag('unbiased') ? 1 : 0);

/** The forms of one operator. */
function variances(name: string, root: boolean, withMean: boolean): [string, Translation][] {
  const by = (correct: (call: AtenCall) => number) => variance(correct, root, withMean);
  return [
    [`${name}(Tensor self, bool unbiased=True)`, by(unbiased)],
    [`${name}(Tensor self, int[]? dim, bool unbiased=True, bool keepdim=False)`, by(unbiased)],
    [`${name}(Tensor self, int[]? dim=None, *, float? correction=None, bool keepdim=False)`, by(correction)],
  ];
}

/** g·v/|v| with the norm over all axes except one: the result of weight_norm. */
function weightNorm(call: AtenCall): Value {
  const { build } = call;
  const [v, g] = [call.tensor('v'), call.tensor('g')];
  const kept = build.axis(call.number('dim'), build.rank(v));
  const axes = [...v.shape.keys()].filter((axis) => axis !== kept);
  const norm = build.reduce(v, 'l2', axes, true);
  return build.binary('mul', v, build.binary('div', g, norm));
}

const STATISTICS = 'Tensor? running_mean, Tensor? running_var';

export const normalizationOperators: Translations = {
  [`batch_norm(Tensor input, Tensor? weight, Tensor? bias, ${STATISTICS}, bool training, float momentum, float eps, bool cudnn_enabled)`]:
    batchNorm('training'),
  [`native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, ${STATISTICS}, bool training, float momentum, float eps)`]:
    first(batchNorm('training')),
  [`_native_batch_norm_legit(Tensor input, Tensor? weight, Tensor? bias, ${STATISTICS}, bool training, float momentum, float eps)`]:
    first(batchNorm('training')),
  [`_native_batch_norm_legit_no_training(Tensor input, Tensor? weight, Tensor? bias, ${STATISTICS}, float momentum, float eps)`]:
    first(batchNorm()),
  [`_batch_norm_no_update(Tensor input, Tensor? weight, Tensor? bias, ${STATISTICS}, float momentum, float eps)`]:
    first(batchNorm()),
  'layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enable=True)':
    layerNorm,
  'native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps)': first(layerNorm),
  'rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None)': rmsNorm,
  '_fused_rms_norm(Tensor input, int[] normalized_shape, Tensor? weight, float? eps)': first(rmsNorm),
  'group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enabled=True)':
    (call) => groupNorm(call, call.number('num_groups')),
  'native_group_norm(Tensor input, Tensor? weight, Tensor? bias, int N, int C, int HxW, int group, float eps)': first(
    (call) => groupNorm(call, call.number('group')),
  ),
  [`instance_norm(Tensor input, Tensor? weight, Tensor? bias, ${STATISTICS}, bool use_input_stats, float momentum, float eps, bool cudnn_enabled)`]:
    instanceNorm,
  '_weight_norm(Tensor v, Tensor g, int dim=0)': weightNorm,
  ...Object.fromEntries([
    ...variances('var', false, false),
    ...variances('std', true, false),
    ...variances('var_mean', false, true),
    ...variances('std_mean', true, true),
  ]),
};
