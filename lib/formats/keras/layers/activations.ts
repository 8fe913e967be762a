/** Activations that are layers. */
import type { SoftmaxName } from '../../../graph/graph.ts';
import { quote } from '../../../messages.ts';
import { applyActivation, applyNamed, functionName, whereAbove } from '../activation.ts';
import { innerLayer } from '../inner.ts';
import { type KerasTensor, type LayerCall, type LayerKind, scalar } from '../layer.ts';
import { trained } from './variables.ts';

/** Applies a layer's `activation`: a name or a layer. */
export function activationField(layer: LayerCall, x: KerasTensor): KerasTensor {
  const name = functionName(layer);
  if (name !== undefined) return applyNamed(layer, x, name);
  const spec = innerLayer(layer.spec, 'activation');
  if (spec === undefined) return x;
  const kind = layer.options.kindOf(spec);
  if (Object.hasOwn(activationLayers, spec.className)) return layer.callInner(spec, kind, x) as KerasTensor;
  throw layer.unsupported(`has ${quote(spec.className)} as an activation, which it is not`);
}

/** An activation that acts on each element. */
function elementwise(build: (layer: LayerCall) => KerasTensor): LayerKind {
  return { mask: 'keep', isPositionwise: true, build };
}

const relu = elementwise((layer) => {
  const { config } = layer;
  const [threshold, most] = [config.number('threshold', 0), config.number('max_value', Infinity)];
  if (threshold !== 0 && config.number('negative_slope', 0) === 0) {
    // NaN is not above the threshold, so it becomes 0.
    const above = whereAbove(layer, layer.input, threshold, layer.input, scalar(0));
    return most === Infinity ? above : layer.unary('clip', above, 0, most);
  }
  return applyActivation(layer, layer.input, {
    name: 'relu',
    negative_slope: config.number('negative_slope', 0),
    max_value: config.number('max_value', Infinity),
    threshold: config.number('threshold', 0),
  });
});

/** The setting is called `alpha` in Keras 2. */
const leakyRelu = elementwise((layer) => {
  const slope = layer.config.number('negative_slope', layer.config.number('alpha', 0.3));
  return layer.unary('leaky_relu', layer.input, slope);
});

const elu = elementwise((layer) => layer.unary('elu', layer.input, layer.config.number('alpha', 1)));

/** x multiplied by whether it is above the threshold, which gives NaN for −∞. */
const thresholdedRelu = elementwise((layer) =>
  layer.binary('mul', layer.input, layer.binary('greater', layer.input, scalar(layer.config.number('theta', 1)))),
);

const prelu: LayerKind = {
  variables: () => trained('alpha'),
  mask: 'keep',

  build(layer) {
    const { shape } = layer.input;
    const shared = layer.config.has('shared_axes') ? layer.axes(layer.config.wholes('shared_axes')) : [];
    const alpha = layer.variable(
      'alpha',
      shape.map((size, axis) => (shared.includes(axis) ? 1 : size)),
    );
    return layer.binary('prelu', layer.input, alpha);
  },
};

const softmax: LayerKind = {
  isPositionwise: true,

  build(layer) {
    const x = layer.input;
    if (x.mask !== undefined || layer.argument(1, 'mask') !== undefined) {
      throw layer.unsupported('takes a mask, which is not supported here');
    }
    return softmaxOver(layer, x, layer.axes(layer.config.wholes('axis', -1)));
  },
};

/** A softmax over several axes, which are merged into one. */
export function softmaxOver(
  layer: LayerCall,
  x: KerasTensor,
  axes: readonly number[],
  fn: SoftmaxName = 'softmax',
): KerasTensor {
  const attributes = { fn };
  if (axes.length === 1) return layer.emit('softmax', [x], { ...attributes, axis: axes[0] }, x.shape);
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const permutation = [...others, ...axes];
  const moved = layer.transpose(x, permutation);
  const joined = layer.reshape(moved, [
    ...others.map((axis) => x.shape[axis]),
    axes.reduce((size, axis) => size * x.shape[axis], 1),
  ]);
  const y = layer.emit('softmax', [joined], { ...attributes, axis: others.length }, joined.shape);
  return layer.transpose(
    layer.reshape(y, moved.shape),
    permutation.map((_, axis) => permutation.indexOf(axis)),
  );
}

const activation: LayerKind = {
  mask: 'keep',
  isPositionwise: true,
  build: (layer) => activationField(layer, layer.input),
};

export const activationLayers: Readonly<Record<string, LayerKind>> = {
  Activation: activation,
  ReLU: relu,
  LeakyReLU: leakyRelu,
  PReLU: prelu,
  ELU: elu,
  ThresholdedReLU: thresholdedRelu,
  Softmax: softmax,
};
