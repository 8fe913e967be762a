/** Which call of an inner model a number refers to: the two versions of Keras count calls differently. */
import { type CallArguments, type LayerSpec, type ModelSpec, mapRefs, Ref } from './spec.ts';

/**
 * The first call of a model is the one that built it. Keras 3 counts it only where a model names, as its outputs,
 * tensors of a functional model in it.
 */
export function fromVersion3(model: ModelSpec): ModelSpec {
  const shifted = new Set(model.layers.filter(({ className }) => /^(Functional|Model)$/.test(className)).map(nameOf));
  return { ...model, outputs: mapRefs(model.outputs, (ref) => withoutOwnCall(ref, shifted)) };
}

/** Keras 2 counts it everywhere, for each model that has it: those of which no call has the number 0. */
export function fromVersion2(model: ModelSpec): ModelSpec {
  const shifted = new Set(model.layers.filter((layer) => layer.model !== undefined).map(nameOf));
  const look = (ref: Ref) => {
    if (ref.call === 0) shifted.delete(ref.layer);
    return ref;
  };
  const change = (call: CallArguments, visit: (ref: Ref) => Ref): CallArguments => ({
    args: call.args.map((arg) => mapRefs(arg, visit)),
    kwargs: call.kwargs,
  });
  mapRefs(model.outputs, look);
  for (const { calls } of model.layers) for (const call of calls) change(call, look);
  if (shifted.size === 0) return model;
  const shift = (ref: Ref) => withoutOwnCall(ref, shifted);
  const layers = model.layers.map((layer) => ({ ...layer, calls: layer.calls.map((call) => change(call, shift)) }));
  return { ...model, layers, outputs: mapRefs(model.outputs, shift) };
}

function nameOf({ name }: LayerSpec): string {
  return name;
}

function withoutOwnCall(ref: Ref, shifted: ReadonlySet<string>): Ref {
  return shifted.has(ref.layer) ? new Ref(ref.layer, Math.max(0, ref.call - 1), ref.tensor) : ref;
}
