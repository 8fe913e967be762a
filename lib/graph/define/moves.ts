/** Layers that move elements or look up rows. */
import { elementCount, formatShape } from '../shapes.ts';
import type { LayerContext, LayerKind } from './layer.ts';

export const concat: LayerKind = {
  options: ['axis'],
  arity: { least: 2, most: Number.POSITIVE_INFINITY },

  build(layer) {
    const axis = layer.axis();
    const [first, ...others] = layer.inputs;
    for (const { shape } of others) {
      if (shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]))
        continue;
      const [a, b] = [formatShape(first.shape), formatShape(shape)];
      throw layer.mismatch(`expected shapes that are equal except for axis ${axis}, found ${a} and ${b}`, 'inputs');
    }
    const size = layer.inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
    return layer.emit(
      'concat',
      layer.inputs.map(({ name }) => name),
      { axis },
      first.shape.with(axis, size),
    );
  },
};

export const columns: LayerKind = {
  options: ['columns', 'axis'],

  build(layer) {
    const axis = layer.axis();
    const size = layer.input.shape[axis];
    const positions = layer.wholes('columns').map((column) => {
      const position = column < 0 ? column + size : column;
      if (position >= 0 && position < size) return position;
      throw layer.mismatch(`expected columns of 0 to ${size - 1}, found ${column}`, 'columns');
    });
    return pick(layer, axis, positions);
  },
};

export const slice: LayerKind = {
  options: ['start', 'end', 'step', 'axis'],

  build(layer) {
    const axis = layer.axis();
    const size = layer.input.shape[axis];
    const step = layer.whole('step', 1);
    if (step === 0) throw layer.wrong('expected an integer other than 0, found 0', 'step');
    const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
    const clamp = (position: number) => Math.min(Math.max(position < 0 ? position + size : position, lowest), highest);
    const start = layer.has('start') ? clamp(layer.whole('start')) : step > 0 ? lowest : highest;
    const end = layer.has('end') ? clamp(layer.whole('end')) : step > 0 ? highest : lowest;
    const count = Math.max(0, Math.ceil((end - start) / step));
    if (count === 0) throw layer.mismatch(`selects none of the ${size} positions along axis ${axis}`);
    return pick(
      layer,
      axis,
      Array.from({ length: count }, (_, i) => start + i * step),
    );
  },
};

function pick(layer: LayerContext, axis: number, positions: readonly number[]) {
  const attributes = { axis, indices: Int32Array.from(positions) };
  return layer.emit('gather', [layer.input.name], attributes, layer.input.shape.with(axis, positions.length));
}

export const flatten: LayerKind = {
  build: (layer) => {
    const shape = [elementCount(layer.input.shape)];
    return layer.emit('reshape', [layer.input.name], { shape }, shape);
  },
};

export const reshape: LayerKind = {
  options: ['shape'],

  build(layer) {
    const wanted = layer.wholes('shape');
    const total = elementCount(layer.input.shape);
    const known = elementCount(wanted.filter((size) => size !== -1));
    const shape = wanted.map((size) => (size === -1 ? total / known : size));
    if (
      wanted.some((size) => size < -1) ||
      shape.some((size) => !Number.isSafeInteger(size)) ||
      elementCount(shape) !== total
    ) {
      const from = formatShape(layer.input.shape);
      throw layer.mismatch(`cannot reshape the ${total} elements of ${from} to ${formatShape(wanted)}`, 'shape');
    }
    return layer.emit('reshape', [layer.input.name], { shape }, shape);
  },
};

export const embedding: LayerKind = {
  tensors: { weight: ['weight', 'embeddings'] },

  build(layer) {
    const weight = layer.required(layer.values('weight'), "a 'weight' [ids, width]");
    const { shape, data } = weight;
    if (shape === undefined || shape.length < 2) {
      throw layer.mismatch('expected [ids, width], found an array without that shape', 'weight');
    }
    const table = { shape, data };
    return layer.emit('embedding', [layer.input.name, table], { wrap: false }, [
      ...layer.input.shape,
      ...shape.slice(1),
    ]);
  },
};

export const oneHot: LayerKind = {
  options: ['depth', 'on', 'off'],

  build(layer) {
    const depth = layer.whole('depth');
    if (depth < 1) throw layer.wrong(`expected 1 or more, found ${depth}`, 'depth');
    const attributes = {
      depth,
      on: layer.number('on', 1),
      off: layer.number('off', 0),
      axis: layer.axisCount,
      wrap: false,
    };
    return layer.emit('one_hot', [layer.input.name], attributes, [...layer.input.shape, depth]);
  },
};
