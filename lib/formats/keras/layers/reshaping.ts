/** Layers that move elements. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import type { KerasTensor, LayerCall, LayerKind } from '../layer.ts';

/** If channels come first, they are moved after the positions. */
const flatten: LayerKind = {
  build(layer) {
    const x = layer.input;
    const isFirst = layer.config.choice('data_format', ['channels_first', 'channels_last'], 'channels_last');
    const axes = x.shape.map((_, axis) => axis);
    const moved = isFirst === 'channels_first' && axes.length > 1 ? layer.transpose(x, [...axes.slice(1), 0]) : x;
    return layer.reshape(moved, [layer.width]);
  },
};

const reshape: LayerKind = {
  build: (layer) => reshapeTo(layer, layer.input, layer.config.wholes('target_shape')),
};

/** −1 means the remaining size. */
export function reshapeTo(layer: LayerCall, x: KerasTensor, wanted: readonly number[]): KerasTensor {
  const total = elementCount(x.shape);
  const known = elementCount(wanted.filter((size) => size !== -1));
  const shape = wanted.map((size) => (size === -1 ? total / known : size));
  if (shape.every((size) => Number.isSafeInteger(size) && size > 0) && elementCount(shape) === total) {
    return layer.reshape(x, shape);
  }
  const found = `${formatShape(wanted)} of rows of shape ${formatShape(x.shape)}`;
  throw layer.error('SHAPE', `expected a shape with the same number of elements, found ${found}`);
}

const permute: LayerKind = {
  build(layer) {
    const { shape } = layer.input;
    const permutation = layer.config.wholes('dims').map((axis) => axis - 1);
    if (permutation.length === shape.length && shape.every((_, axis) => permutation.includes(axis))) {
      return layer.transpose(layer.input, permutation);
    }
    throw layer.error('SHAPE', `expected every axis of rows of shape ${formatShape(shape)} once in dims`);
  },
};

const repeatVector: LayerKind = {
  build(layer) {
    const count = layer.config.whole('n');
    layer.checkCount(count, 'n');
    const { shape } = layer.input;
    if (shape.length !== 1) throw layer.error('SHAPE', `expected rows of one axis, found ${formatShape(shape)}`);
    const result = [count, shape[0]];
    return layer.emit('expand', [layer.reshape(layer.input, [1, shape[0]])], { shape: result }, result);
  },
};

export const reshapingLayers: Readonly<Record<string, LayerKind>> = {
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
};
