/** Element-wise layers, softmax and reductions. */
import { BINARY_NAMES, type BinaryName, REDUCE_NAMES, SOFTMAX_NAMES, type SoftmaxName } from '../graph.ts';
import { broadcastShapes, formatShape, type Shape } from '../shapes.ts';
import type { LayerKind } from './layer.ts';

/** The layer consists only of its `activation`, which is applied to the result of `build`, as for every layer. */
export const activation: LayerKind = {
  build(layer) {
    if (!layer.has('activation')) throw layer.wrong("needs an 'activation'");
    return layer.input;
  },
};

export const identity: LayerKind = { options: ['rate'], build: (layer) => layer.input };

export const affine: LayerKind = {
  tensors: { scale: ['scale'], shift: ['shift'] },
  inputShape: (layer) => {
    const given = layer.required(layer.values('scale') ?? layer.values('shift'), "a 'scale' or a 'shift'");
    return given.shape ?? [given.data.length];
  },

  build(layer) {
    const scale = layer.values('scale');
    const shift = layer.values('shift');
    if (scale === undefined && shift === undefined) throw layer.wrong("needs a 'scale' or a 'shift'");
    const constant = (given: typeof scale, otherwise: number) =>
      given === undefined
        ? { shape: [], data: Float64Array.of(otherwise) }
        : { shape: given.shape ?? [given.data.length], data: given.data };
    return layer.emit('affine', [layer.input.name, constant(scale, 1), constant(shift, 0)], {}, layer.input.shape);
  },
};

function softmaxKind(fn: SoftmaxName): LayerKind {
  return {
    options: ['axis'],
    build: (layer) => layer.emit('softmax', [layer.input.name], { axis: layer.axis(), fn }, layer.input.shape),
  };
}
export const softmaxes = () => Object.fromEntries(SOFTMAX_NAMES.map((fn) => [fn, softmaxKind(fn)]));

function binaryKind(fn: BinaryName): LayerKind {
  return {
    tensors: { value: [] },
    arity: { least: 1, most: 2 },

    build(layer) {
      const [a, b] = layer.inputs;
      const given = layer.values('value');
      if ((given === undefined) === (b === undefined)) {
        throw layer.wrong(`expected two inputs, or one input and a 'value', found ${b ? 'both' : 'only one input'}`);
      }
      const constant = given && { shape: given.shape ?? [given.data.length], data: given.data };
      const other: Shape = constant?.shape ?? b.shape;
      const shape = broadcastShapes(a.shape, other);
      if (shape === undefined) {
        throw layer.mismatch(`the shapes ${formatShape(a.shape)} and ${formatShape(other)} do not broadcast together`);
      }
      return layer.emit('binary', [a.name, constant ?? b.name], { fn }, shape);
    },
  };
}
export const binaries = () => Object.fromEntries(BINARY_NAMES.map((fn) => [fn, binaryKind(fn)]));

export const reduce: LayerKind = {
  options: ['reduce', 'axes', 'keepDims'],

  build(layer) {
    const fn = layer.choice('reduce', REDUCE_NAMES);
    const given =
      typeof layer.raw('axes') === 'number' || !layer.has('axes') ? [layer.whole('axes', -1)] : layer.wholes('axes');
    const axes = given.map((axis) => layer.resolveAxis(axis, 'axes')).toSorted((a, b) => a - b);
    const keepDims = layer.flag('keepDims');
    const { shape } = layer.input;
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const result = keepDims ? kept : shape.filter((_, axis) => !axes.includes(axis));
    return layer.emit('reduce', [layer.input.name], { fn, axes, keepDims }, result);
  },
};
