/** Every supported class of torch.nn, by name. */
import { ACTIVATIONS } from './activations.ts';
import type { Translate } from './chain.ts';
import { embedding, embeddingBag, flatten, linear, unflatten } from './layers.ts';
import { COMPILED } from './module.ts';
import { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } from './norms.ts';

/** Has no effect in inference. */
const nothing: Translate = () => {};

export const MODULES: ReadonlyMap<string, Translate> = new Map(
  Object.entries({
    ...ACTIVATIONS,
    Linear: linear,
    NonDynamicallyQuantizableLinear: linear,
    Embedding: embedding,
    EmbeddingBag: embeddingBag,
    BatchNorm1d: batchNorm,
    SyncBatchNorm: batchNorm,
    LayerNorm: layerNorm,
    RMSNorm: rmsNorm,
    GroupNorm: groupNorm,
    InstanceNorm1d: instanceNorm,
    Flatten: flatten,
    Unflatten: unflatten,
    Identity: nothing,
    Dropout: nothing,
    Dropout1d: nothing,
    Dropout2d: nothing,
    Dropout3d: nothing,
    AlphaDropout: nothing,
    FeatureAlphaDropout: nothing,
  }),
);

/** Modules that run their inner modules in order, or the one that they wrap. */
export const CONTAINERS: ReadonlySet<string> = new Set([
  'torch.nn.modules.container.Sequential',
  'torch.nn.parallel.data_parallel.DataParallel',
  'torch.nn.parallel.distributed.DistributedDataParallel',
  COMPILED,
  'torch.optim.swa_utils.AveragedModel',
  'torchvision.ops.misc.MLP',
  'peft.peft_model.PeftModel',
  'peft.tuners.lora.model.LoraModel',
]);
