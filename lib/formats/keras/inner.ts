/** A layer wrapped by another: the one that TimeDistributed repeats, or an activation that is a layer. */
import { Config, isObject } from './config.ts';
import type { LayerSpec } from './spec.ts';

/** The maximum depth of layers that wrap each other. */
const DEEPEST = 128;

/** Undefined if the field contains no layer. */
export function innerLayer(layer: LayerSpec, field: 'layer' | 'activation'): LayerSpec | undefined {
  const value = layer.config.raw(field);
  if (!isObject(value) || !isObject(value.config)) return undefined;
  if (layer.trail.length > DEEPEST) {
    throw layer.config.error('LIMIT', `layers are nested more than ${DEEPEST} deep`);
  }
  const outer = layer.config.object(field);
  const className = outer.text('class_name');
  const inner = new Config(outer.raw('config'), layer.place);
  return {
    name: inner.text('name', field),
    className,
    config: inner,
    place: `${layer.place} ${field} (${className})`,
    isOperation: false,
    trail: [...layer.trail, field],
    path: `${layer.path}/${field}`,
    isTrainable: inner.flag('trainable', true),
    calls: [],
  };
}

/** All inner layers, in the order in which Keras finds them. */
export function innerLayers(layer: LayerSpec): LayerSpec[] {
  const fields = ['activation', 'layer'] as const;
  return fields.map((field) => innerLayer(layer, field)).filter((inner) => inner !== undefined);
}
