/**
 * torch.save's form before 1.6, and with `_use_new_zipfile_serialization=False` since: consecutive pickles (a magic
 * number, the protocol, the system, the value, the storages' names), then the bytes of each storage.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import { readPickle } from '../containers/pickle/pickle.ts';
import { PickleGlobal, PickleList, PickleTuple, type PickleValue, pickleKind } from '../containers/pickle/values.ts';
import { torchElementBytes, torchStorageType } from '../containers/torch-tensors.ts';
import type { Reader } from '../format.ts';
import type { SavedFile } from './file.ts';

const PROTOCOL = 1001;
/** The bytes of the element count before each storage. */
export const COUNT_BYTES = 8;
/** The pickles usually fit into this; if not, four times as much is read. */
const FIRST_LOOK = 2 ** 18;

export interface Head {
  readonly root: PickleValue;
  readonly keys: readonly string[];
  /** The bytes of each storage, as the tensors declare it. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Where the storages begin. */
  readonly end: number;
}

export async function openLegacy(main: Reader, budget: Budget): Promise<SavedFile> {
  const { root, keys, sizes, end } = await readHead(main, budget);
  const offsets = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const size = sizes.get(key);
    if (size === undefined) {
      throw new ForwardpassError('MALFORMED', `no tensor has the type of the storage ${quote(key)}`, main.name);
    }
    offsets.set(key, at + COUNT_BYTES);
    at += COUNT_BYTES + size;
  }
  if (at > main.size) {
    const message = `the storages end at byte ${at}, but the file at ${main.size}`;
    throw new ForwardpassError('TRUNCATED', message, main.name);
  }
  const read = new Map<string, Promise<Uint8Array>>();
  return {
    root,
    async storage(key) {
      const offset = offsets.get(key);
      if (offset === undefined) return undefined;
      const bytes = read.get(key) ?? readStorage(main, key, offset, sizes.get(key) ?? 0);
      read.set(key, bytes);
      return bytes;
    },
  };
}

async function readHead(main: Reader, budget: Budget): Promise<Head> {
  for (let length = FIRST_LOOK; ; length *= 4) {
    try {
      return parseHead(await main.read(0, Math.min(length, main.size)), main.name, budget);
    } catch (error) {
      const isShort = error instanceof ForwardpassError && error.code === 'TRUNCATED' && length < main.size;
      if (!isShort) throw error;
    }
  }
}

/** Everything before the storages. */
export function parseHead(bytes: Uint8Array, place: string, budget: Budget): Head {
  let start = 0;
  const sizes = new Map<string, number>();
  const persistent = (id: PickleValue) => readReference(id, sizes, place);
  const next = () => {
    const { value, end } = readPickle(bytes, { budget, place, start, hooks: { persistent } });
    start = end;
    return value;
  };
  next(); // The magic number, by which the format was detected.
  const protocol = next();
  if (protocol !== PROTOCOL) {
    const message = `expected the protocol ${PROTOCOL}, found ${pickleKind(protocol)}`;
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, place);
  }
  next(); // The system that wrote the file; its storages are always little-endian.
  const root = next();
  const keys = next();
  if (!(keys instanceof PickleList) || !keys.items.every((key) => typeof key === 'string')) {
    const message = `expected the names of storages, found ${pickleKind(keys)}`;
    throw new ForwardpassError('MALFORMED', message, place);
  }
  return { root, keys: keys.items as string[], sizes, end: start };
}

/** Records a storage's size; a module's class, which comes with its source code, becomes only the class. */
function readReference(id: PickleValue, sizes: Map<string, number>, place: string): PickleValue | undefined {
  const [kind, type, key, , elements, view = null] = id instanceof PickleTuple ? id.items : [];
  if (kind === 'module' && type instanceof PickleGlobal) return type;
  if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string') return undefined;
  const dtype = torchStorageType(type.name);
  if (dtype === undefined) {
    const message = `expected floats, integers or bool as elements, found ${quote(type.name)}`;
    throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
  }
  if (!Number.isSafeInteger(elements) || Number(elements) < 0 || view !== null) {
    throw new ForwardpassError('MALFORMED', `the storage ${quote(key)} has no size, or is a view of another`, place);
  }
  sizes.set(key, Number(elements) * torchElementBytes(dtype));
  return undefined;
}

async function readStorage(main: Reader, key: string, offset: number, size: number): Promise<Uint8Array> {
  const head = await main.read(offset - COUNT_BYTES, COUNT_BYTES);
  const elements = Number(new DataView(head.buffer, head.byteOffset).getBigInt64(0, true));
  const isEmpty = elements === 0 && size === 0;
  // The count is of elements or, for storages without a type, of bytes; the tensors' own sizes were checked against
  // both.
  if (!isEmpty && (elements <= 0 || size % elements !== 0 || size / elements > COUNT_BYTES)) {
    const message = `the storage ${quote(key)} has ${elements} elements, but its tensors declare ${size} bytes`;
    throw new ForwardpassError('MALFORMED', message, main.name);
  }
  return main.read(offset, size);
}
