/** Functions of keras.ops.nn: activations and one-hot encodings. */
import type { Activation } from '../../../../graph/architecture.ts';
import type { SoftmaxName } from '../../../../graph/graph.ts';
import { oneHot as oneHotOn } from '../../../tensors/picking.ts';
import { applyActivation, applyNamed, celu, hardShrink, softShrink, squareplus } from '../../activation.ts';
import { computeDType } from '../../dtype.ts';
import type { LayerCall, LayerKind } from '../../layer.ts';
import { ofRow, rowOf, type Traced } from '../../traced.ts';
import { softmaxOver } from '../activations.ts';
import { curve, thresholded, unary } from './arithmetic.ts';

const activation = (name: string, ...settings: readonly string[]): LayerKind => ({
  build(layer) {
    const given = settings.filter((setting) => layer.config.has(setting));
    const values = given.map((setting) => [setting, layer.config.raw(setting) as number | boolean]);
    return applyActivation(layer, layer.input, { name, ...Object.fromEntries(values) } as Activation);
  },
});

const softmax = (fn: SoftmaxName): LayerKind => ({
  build: (layer) => softmaxOver(layer, layer.input, layer.axes(layer.config.wholes('axis', -1)), fn),
});

/** Only along the last axis. */
const sparsemax: LayerKind = {
  build(layer) {
    const axis = layer.axis(layer.config.whole('axis', -1));
    if (axis !== layer.input.shape.length - 1) throw layer.unsupported('runs along an axis other than the last');
    return applyNamed(layer, layer.input, 'sparsemax');
  },
};

/** The first half along the axis times the sigmoid of the second half. */
const glu = ofRow((build, x, layer) => {
  const axis = layer.config.whole('axis', -1);
  const size = x.shape[build.ownAxis(x, axis)];
  if (size % 2 !== 0) throw layer.error('SHAPE', `cannot halve an axis of ${size}; expected an even size`);
  const [first, second] = [0, size / 2].map((start) => build.gather(x, axis, build.positions(start, start + size / 2)));
  return build.binary('mul', first, build.unary(second, 'sigmoid'));
});

/** Ids out of range become zeros. The axis is one of the result. */
function oneHot(layer: LayerCall, depth: number): Traced {
  const { build } = layer;
  layer.checkCount(depth, 'num_classes');
  const ids = layer.cast(layer.input, 'int64');
  const type = layer.config.has('dtype') ? computeDType(layer.config) : 'float32';
  const hot = oneHotOn(build, rowOf(ids), layer.config.whole('axis', -1), { depth, off: 0, on: 1, type, wrap: false });
  if (hot.batchAxis !== 0) throw build.crossing('puts the new axis before the batch');
  return hot;
}

const oneHotOf = ofRow((_, __, layer) => oneHot(layer, layer.config.whole('num_classes')));

/** 1 for each class that occurs in a row. */
const multiHot = ofRow((build, x, layer) => {
  const hot = oneHot(layer, layer.config.whole('num_classes'));
  if (x.shape.length === 0) throw build.crossing('counts the classes of the whole batch together');
  return build.reduce(hot, 'max', [1], false);
});

export const activations: Readonly<Record<string, LayerKind>> = {
  Tanh: curve('tanh'),
  Sigmoid: unary('sigmoid'),
  Relu: unary('relu'),
  Relu6: activation('relu6'),
  Silu: unary('silu'),
  Softplus: activation('softplus'),
  Softsign: unary('softsign'),
  Selu: activation('selu'),
  Elu: activation('elu', 'alpha'),
  Celu: { build: (layer) => celu(layer, layer.input, layer.config.number('alpha', 1)) },
  Gelu: activation('gelu', 'approximate'),
  Glu: glu,
  LeakyRelu: activation('leaky_relu', 'negative_slope'),
  HardSigmoid: activation('hard_sigmoid'),
  HardSilu: activation('hard_silu'),
  HardTanh: activation('hard_tanh'),
  HardShrink: { build: (layer) => hardShrink(layer, layer.input, layer.config.number('threshold', 0.5)) },
  SoftShrink: { build: (layer) => softShrink(layer, layer.input, layer.config.number('threshold', 0.5)) },
  TanhShrink: activation('tanh_shrink'),
  Squareplus: { build: (layer) => squareplus(layer, layer.input, layer.config.number('b', 4)) },
  SparsePlus: activation('sparse_plus'),
  SparseSigmoid: activation('sparse_sigmoid'),
  Sparsemax: sparsemax,
  Threshold: thresholded,
  LogSigmoid: unary('log_sigmoid'),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('log_softmax'),
  OneHot: oneHotOf,
  MultiHot: multiHot,
};
