/**
 * HDF5 weights of Keras 2, which Keras 3 still writes: a group for each layer of the outermost model, with an attribute
 * that lists its arrays. A model used as a layer has one list: first the trained variables, then the others.
 */
import { ForwardpassError } from '../../errors.ts';
import { innerLayers } from './inner.ts';
import { variablesOf } from './layers/table.ts';
import type { LayerSpec, ModelSpec } from './spec.ts';
import { fromHdf5, readOnce, type StoredWeight, type Variable, type WeightFile, type WeightStore } from './weights.ts';

/** A variable of a layer inside a model, and whether it is listed among the trained ones. */
interface Slot extends Variable {
  readonly key: string;
  readonly layer: LayerSpec;
}

export class LegacyWeights implements WeightStore {
  private readonly weights = new Map<string, StoredWeight[]>();
  private readonly datasets = new Map<string, StoredWeight>();

  /** `root` is the group that contains the groups of the layers. */
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
    if (this.file.kind(group) !== 'group') {
      // Keras 1 stores the layers of Sequential models side by side, however deep the models are nested.
      for (const inner of layer.model?.layers ?? []) this.addGroup(inner);
      return;
    }
    const names = listAttribute(this.file, group, 'weight_names');
    if (names.length === 0) return;
    const stored = names.map((name) => this.dataset(join(group, name)));
    if (layer.own !== undefined) {
      this.weights.set(keyOf(layer), stored);
      return;
    }
    const slots = slotsOf(layer);
    if (slots.length !== stored.length) {
      const message = `expected ${slots.length} weights for it, found ${stored.length}`;
      throw new ForwardpassError('MALFORMED', message, layer.place);
    }
    const found = new Endings(names);
    const isInOrder = slots.every((slot, i) => found.has(i, slot));
    for (const [i, slot] of slots.entries()) {
      const weight = stored[isInOrder ? i : (found.first(slot) ?? i)];
      const own = this.weights.get(slot.key);
      if (own) own.push(weight);
      else this.weights.set(slot.key, [weight]);
    }
  }

  /** An array that is listed several times is shared. */
  private dataset(path: string): StoredWeight {
    const known = this.datasets.get(path) ?? readOnce(fromHdf5(this.file.dataset(path)));
    this.datasets.set(path, known);
    return known;
  }
}

/** Finds names by how they end, for a layer and a variable: `encoder/dense_1/kernel:0` matches `dense_1/kernel`. */
class Endings {
  private readonly parts: readonly (readonly string[])[];
  /** By the number of parts of an ending: the endings, and where each occurs first. */
  private readonly byCount = new Map<number, ReadonlyMap<string, number>>();

  constructor(names: readonly string[]) {
    this.parts = names.map((name) => name.replace(/:\d+$/, '').split('/'));
  }

  has(at: number, slot: Slot): boolean {
    const wanted = `${slot.layer.name}/${slot.name}`;
    return this.parts[at].slice(-wanted.split('/').length).join('/') === wanted;
  }

  first({ layer, name }: Slot): number | undefined {
    const wanted = `${layer.name}/${name}`;
    const count = wanted.split('/').length;
    const known = this.byCount.get(count) ?? this.endingsOf(count);
    this.byCount.set(count, known);
    return known.get(wanted);
  }

  private endingsOf(count: number): Map<string, number> {
    const ending = (parts: readonly string[], at: number): [string, number] => [parts.slice(-count).join('/'), at];
    return new Map(this.parts.map(ending).reverse());
  }
}

/** The variables of a model's layers, in the order of the list. A layer that occurs twice has them once. */
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

/** A list of names; long lists are stored in parts: `weight_names0`, `weight_names1`, … */
export function listAttribute(file: WeightFile, path: string, name: string): readonly string[] {
  const whole = file.strings(path, name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = file.strings(path, `${name}${i}`);
    if (part === undefined) return parts;
    for (const one of part) parts.push(one);
  }
}
