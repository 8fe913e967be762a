/** Dense layers, embeddings, and layers that pass their input through. */
import { takeTransposed } from '../../../graph/shapes.ts';
import { quote } from '../../../messages.ts';
import { innerLayer } from '../inner.ts';
import type { LayerCall, LayerKind } from '../layer.ts';
import { activationField } from './activations.ts';
import { readEinsum } from './einsum.ts';
import { trained } from './variables.ts';

const dense: LayerKind = {
  variables: (config) => trained('kernel', ...(config.flag('use_bias', true) ? ['bias'] : [])),
  mask: 'keep',
  isPositionwise: true,

  build(layer) {
    const units = layer.config.whole('units');
    layer.checkCount(units, 'units');
    const features = layer.input.shape.at(-1);
    if (features === undefined) throw layer.error('SHAPE', 'expected rows of features, found a single number');
    refuseLora(layer);
    const kernel = layer.variable('kernel', [features, units]);
    const bias = layer.has('bias') ? layer.variable('bias', [units]) : undefined;
    return activationField(layer, layer.dense(layer.input, kernel, bias));
  },
};

/**
 * Refuses kernels that were fine-tuned with LoRA: the file describes the merged kernel in a way that is not supported.
 */
function refuseLora(layer: LayerCall): void {
  if (layer.config.has('lora_rank'))
    throw layer.unsupported('has LoRA factors, which are not supported; merge them first');
}

const einsumDense: LayerKind = {
  variables: (config) => trained('kernel', ...(config.has('bias_axes') ? ['bias'] : [])),
  mask: 'keep',

  build(layer) {
    refuseLora(layer);
    const einsum = readEinsum(layer);
    const stored = layer.variable('kernel', einsum.kernelShape);
    // The first transposition of a kernel is not charged.
    if (!layer.options.budget.isNew(stored.data)) layer.spend(stored.data.length);
    const kernel = {
      shape: einsum.matrix,
      data: takeTransposed(stored.data, stored.shape, einsum.kernelPermutation),
    };
    const moved = layer.transpose(layer.input, einsum.inputPermutation);
    const rows = layer.reshape(moved, [...einsum.free, einsum.matrix[0]]);
    const product = layer.reshape(layer.dense(rows, kernel), [...einsum.free, ...einsum.made]);
    const result = layer.transpose(product, einsum.outputPermutation);
    const biased = layer.has('bias') ? layer.binary('add', result, layer.variable('bias', einsum.biasShape)) : result;
    return activationField(layer, biased);
  },
};

const embedding: LayerKind = {
  variables: () => trained('embeddings'),

  build(layer) {
    const [count, width] = [layer.config.whole('input_dim'), layer.config.whole('output_dim')];
    refuseLora(layer);
    const ids = layer.input;
    const table = layer.variable('embeddings', [count, width]);
    // Ids of a floating type are truncated to integers.
    const whole = /int/.test(ids.dtype) ? ids : layer.unary('trunc', ids);
    const rows = layer.emit('embedding', [whole, table], { wrap: false }, [...ids.shape, width]);
    return layer.config.flag('mask_zero', false) ? { ...rows, mask: layer.unary('to_bool', ids) } : rows;
  },
};

/** Positions whose features are all equal to `mask_value` become zeros and are masked from then on. */
const masking: LayerKind = {
  build(layer) {
    const x = layer.input;
    if (x.shape.length !== 2) throw layer.unsupported('masks positions; expected rows of positions by features');
    const value = { shape: [], data: Float64Array.of(layer.config.number('mask_value', 0)) };
    const differs = layer.unary('not', layer.binary('equal', x, value));
    const counts = layer.reduce('max', differs, [1], true);
    return { ...layer.binary('mul', x, counts), mask: layer.reshape(counts, [x.shape[0]]) };
  },
};

const identity: LayerKind = { mask: 'keep', isPositionwise: true, build: (layer) => layer.input };

/** Applies one layer at every position; layers that work on the last axis already do so. */
const timeDistributed: LayerKind = {
  mask: 'keep',

  build(layer) {
    const spec = innerLayer(layer.spec, 'layer');
    if (spec === undefined) throw layer.config.wrong('layer', 'a layer');
    const kind = layer.options.kindOf(spec);
    const isLast = !spec.config.has('axis') || spec.config.wholes('axis').every((axis) => axis === -1);
    if (kind.isPositionwise === true && isLast && layer.input.shape.length >= 2) return layer.callInner(spec, kind);
    throw layer.unsupported(
      `is supported only for layers that work on the last axis, not with ${quote(spec.className)}`,
    );
  },
};

/** Keras 1: the maximum of several linear functions for each unit. */
const maxoutDense: LayerKind = {
  variables: (config) => trained('kernel', ...(config.flag('use_bias', true) ? ['bias'] : [])),

  build(layer) {
    const [units, count] = [layer.config.whole('units'), layer.config.whole('nb_feature', 4)];
    layer.checkCount(units * count, 'units·nb_feature');
    const { width } = layer;
    const stored = layer.variable('kernel', [count, width, units]);
    if (!layer.options.budget.isNew(stored.data)) layer.spend(stored.data.length);
    const kernel = { shape: [width, count * units], data: takeTransposed(stored.data, stored.shape, [1, 0, 2]) };
    const bias = layer.has('bias') ? layer.variable('bias', [count, units]) : undefined;
    const sums = layer.dense(layer.input, kernel, bias && { shape: [count * units], data: bias.data });
    return layer.reduce('max', layer.reshape(sums, [count, units]), [0], false);
  },
};

/** Keras 1: t·f(x) + (1 − t)·x, with t between 0 and 1 computed by a second dense layer. */
const highway: LayerKind = {
  variables: (config) =>
    trained('kernel', 'carry_kernel', ...(config.flag('use_bias', true) ? ['bias', 'carry_bias'] : [])),

  build(layer) {
    const { input, width } = layer;
    const part = (kernel: string, bias: string) =>
      layer.dense(
        input,
        layer.variable(kernel, [width, width]),
        layer.has(bias) ? layer.variable(bias, [width]) : undefined,
      );
    const gate = layer.unary('sigmoid', part('carry_kernel', 'carry_bias'));
    const made = layer.binary('mul', activationField(layer, part('kernel', 'bias')), gate);
    const rest = layer.binary('sub', { shape: [], data: Float64Array.of(1) }, gate);
    return layer.binary('add', made, layer.binary('mul', rest, input));
  },
};

export const coreLayers: Readonly<Record<string, LayerKind>> = {
  Dense: dense,
  EinsumDense: einsumDense,
  Embedding: embedding,
  MaxoutDense: maxoutDense,
  Highway: highway,
  Masking: masking,
  TimeDistributed: timeDistributed,
  InputLayer: identity,
  // Layers that act only in training.
  Identity: identity,
  // A layer that FeatureSpace adds.
  TFDIdentity: identity,
  Dropout: identity,
  SpatialDropout1D: identity,
  SpatialDropout2D: identity,
  SpatialDropout3D: identity,
  GaussianDropout: identity,
  GaussianNoise: identity,
  AlphaDropout: identity,
  ActivityRegularization: identity,
};
