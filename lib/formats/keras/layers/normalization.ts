/** Layers that normalise, by trained statistics or by those of the row itself. */

import type { Tensor } from '../../../graph/graph.ts';
import type { Shape } from '../../../graph/shapes.ts';
import type { Config } from '../config.ts';
import { type KerasTensor, type LayerCall, type LayerKind, scalar } from '../layer.ts';
import { counted, trained } from './variables.ts';

/** A vector along one axis, as a constant that broadcasts to the row. */
function along(vector: Tensor, axis: number, rank: number): Tensor {
  return { shape: Array.from({ length: rank }, (_, at) => (at === axis ? vector.shape[0] : 1)), data: vector.data };
}

const batchNormalization: LayerKind = {
  variables: (config) => [
    ...scaleAndShift(config),
    ...counted('moving_mean', 'moving_variance'),
    ...(config.flag('renorm', false) ? counted('moving_stddev', 'renorm_mean', 'renorm_stddev') : []),
  ],
  mask: 'keep',
  isPositionwise: true,

  build(layer) {
    const x = layer.input;
    const axes = layer.axes(layer.config.wholes('axis', -1));
    if (axes.length !== 1) throw layer.unsupported('normalises along several axes; expected one');
    const [axis] = axes;
    const size = x.shape[axis];
    const read = (name: string) => layer.variable(name, [size]).data;
    const [mean, variance] = [read('moving_mean'), read('moving_variance')];
    const gamma = layer.has('gamma') ? read('gamma') : undefined;
    const beta = layer.has('beta') ? read('beta') : undefined;
    const epsilon = layer.config.number('epsilon', 1e-3);
    layer.spend(2 * size);
    const scale = Float64Array.from(variance, (value, i) => (gamma?.[i] ?? 1) / Math.sqrt(value + epsilon));
    const shift = Float64Array.from(mean, (value, i) => (beta?.[i] ?? 0) - value * scale[i]);
    const vector = (data: Float64Array) => along({ shape: [size], data }, axis, x.shape.length);
    const moments = { mean, variance, epsilon, ...(gamma && { scale: gamma }), ...(beta && { shift: beta }) };
    return layer.affine(x, { ...vector(scale), moments }, vector(shift));
  },
};

function scaleAndShift(config: Config) {
  return trained(...(config.flag('scale', true) ? ['gamma'] : []), ...(config.flag('center', true) ? ['beta'] : []));
}

/** Runs `build` with the given axes moved to the end, and moves them back. */
function withAxesLast(
  layer: LayerCall,
  axes: readonly number[],
  build: (moved: KerasTensor, first: number) => KerasTensor,
): KerasTensor {
  const x = layer.input;
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const permutation = [...others, ...axes];
  const y = build(layer.transpose(x, permutation), others.length);
  return layer.transpose(
    y,
    permutation.map((_, axis) => permutation.indexOf(axis)),
  );
}

const layerNormalization: LayerKind = {
  variables: (config) => (config.flag('rms_scaling', false) ? trained('gamma') : scaleAndShift(config)),
  mask: 'keep',
  isPositionwise: true,

  build(layer) {
    const axes = layer.axes(layer.config.wholes('axis', -1));
    const sizes = axes.map((axis) => layer.input.shape[axis]);
    const epsilon = layer.config.number('epsilon', 1e-3);
    const gamma = layer.has('gamma') ? layer.variable('gamma', sizes) : undefined;
    const beta = layer.has('beta') ? layer.variable('beta', sizes) : undefined;
    if (layer.config.flag('rms_scaling', false)) return scaledByVariance(layer, axes, epsilon, gamma);
    return withAxesLast(layer, axes, (x, axis) => {
      const scale = gamma ?? (beta && { shape: sizes, data: new Float64Array(beta.data.length).fill(1) });
      const parameters = [scale, beta].filter((tensor) => tensor !== undefined);
      return layer.emit('layer_norm', [x, ...parameters], { axis, epsilon }, x.shape);
    });
  },
};

/** What Keras calls RMS scaling here divides by the standard deviation, without subtracting the mean. */
function scaledByVariance(layer: LayerCall, axes: readonly number[], epsilon: number, gamma?: Tensor): KerasTensor {
  return withAxesLast(layer, axes, (x, axis) => {
    const own = x.shape.slice(axis).map((_, i) => axis + i);
    const mean = layer.reduce('mean', x, own, true);
    const centred = layer.binary('sub', x, mean);
    const variance = layer.reduce('mean', layer.unary('square', centred), own, true);
    const deviation = layer.unary('sqrt', layer.binary('add', variance, scalar(epsilon)));
    const scaled = layer.binary('div', x, deviation);
    return gamma === undefined ? scaled : layer.binary('mul', scaled, gamma);
  });
}

const rmsNormalization: LayerKind = {
  variables: () => trained('scale'),
  mask: 'keep',
  isPositionwise: true,

  build(layer) {
    const axes = layer.axes(layer.config.wholes('axis', -1));
    const scale = layer.variable(
      'scale',
      axes.map((axis) => layer.input.shape[axis]),
    );
    const epsilon = layer.config.number('epsilon', 1e-6);
    return withAxesLast(layer, axes, (x, axis) => layer.emit('rms_norm', [x, scale], { axis, epsilon }, x.shape));
  },
};

