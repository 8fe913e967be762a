/** Files of weights alone: the arrays by names that say what they are. */
import type { StoredParameter } from '../parameters.ts';
import { listAttribute } from './legacy-weights.ts';
import { fromHdf5, type StoredWeight, type WeightFile } from './weights.ts';

/** The variables of a layer by the class that its group's name begins with, where they are numbered. */
const NAMES: readonly (readonly [group: RegExp, names: readonly string[]])[] = [
  [/^batch_normalization/, ['gamma', 'beta', 'moving_mean', 'moving_variance']],
  [/^(layer|group)_normalization/, ['gamma', 'beta']],
  [/^rms_normalization/, ['scale']],
  [/^embedding/, ['embeddings']],
  [/^p_re_lu/, ['alpha']],
  [/^normalization/, ['mean', 'variance', 'count']],
];
const DENSE = ['kernel', 'bias'];

/**
 * `layers/dense_1/vars/0` goes by `dense_1/kernel`, `dense_1/dense_1/kernel:0` of Keras 2 by `dense_1/kernel`. What
 * the optimizer keeps is no part of the model.
 */
export function storedParameters(file: WeightFile, root: string): Map<string, StoredParameter> {
  const stored = new Map<string, StoredParameter>();
  const add = (name: string, { shape, read }: StoredWeight) => stored.set(name, { shape, read: async () => read() });
  const layers = listAttribute(file, root, 'layer_names');
  for (const layer of layers) {
    const group = root === '' ? layer : `${root}/${layer}`;
    for (const name of listAttribute(file, group, 'weight_names')) {
      add(name.replace(/:\d+$/, ''), fromHdf5(file.dataset(`${group}/${name}`)));
    }
  }
  if (layers.length > 0) return stored;
  const visit = (path: string, name: string) => {
    for (const child of file.children(path)) {
      const inner = path === '' ? child : `${path}/${child}`;
      if (inner === 'optimizer') continue;
      const isList = child === 'layers' || child === '_layer_checkpoint_dependencies';
      const own = isList || child === 'vars' ? name : name === '' ? child : `${name}/${child}`;
      if (file.kind(inner) === 'group') visit(inner, own);
      else
        add(
          own.replace(/\/?(\d+)$/, (_, at) => `/${variableName(name, Number(at))}`),
          fromHdf5(file.dataset(inner)),
        );
    }
  };
  visit('', '');
  return stored;
}

function variableName(group: string, number: number): string {
  const last = group.slice(group.lastIndexOf('/') + 1);
  const names = NAMES.find(([pattern]) => pattern.test(last))?.[1] ?? DENSE;
  return names[number] ?? String(number);
}
