/** Normalising modules in inference. */
import type { LayerNormLayer, RmsNormLayer } from '../../../graph/architecture.ts';
import { elementCount, formatShape, sameShape } from '../../../graph/shapes.ts';
import type { TorchDType } from '../../containers/torch-tensors.ts';
import type { Chain, Translate } from './chain.ts';
import type { TorchModule } from './module.ts';

const EPSILON = 1e-5;
/** The default epsilon of RMSNorm: the distance from 1 to the next number of its type. */
const STEPS: Readonly<Partial<Record<TorchDType, number>>> = {
  F64: 2 ** -52,
  F32: 2 ** -23,
  F16: 2 ** -10,
  BF16: 2 ** -7,
};

/** By channel, the first axis of a row. */
export const batchNorm: Translate = (module, chain) => {
  const mean = chain.tensor(module, 'running_mean');
  const variance = chain.tensor(module, 'running_var');
  if (mean === undefined || variance === undefined) {
    const message = 'has no running mean and variance (track_running_stats=False), so it normalises over the batch';
    throw module.unsupported(`${message}, but each row runs independently here`);
  }
  const epsilon = module.number('eps', EPSILON);
  if (chain.shape.length > 1) {
    chain.add(module, { type: 'sub', value: chain.perChannel(module, 'running_mean') });
    const root = (x: number) => Math.sqrt(x + epsilon);
    chain.add(module, { type: 'div', value: chain.perChannel(module, 'running_var', root) });
    scaleChannels(module, chain);
    return;
  }
  const size = chain.shapeOf(module, 'running_mean') ?? [];
  if (!sameShape(chain.shape, size)) throw chain.mismatch(module, formatShape(size));
  chain.add(module, { type: 'batch_norm', mean, variance, epsilon, ...scaleOf(module, chain) });
};

function scaleOf(module: TorchModule, chain: Chain): { weight?: string; bias?: string } {
  const weight = chain.tensor(module, 'weight');
  const bias = chain.tensor(module, 'bias');
  return { ...(weight !== undefined && { weight }), ...(bias !== undefined && { bias }) };
}

export const layerNorm: Translate = (module, chain) => {
  overLastAxes(module, chain, {
    type: 'layer_norm',
    epsilon: module.number('eps', EPSILON),
    ...scaleOf(module, chain),
  });
};

export const rmsNorm: Translate = (module, chain) => {
  const weight = chain.tensor(module, 'weight');
  const epsilon = module.has('eps') ? module.number('eps') : STEPS[chain.typeOf(module, 'weight') ?? chain.rowType()];
  overLastAxes(module, chain, { type: 'rms_norm', epsilon, ...(weight !== undefined && { weight }) });
};

/** Normalises over the module's axes together; they must be the last ones of the row. */
function overLastAxes(module: TorchModule, chain: Chain, layer: LayerNormLayer | RmsNormLayer): void {
  const sizes = module.sizes('normalized_shape');
  const { shape } = chain;
  const kept = shape.slice(0, Math.max(0, shape.length - sizes.length));
  if (!sameShape(shape, [...kept, ...sizes])) throw chain.mismatch(module, `[…, ${sizes.join(', ')}]`);
  if (sizes.length === 1 || layer.weight !== undefined) {
    chain.add(module, layer);
    return;
  }
  // Without parameters, a layer normalises over one axis only.
  chain.reshape(module, [...kept, elementCount(sizes)]);
  chain.add(module, layer);
  chain.reshape(module, shape);
}

/** Each group of channels, with everything in these channels, is normalised separately. */
export const groupNorm: Translate = (module, chain) => {
  const groups = module.size('num_groups');
  const channels = module.size('num_channels');
  const { shape } = chain;
  if (shape[0] !== channels || channels % groups !== 0) throw chain.mismatch(module, `[${channels}, …]`);
  chain.reshape(module, [groups, elementCount(shape) / groups]);
  chain.add(module, { type: 'layer_norm', epsilon: module.number('eps', EPSILON) });
  chain.reshape(module, shape);
  scaleChannels(module, chain);
};

/** Each channel is normalised separately; a row without a second axis is not a list of channels. */
export const instanceNorm: Translate = (module, chain) => {
  if (module.flag('track_running_stats', false) || chain.shape.length !== 2) {
    throw module.unsupported('is supported only without running statistics, and for rows of shape [channels, length]');
  }
  chain.add(module, { type: 'layer_norm', epsilon: module.number('eps', EPSILON) });
  scaleChannels(module, chain);
};

/** A factor and an offset for each channel, along the first axis of a row. */
function scaleChannels(module: TorchModule, chain: Chain): void {
  const weight = chain.perChannel(module, 'weight');
  const bias = chain.perChannel(module, 'bias');
  if (weight === undefined && bias === undefined) return;
  chain.add(module, {
    type: 'affine',
    ...(weight !== undefined && { scale: weight }),
    ...(bias !== undefined && { shift: bias }),
  });
}
