/** Files of only weights: arrays by name. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { StoredParameter } from '../stored-parameter.ts';
import { listAttribute } from './legacy-weights.ts';
import { fromHdf5, type StoredWeight, type WeightFile } from './weights.ts';

/** For numbered variables: their names, by the layer class with which the group's name begins. */
const NAMES: readonly (readonly [group: RegExp, names: readonly string[]])[] = [
  [/^batch_normalization/, ['gamma', 'beta', 'moving_mean', 'moving_variance']],
  [/^(layer|group)_normalization/, ['gamma', 'beta']],
  [/^rms_normalization/, ['scale']],
  [/^embedding/, ['embeddings']],
  [/^p_re_lu/, ['alpha']],
  [/^normalization/, ['mean', 'variance', 'count']],
];
const DENSE = ['kernel', 'bias'];

const STEPS_OF_GROUP = 10;

/**
 * `layers/dense_1/vars/0` becomes `dense_1/kernel`; `dense_1/dense_1/kernel:0` of Keras 2 becomes `dense_1/kernel`. The
 * optimizer's variables are not part of the model.
 */
export function storedParameters(file: WeightFile, root: string, budget: Budget): Map<string, StoredParameter> {
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
  const { depth } = budget.limits;
  const visit = (path: string, name: string, level: number) => {
    if (level > depth) throw new ForwardpassError('LIMIT', `groups are nested more than ${depth} deep`, file.name);
    for (const child of file.children(path)) {
      // A group may be linked from several others, and is then visited again.
      budget.step(STEPS_OF_GROUP, file.name);
      budget.build(path.length + child.length, file.name);
      const inner = path === '' ? child : `${path}/${child}`;
      if (inner === 'optimizer') continue;
      const isList = child === 'layers' || child === '_layer_checkpoint_dependencies';
      const own = isList || child === 'vars' ? name : name === '' ? child : `${name}/${child}`;
      if (file.kind(inner) === 'group') visit(inner, own, level + 1);
      else add(numbered(own, name), fromHdf5(file.dataset(inner)));
    }
  };
  visit('', '', 0);
  return stored;
}

/** Replaces the number of a variable at the end of a name by the variable's name. */
function numbered(own: string, group: string): string {
  let start = own.length;
  while (start > 0 && isDigit(own[start - 1])) start--;
  if (start === own.length) return own;
  const before = own[start - 1] === '/' ? start - 1 : start;
  return `${own.slice(0, before)}/${variableName(group, Number(own.slice(start)))}`;
}

function isDigit(sign: string): boolean {
  return sign >= '0' && sign <= '9';
}

function variableName(group: string, number: number): string {
  const last = group.slice(group.lastIndexOf('/') + 1);
  const names = NAMES.find(([pattern]) => pattern.test(last))?.[1] ?? DENSE;
  return names[number] ?? String(number);
}