/** Groups of channels, each normalised together over all positions of the row. */
const groupNormalization: LayerKind = {
  variables: scaleAndShift,
  mask: 'keep',

  build(layer) {
    const x = layer.input;
    const axis = layer.axis(layer.config.whole('axis', -1));
    const channels = x.shape[axis];
    const given = layer.config.whole('groups', 32);
    const groups = given === -1 ? channels : given;
    if (groups < 1 || channels % groups !== 0) {
      throw layer.error('SHAPE', `expected ${channels} channels in equal groups, found ${groups} groups`);
    }
    const epsilon = layer.config.number('epsilon', 1e-3);
    // Channels first, so that a group is contiguous.
    const others = x.shape.map((_, at) => at).filter((at) => at !== axis);
    const permutation = [axis, ...others];
    const moved = layer.transpose(x, permutation);
    const grouped = layer.reshape(moved, [groups, layer.width / groups]);
    const normalized = layer.emit('layer_norm', [grouped], { axis: 1, epsilon }, grouped.shape);
    const y = layer.transpose(
      layer.reshape(normalized, moved.shape),
      permutation.map((_, at) => permutation.indexOf(at)),
    );
    const gamma = layer.has('gamma') ? along(layer.variable('gamma', [channels]), axis, x.shape.length) : undefined;
    const beta = layer.has('beta') ? along(layer.variable('beta', [channels]), axis, x.shape.length) : undefined;
    return gamma === undefined && beta === undefined ? y : layer.affine(y, gamma ?? scalar(1), beta ?? scalar(0));
  },
};

/** Divides by the length of the vector: Keras 3 takes at least 1e-12 for it, Keras 2 for its square. */
const unitNormalization: LayerKind = {
  mask: 'keep',
  isPositionwise: true,

  build(layer) {
    const axes = layer.axes(layer.config.wholes('axis', -1));
    const least = layer.version >= 3 ? 1e-12 : 1e-6;
    return l2Normalize(layer, layer.input, axes, least);
  },
};

/** x over √Σx² along the axes together; smaller lengths are replaced by `least`. */
export function l2Normalize(layer: LayerCall, x: KerasTensor, axes: readonly number[], least: number): KerasTensor {
  if (axes.length === 1) {
    const attributes = { axis: axes[0], norm: 'l2', epsilon: least, floor: least } as const;
    return layer.emit('normalize', [x], attributes, x.shape);
  }
  const length = layer.reduce('l2', x, axes, true);
  return layer.binary('div', x, layer.binary('max', length, scalar(least)));
}

/** (x − mean)/deviation, with the statistics that the layer was adapted to; or the inverse. */
const normalization: LayerKind = {
  variables: (config) => (config.has('mean') ? [] : counted('mean', 'variance', 'count')),
  mask: 'keep',

  build(layer) {
    const x = layer.input;
    const { config } = layer;
    const axes = config.has('axis') && config.wholes('axis').length > 0 ? layer.axes(config.wholes('axis')) : [];
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
    const sizes = axes.map((axis) => x.shape[axis]);
    const read = (name: string) =>
      config.has('mean')
        ? { shape: givenShape(layer, shape, axes, config.raw(name)), data: flatNumbers(layer, name, config.raw(name)) }
        : { shape, data: layer.variable(name, sizes).data };
    const mean = read('mean');
    const variance = read('variance');
    layer.spend(variance.data.length);
    const deviation = { ...variance, data: variance.data.map((value) => Math.max(Math.sqrt(value), 1e-7)) };
    if (!config.flag('invert', false)) return layer.binary('div', layer.binary('sub', x, mean), deviation);
    return layer.binary('add', layer.binary('mul', x, deviation), mean);
  },
};

/**
 * Numbers in a description are a single one for all, or have up to as many axes as the kept ones, aligned at the last.
 */
function givenShape(layer: LayerCall, shape: Shape, axes: readonly number[], value: unknown): number[] {
  const sizes: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) sizes.push(level.length);
  if (sizes.length > axes.length) throw layer.error('SHAPE', 'has a mean with more axes than it keeps');
  const result = shape.map(() => 1);
  for (const [i, size] of sizes.entries()) result[axes[axes.length - sizes.length + i]] = size;
  return result;
}

/** Nested lists of numbers, or one number, flattened. */
export function flatNumbers(layer: LayerCall, field: string, value: unknown): Float64Array {
  const flat = Array.isArray(value) ? value.flat(8) : [value];
  layer.spend(2 * flat.length);
  if (!flat.every((item) => typeof item === 'number')) throw layer.config.wrong(field, 'numbers');
  return Float64Array.from(flat as number[]);
}

export const normalizationLayers: Readonly<Record<string, LayerKind>> = {
  BatchNormalization: batchNormalization,
  SyncBatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  GroupNormalization: groupNormalization,
  UnitNormalization: unitNormalization,
  Normalization: normalization,
};
