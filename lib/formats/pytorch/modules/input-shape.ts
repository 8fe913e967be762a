/** The shape of a model's row, which no module stores: derived from the first modules that have a fixed width. */
import type { GraphInput } from '../../../graph/graph.ts';
import { elementCount, type Shape } from '../../../graph/shapes.ts';
import { ACTIVATIONS } from './activations.ts';
import type { TorchModule } from './module.ts';

/** Classes whose result has the shape of their input. */
const KEEPING = new Set([
  ...Object.keys(ACTIVATIONS).filter((name) => name !== 'GLU'),
  ...['Identity', 'Dropout', 'Dropout1d', 'Dropout2d', 'Dropout3d', 'AlphaDropout', 'FeatureAlphaDropout'],
]);

type Told = (module: TorchModule) => Shape;

/** Classes that know the shape of their row, or the end of it. */
const TELLING: ReadonlyMap<string, Told> = new Map<string, Told>([
  ['Linear', (module) => [module.size('in_features')]],
  ['NonDynamicallyQuantizableLinear', (module) => [module.size('in_features')]],
  ['BatchNorm1d', (module) => [module.size('num_features')]],
  ['SyncBatchNorm', (module) => [module.size('num_features')]],
  ['LayerNorm', (module) => module.sizes('normalized_shape')],
  ['RMSNorm', (module) => module.sizes('normalized_shape')],
  ['GroupNorm', (module) => [module.size('num_channels')]],
  ['Unflatten', (module) => [elementCount(module.sizes('unflattened_size'))]],
]);

/** `modules`: those that have an effect, in order. */
export function inputOf(modules: readonly TorchModule[]): Pick<GraphInput, 'shape' | 'dtype' | 'ragged'> | undefined {
  const first = modules.find((module) => !KEEPING.has(kindOf(module)));
  if (first === modules[0] && first !== undefined && kindOf(first) === 'EmbeddingBag') {
    return { shape: [first.size('num_embeddings')], dtype: 'float32', ragged: true };
  }
  if (first !== undefined && kindOf(first) === 'Embedding') return idsOf(first, modules);
  const shape = shapeAt(modules);
  return shape && { shape, dtype: 'float32' };
}

/** The shape of the row that the first of the modules takes. */
function shapeAt(modules: readonly TorchModule[]): Shape | undefined {
  let halvings = 0;
  for (const module of modules) {
    const kind = kindOf(module);
    const told = TELLING.get(kind)?.(module) ?? (isChannelwise(module) ? [module.size('num_parameters')] : undefined);
    if (told !== undefined) {
      const shape = [...told.slice(0, -1), (told.at(-1) ?? 0) * 2 ** halvings];
      return shape.every((size) => size > 0) ? shape : undefined;
    }
    if (kind === 'GLU') halvings++;
    // A row of one axis is already flat.
    else if (!KEEPING.has(kind) && kind !== 'Flatten') return undefined;
  }
  return undefined;
}

function isChannelwise(module: TorchModule): boolean {
  return kindOf(module) === 'PReLU' && module.number('num_parameters', 1) > 1;
}

/** One id per row, or as many as give a flat row of the width that follows. */
function idsOf(
  embedding: TorchModule,
  modules: readonly TorchModule[],
): Pick<GraphInput, 'shape' | 'dtype'> | undefined {
  const after = modules.slice(modules.indexOf(embedding) + 1);
  const next = after.findIndex((module) => !KEEPING.has(kindOf(module)));
  if (next < 0 || kindOf(after[next]) !== 'Flatten') return { shape: [], dtype: 'int64' };
  const width = shapeAt(after.slice(next + 1));
  const count = width && elementCount(width) / embedding.size('embedding_dim');
  return count !== undefined && Number.isSafeInteger(count) ? { shape: [count], dtype: 'int64' } : undefined;
}

function kindOf({ className }: TorchModule): string {
  return className.slice(className.lastIndexOf('.') + 1);
}
