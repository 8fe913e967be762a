/** Finds a layer's weights, however the file stores them. */
import type { Tensor } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shapes.ts';
import { readElements } from '../containers/elements.ts';
import type { Hdf5Dataset, Hdf5File } from '../containers/hdf5.ts';
import type { LayerSpec } from './spec.ts';

/** The groups and arrays of one file, or of several files treated as one. */
export type WeightFile = Pick<Hdf5File, 'name' | 'kind' | 'children' | 'strings' | 'dataset' | 'close'>;

/** One array, read on demand. */
export interface StoredWeight {
  readonly shape: Shape;
  /** For messages. */
  readonly place: string;
  read(): Tensor;
}

/** A variable of a layer; variables are listed in the order of creation. */
export interface Variable {
  readonly name: string;
  readonly isTrainable: boolean;
}

export interface WeightStore {
  /** The layer's variables, one for each of `variables`; fewer if the file has fewer. */
  find(layer: LayerSpec, variables: readonly Variable[]): readonly StoredWeight[];
  /** An array that a layer stores under a name, instead of as one of its variables. */
  kept?(layer: LayerSpec, name: string): StoredWeight | undefined;
  /** A text file that the model stores beside its weights for the layer, such as a vocabulary. */
  asset?(layer: LayerSpec, name: string): string | undefined;
}

export function fromHdf5(dataset: Hdf5Dataset): StoredWeight {
  const { shape, place, element } = dataset;
  return { shape, place, read: () => ({ shape, data: readElements(dataset.read(), element, place) }) };
}

/** The same weight, read only once: layers that are called twice share their parameters. */
export function readOnce(weight: StoredWeight): StoredWeight {
  let tensor: Tensor | undefined;
  return {
    ...weight,
    read() {
      tensor ??= weight.read();
      return tensor;
    },
  };
}
