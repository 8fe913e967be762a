/** Layers that combine several tensors. */

import type { BinaryName } from '../../../graph/graph.ts';
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { type KerasTensor, type LayerCall, type LayerKind, scalar } from '../layer.ts';
import { l2Normalize } from './normalization.ts';

/** Tensors with fewer axes get new ones after the batch, as broadcasting in Keras does. */
function fold(
  fn: BinaryName,
  finish: (layer: LayerCall, value: KerasTensor) => KerasTensor = (_, value) => value,
): LayerKind {
  return {
    mask: 'keep',
    build(layer) {
      const [first, ...others] = several(layer);
      return finish(
        layer,
        others.reduce((sum, value) => layer.binary(fn, sum, value), first),
      );
    },
  };
}

function several(layer: LayerCall): readonly KerasTensor[] {
  if (layer.inputs.length > 0) return layer.inputs;
  throw layer.error('MALFORMED', 'expected tensors to be called on, found none');
}

const subtract: LayerKind = {
  mask: 'keep',
  build(layer) {
    const [a, b, ...others] = layer.inputs;
    if (b !== undefined && others.length === 0) return layer.binary('sub', a, b);
    throw layer.error('MALFORMED', `expected 2 tensors to be called on, found ${layer.inputs.length}`);
  },
};

const concatenate: LayerKind = {
  mask: 'keep',
  build: (layer) => concat(layer, several(layer), layer.config.whole('axis', -1)),
};

/** `given` includes the batch, as in Keras. */
export function concat(layer: LayerCall, values: readonly KerasTensor[], given: number): KerasTensor {
  const [first] = values;
  const axis = layer.axis(given, first.shape);
  for (const { shape } of values) {
    if (shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]))
      continue;
    const found = `${formatShape(first.shape)} and ${formatShape(shape)}`;
    throw layer.error('SHAPE', `expected rows that are equal except along axis ${given}, found ${found}`);
  }
  if (values.length === 1) return first;
  const size = values.reduce((sum, { shape }) => sum + shape[axis], 0);
  return layer.emit('concat', values, { axis }, first.shape.with(axis, size));
}

/** Sums of products along one axis of each. */
const dot: LayerKind = {
  build(layer) {
    const [a, b, ...others] = layer.inputs;
    if (b === undefined || others.length > 0) {
      throw layer.error('MALFORMED', `expected 2 tensors to be called on, found ${layer.inputs.length}`);
    }
    const given = layer.config.wholes('axes');
    const i = layer.axis(given[0], a.shape, 'axes');
    const j = layer.axis(given[given.length - 1], b.shape, 'axes');
    const size = a.shape[i];
    if (b.shape[j] !== size) {
      const found = `${formatShape(a.shape)} and ${formatShape(b.shape)}`;
      throw layer.error('SHAPE', `expected axes of equal length, found rows of ${found}`);
    }
    const isCosine = layer.config.flag('normalize', false);
    const least = layer.version >= 3 ? 1e-7 : 1e-6;
    const [x, y] = isCosine ? [l2Normalize(layer, a, [i], least), l2Normalize(layer, b, [j], least)] : [a, b];
    return contract(layer, x, i, y, j);
  },
};

/** Multiplies both as matrices with that axis last: the result has the remaining axes of `a`, then those of `b`. */
function contract(layer: LayerCall, a: KerasTensor, i: number, b: KerasTensor, j: number): KerasTensor {
  const asMatrix = (x: KerasTensor, axis: number) => {
    const rest = [...x.shape.keys()].filter((at) => at !== axis);
    const size = x.shape[axis];
    return layer.reshape(layer.transpose(x, [...rest, axis]), [elementCount(x.shape) / size, size]);
  };
  const [left, right] = [asMatrix(a, i), asMatrix(b, j)];
  const sums = layer.emit('matmul', [left, right], { layout: 'out-in' }, [left.shape[0], right.shape[0]]);
  const shape = [...a.shape.toSpliced(i, 1), ...b.shape.toSpliced(j, 1)];
  return layer.reshape(sums, shape.length === 0 ? [1] : shape);
}

export const mergingLayers: Readonly<Record<string, LayerKind>> = {
  Add: fold('add'),
  Subtract: subtract,
  Multiply: fold('mul'),
  Average: fold('add', (layer, sum) => layer.binary('div', sum, scalar(layer.inputs.length))),
  Maximum: fold('max'),
  Minimum: fold('min'),
  Concatenate: concatenate,
  // A layer that FeatureSpace adds.
  TFDConcat: concatenate,
  Dot: dot,
};
