/** Convolutions that are dense layers: with kernels of size 1, and with kernels as large as their input. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { allocate, type Constant, constant, type Row, range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

/** x [batch, C, …], weight [M, C/groups, …kernel]. */
function conv(call: OnnxCall): Value {
  const x = call.row(0);
  const weight = call.constant(1);
  const [outputs, width, ...kernel] = weight.shape;
  const [channels, ...sizes] = x.shape;
  const groups = call.integer('group', 1);
  const isWhole = x.batchAxis === 0 && x.merged !== true && kernel.length === sizes.length && kernel.length > 0;
  if (!isWhole || weight.batch !== undefined) throw refused(call, 'is supported only if the batch is the first axis');
  if (!(groups >= 1) || width * groups !== channels || outputs % groups !== 0) {
    const [found, given] = [formatShape(weight.shape), formatShape(x.shape)];
    throw call.error('SHAPE', `weights of ${found} in ${groups} groups do not match rows of ${given}`);
  }
  const isAuto = !['NOTSET', 'VALID'].includes(call.string('auto_pad', 'NOTSET'));
  const isPadded = call.integers('pads')?.some((pad) => pad !== 0) ?? false;
  const isPoint = kernel.every((size) => size === 1);
  // SAME needs no padding for a kernel of size 1.
  if (isPadded || (isAuto && !isPoint)) throw refused(call, 'slides over padding, as convolutional networks do');
  const bias = call.has(2) ? call.constant(2) : undefined;
  if (isPoint) return ofPoints(call, x, weight, groups, bias);
  const dilations = call.integers('dilations') ?? [];
  if (kernel.every((size, axis) => size === sizes[axis]) && groups === 1 && dilations.every((step) => step === 1)) {
    const flat = call.build.reshaped(x, [elementCount(x.shape)]);
    const matrix = call.build.reshaped(weight, [outputs, elementCount(x.shape)]);
    const y = call.build.asRow(call.build.dense(flat, matrix, 'out-in', bias));
    return call.build.reshaped(y, [outputs, ...sizes.map(() => 1)]);
  }
  throw refused(call, 'slides a kernel over neighbours, as convolutional networks do');
}

/** Each position separately: a dense layer over the channels. */
function ofPoints(call: OnnxCall, x: Row, weight: Constant, groups: number, bias: Constant | undefined): Value {
  const { build } = call;
  const strides = call.integers('strides') ?? [];
  const every = strides.reduce<Value>((value, stride, axis) => {
    if (!(stride >= 1)) throw call.error('MALFORMED', `expected strides of 1 or more, found ${stride}`);
    return stride === 1 ? value : build.gather(value, axis + 2, range(0, x.shape[axis + 1], stride));
  }, x);
  const rank = x.shape.length + 1;
  const last = build.transpose(every, [0, ...range(2, rank, 1), 1]);
  const matrix = build.reshaped(weight, weight.shape.slice(0, 2));
  const y = build.dense(last, groups === 1 ? matrix : inGroups(call, matrix, groups), 'out-in', bias);
  return build.transpose(y, [0, rank - 1, ...range(1, rank - 1, 1)]);
}

/** [M, C/groups] as [M, C], with zeros outside of each group. */
function inGroups(call: OnnxCall, { type, shape: [outputs, width], data }: Constant, groups: number): Constant {
  const channels = width * groups;
  call.build.spend(outputs * channels);
  const whole = allocate(type, outputs * channels);
  for (let row = 0; row < outputs; row++) {
    const first = row * channels + Math.floor((row * groups) / outputs) * width;
    for (let i = 0; i < width; i++) whole[first + i] = data[row * width + i];
  }
  return constant(type, [outputs, channels], whole);
}

function refused(call: OnnxCall, message: string) {
  return call.error('UNSUPPORTED_OP', `Conv ${message}; run this model with onnxruntime-node`);
}

export const convolution: Translations = { Conv: conv };
