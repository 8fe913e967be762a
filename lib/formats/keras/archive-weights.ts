/** The weight layout of Keras 3: a numbered array for each variable, in groups by the path of the layer. */
import type { LayerSpec } from './spec.ts';
import { fromHdf5, type StoredWeight, type Variable, type WeightFile, type WeightStore } from './weights.ts';

/** Keras 2.12's name for the list of layers. */
const EARLY_NAME = '_layer_checkpoint_dependencies';

export class ArchiveWeights implements WeightStore {
  constructor(
    private readonly file: WeightFile,
    /** Text files by path in the archive. */
    private readonly assets: ReadonlyMap<string, string>,
  ) {}

  find(layer: LayerSpec, variables: readonly Variable[]): StoredWeight[] {
    const group = this.groupOf(layer.path);
    if (group === undefined) return [];
    const stored: StoredWeight[] = [];
    for (const number of variables.keys()) {
      const path = `${group}/${number}`;
      if (this.file.kind(path) !== 'dataset') break;
      stored.push(fromHdf5(this.file.dataset(path)));
    }
    return stored;
  }

  kept(layer: LayerSpec, name: string): StoredWeight | undefined {
    const path = `${this.groupOf(layer.path)}/${name}`;
    return this.file.kind(path) === 'dataset' ? fromHdf5(this.file.dataset(path)) : undefined;
  }

  asset(layer: LayerSpec, name: string): string | undefined {
    return this.assets.get(`assets/${layer.path}/${name}`);
  }

  private groupOf(path: string): string | undefined {
    const candidates = [`${path}/vars`, `${path.replaceAll(/(^|\/)layers(?=\/)/g, `$1${EARLY_NAME}`)}/vars`];
    return candidates.find((candidate) => this.file.kind(candidate) === 'group');
  }
}
