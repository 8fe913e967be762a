/** Our reader of HDF5 and the library itself, over all that a file holds. */
import { ForwardpassError } from '../../../lib/errors.ts';
import type { Hdf5File } from '../../../lib/formats/containers/hdf5.ts';
import type { Oracle } from './hdf5-oracle.ts';

const DEEPEST = 8;
/** The library's numbers of the classes of opaque elements, floats and enumerations. */
const [INTEGER, FLOAT, OPAQUE, ENUMERATION] = [0, 1, 5, 8];

export interface Comparison {
  /** Paths, or paths and attributes, that both read alike. */
  readonly alike: string[];
  /** Code and path of what ours refuses. */
  readonly refused: string[];
  /** What they do not agree on. Empty when all is well. */
  readonly different: string[];
}

export function compare(file: Hdf5File, oracle: Oracle): Comparison {
  const result: Comparison = { alike: [], refused: [], different: [] };
  const visit = (path: string, depth: number) => {
    const kind = judged(
      result,
      path,
      () => oracle.kind(path),
      () => file.kind(path),
    );
    for (const name of attempt(() => oracle.attributes(path)) ?? []) {
      judged(
        result,
        `${path}@${name}`,
        () => oracle.strings(path, name),
        () => file.strings(path, name),
      );
    }
    if (kind === 'dataset')
      judged(
        result,
        `${path} data`,
        () => oracleArray(oracle, path),
        () => ourArray(file, path),
      );
    if (kind !== 'group' || depth > DEEPEST) return;
    const names = judged(
      result,
      `${path} children`,
      () => oracle.children(path),
      () => file.children(path),
    );
    for (const name of names ?? []) visit(path === '' ? name : `${path}/${name}`, depth + 1);
  };
  visit('', 0);
  return result;
}

/** What ours gives; undefined where it refuses. */
function judged<T>(result: Comparison, what: string, theirs: () => unknown, ours: () => T): T | undefined {
  let value: T;
  try {
    value = ours();
  } catch (error) {
    if (!(error instanceof ForwardpassError)) throw error;
    result.refused.push(`${error.code} ${what}`);
    return undefined;
  }
  const expected = attempt(theirs);
  const [found, wanted] = [JSON.stringify(value), JSON.stringify(expected)];
  // Where the library fails, nothing can be said of what ours gives.
  if (expected === undefined || found === wanted) result.alike.push(what);
  else result.different.push(`${what}: ${found.slice(0, 200)}, the library: ${wanted.slice(0, 200)}`);
  return value;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function ourArray(file: Hdf5File, path: string): unknown {
  const { shape, element, read } = file.dataset(path);
  return { shape, element: element === 'BF16' ? TWO_BYTES : element, bytes: Buffer.from(read()).toString('base64') };
}

/** Of floats of two bytes the library does not say which they are. */
const TWO_BYTES = 'F16';

function oracleArray(oracle: Oracle, path: string): unknown {
  const { shape, type, size, isSigned, bytes } = oracle.dataset(path);
  const integer = type === INTEGER || type === ENUMERATION ? `${isSigned ? 'I' : 'U'}${8 * size}` : undefined;
  const isFloat = type === FLOAT || (type === OPAQUE && size === 2);
  const element = integer ?? (isFloat ? `F${8 * size}` : `class ${type}`);
  return { shape, element, bytes: bytes && Buffer.from(bytes).toString('base64') };
}
