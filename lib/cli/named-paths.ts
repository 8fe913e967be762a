import { ForwardpassError } from '../errors.ts';
import { listNames, quote } from '../messages.ts';

export interface NamedPath {
  readonly path: string;
  /** The indices of the model's inputs or outputs that it is for. */
  readonly indices: readonly number[];
}

/**
 * The values of an option that takes one path for everything, or `name=path` for each of some tensors.
 * Throws `OPTION` for an unknown name, and for a name or a dash that is given twice.
 */
export function assignPaths(
  option: string,
  paths: readonly string[],
  tensors: readonly { readonly name: string }[],
): NamedPath[] {
  const named = paths.map((path) => tensors.findIndex(({ name }) => path.startsWith(`${name}=`)));
  if (paths.length === 1 && named[0] < 0) return [{ path: paths[0], indices: tensors.map((_, i) => i) }];
  const assigned = named.map((index, i) => {
    const place = `${option} ${paths[i]}`;
    if (index < 0) {
      const names = listNames(tensors.map(({ name }) => name));
      throw new ForwardpassError('OPTION', `expected NAME=FILE with one of the names ${names}`, place);
    }
    if (named.indexOf(index) < i) {
      throw new ForwardpassError('OPTION', `${quote(tensors[index].name)} is given twice`, place);
    }
    return { path: paths[i].slice(tensors[index].name.length + 1), indices: [index] };
  });
  if (assigned.filter(({ path }) => path === '-').length > 1) {
    throw new ForwardpassError('OPTION', 'only one of the files can be a dash', option);
  }
  return assigned;
}
