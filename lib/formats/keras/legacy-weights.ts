/**
 * The HDF5 files of Keras 2, which Keras 3 still writes: a group for each layer of the outermost model, in which an
 * attribute lists its arrays. Those of a model that is a layer are in one list: first what is trained, then the rest.
 */
import { ForwardpassError } from '../../errors.ts';
import { innerLayers } from './inner.ts';
import { variablesOf } from './layers/table.ts';
import type { LayerSpec, ModelSpec } from './spec.ts';
import { fromHdf5, type StoredWeight, type Variable, type WeightFile, type WeightStore } from './weights.ts';

/** A variable of a layer inside a model, and whether it is listed among those that are trained. */
interface Slot extends Variable {
  readonly key: string;
  readonly layer: LayerSpec;
}

export class LegacyWeights implements WeightStore {
  private readonly weights = new Map<string, readonly StoredWeight[]>();

  /** `root` is the group that has the layers' groups. */
  constructor(
    private readonly file: WeightFile,
    private readonly root: string,
    model: ModelSpec,
  ) {
    for (const layer of model.layers) this.addGroup(layer);
  }

  find(layer: LayerSpec): readonly StoredWeight[] {
    return this.weights.get(keyOf(layer)) ?? [];
  }

  private addGroup(layer: LayerSpec): void {
    const group = join(this.root, layer.name);
    if (this.file.kind(group) !== 'group') return;
    const names = listAttribute(this.file, group, 'weight_names');
    if (names.length === 0) return;
    const stored = names.map((name) => fromHdf5(this.file.dataset(join(group, name))));
    const slots = slotsOf(layer);
    if (slots.length !== stored.length) {
      const message = `expected ${slots.length} weights for it, found ${stored.length}`;
      throw new ForwardpassError('MALFORMED', message, layer.place);
    }
    const isInOrder = slots.every((slot, i) => isNamed(names[i], slot));
    for (const [i, slot] of slots.entries()) {
      const at = isInOrder ? i : names.findIndex((name) => isNamed(name, slot));
      const weight = stored[at < 0 ? i : at];
      this.weights.set(slot.key, [...(this.weights.get(slot.key) ?? []), weight]);
    }
  }
}

/** `encoder/dense_1/kernel:0` ends in the layer's name and the variable's. */
function isNamed(stored: string, { layer, name }: Slot): boolean {
  const plain = stored.replace(/:\d+$/, '');
  return plain === `${layer.name}/${name}` || plain.endsWith(`/${layer.name}/${name}`);
}

/** The variables of a model's layers in the order of the list. A layer that is there twice has them once. */
function slotsOf(model: LayerSpec): Slot[] {
  const slots: Slot[] = [];
  const seen = new Set<string>();
  const visit = (layer: LayerSpec, isTrained: boolean) => {
    const trained = isTrained && layer.isTrainable;
    for (const inner of layer.model?.layers ?? []) visit(inner, trained);
    if (layer.model !== undefined || layer.isOperation || seen.has(keyOf(layer))) return;
    seen.add(keyOf(layer));
    for (const variable of variablesOf(layer)) {
      slots.push({ ...variable, isTrainable: trained && variable.isTrainable, key: keyOf(layer), layer });
    }
    for (const inner of innerLayers(layer)) visit(inner, trained);
  };
  visit(model, true);
  return [...slots.filter((slot) => slot.isTrainable), ...slots.filter((slot) => !slot.isTrainable)];
}

function keyOf(layer: LayerSpec): string {
  return layer.trail.join('/');
}

function join(group: string, name: string): string {
  return group === '' ? name : `${group}/${name}`;
}

/** A list of names; long ones are written in parts: `weight_names0`, `weight_names1`, … */
export function listAttribute(file: WeightFile, path: string, name: string): readonly string[] {
  const whole = file.strings(path, name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = file.strings(path, `${name}${i}`);
    if (part === undefined) return parts;
    parts.push(...part);
  }
}
