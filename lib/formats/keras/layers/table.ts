/** The table of all supported classes. */

import type { LayerKind } from '../layer.ts';
import { unknownLayer } from '../refusals.ts';
import type { LayerSpec } from '../spec.ts';
import type { Variable } from '../weights.ts';
import { activationLayers } from './activations.ts';
import { coreLayers } from './core.ts';
import { hashingLayers } from './hashing.ts';
import { lookupLayers } from './lookup.ts';
import { mergingLayers } from './merging.ts';
import { normalizationLayers } from './normalization.ts';
import { operations } from './operations.ts';
import { poolingLayers } from './pooling.ts';
import { preprocessingLayers } from './preprocessing.ts';
import { reshapingLayers } from './reshaping.ts';
import { textLayers } from './texts.ts';

const LAYERS: ReadonlyMap<string, LayerKind> = new Map([
  ...Object.entries({
    ...coreLayers,
    ...activationLayers,
    ...normalizationLayers,
    ...mergingLayers,
    ...reshapingLayers,
    ...poolingLayers,
    ...preprocessingLayers,
    ...lookupLayers,
    ...hashingLayers,
    ...textLayers,
  }),
]);
const OPERATIONS: ReadonlyMap<string, LayerKind> = new Map(Object.entries(operations));

export function isLayer(className: string): boolean {
  return LAYERS.has(className);
}

/** Throws `UNSUPPORTED_OP` for a class that is not in the table. */
export function kindOf({ className, isOperation, place, isGivable }: LayerSpec): LayerKind {
  const kind = (isOperation ? OPERATIONS : LAYERS).get(className);
  if (kind !== undefined) return kind;
  throw unknownLayer(className, place, isOperation, isGivable);
}

/** The layer's own variables, in the order in which Keras creates them. */
export function variablesOf(layer: LayerSpec): readonly Variable[] {
  if (layer.own !== undefined) return [];
  return kindOf(layer).variables?.(layer.config) ?? [];
}
