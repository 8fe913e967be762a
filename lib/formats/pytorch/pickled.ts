/**
 * Modules and parameters saved by pickle.dump or joblib.dump instead of torch.save: an ordinary pickle, in which each
 * storage is the bytes of a file in torch's old form.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { readPickle } from '../containers/pickle/pickle.ts';
import {
  type PickleObject,
  PicklePersistent,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from '../containers/pickle/values.ts';
import type { Reader } from '../format.ts';
import type { SavedFile } from './file.ts';
import { COUNT_BYTES, parseHead } from './legacy.ts';

const STORAGE = 'torch.storage._load_from_bytes';

export async function openPickled(main: Reader, budget: Budget): Promise<SavedFile> {
  if (main.size > budget.limits.bytes) {
    const message = `has ${main.size} bytes; \`limits.bytes\` allows ${budget.limits.bytes}`;
    throw new ForwardpassError('LIMIT', message, main.name);
  }
  const storages: Uint8Array[] = [];
  // Several calls may share the same bytes.
  const read = new Map<PickleValue | undefined, PickleValue>();
  const called = (object: PickleObject) => {
    if (String(object.callable) !== STORAGE) return undefined;
    const [file] = object.args;
    const storage = read.get(file) ?? readStorage(file, storages, main.name, budget);
    read.set(file, storage);
    return storage;
  };
  const bytes = await main.read(0, main.size);
  const { value } = readPickle(bytes, { budget, place: main.name, hooks: { called } });
  return { root: value, storage: async (key) => storages[Number(key)] };
}

/** The reference that torch.save would have written, to the storage at its index in the list. */
function readStorage(
  file: PickleValue | undefined,
  storages: Uint8Array[],
  place: string,
  budget: Budget,
): PickleValue {
  if (!(file instanceof Uint8Array)) {
    throw new ForwardpassError('MALFORMED', `expected the bytes of a storage, found ${pickleKind(file)}`, place);
  }
  const { root, keys, sizes, end } = parseHead(file, place, budget);
  const id = root instanceof PicklePersistent && root.id instanceof PickleTuple ? root.id.items : [];
  const size = sizes.get(String(id[2]));
  if (size === undefined || keys.length !== 1) {
    throw new ForwardpassError('MALFORMED', `expected one storage, found ${pickleKind(root)}`, place);
  }
  const begin = end + COUNT_BYTES;
  if (begin + size > file.length) {
    const message = `a storage of ${size} bytes extends beyond its ${file.length} bytes`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }
  const key = String(storages.push(file.subarray(begin, begin + size)) - 1);
  return new PicklePersistent(new PickleTuple([...id.slice(0, 2), key, ...id.slice(3)]));
}
