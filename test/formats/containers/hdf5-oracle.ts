/** What h5wasm, the HDF5 library itself, reads of a file: every name, text, shape, type and byte. */
import { Module, ready } from 'h5wasm';

await ready;
const calls = Module;
// The library writes why it fails to the console.
const files = calls.FS as unknown as {
  writeFile(path: string, data: Uint8Array): void;
  unlink(path: string): void;
  getStream(descriptor: number): { stream_ops: object };
};
const errors = files.getStream(2);
errors.stream_ops = { ...errors.stream_ops, write: (_: unknown, __: unknown, ___: unknown, length: number) => length };

export interface Oracle {
  children(path: string): string[];
  kind(path: string): string;
  attributes(path: string): string[];
  strings(path: string, name: string): unknown;
  /** The number of its type's class; no bytes if there are none, or too many. */
  dataset(path: string): { shape: number[] | null; type: number; size: number; isSigned: boolean; bytes?: Uint8Array };
  close(): void;
}

/** Undefined where the library refuses the file. */
export function openOracle(bytes: Uint8Array): Oracle | undefined {
  const path = '/oracle.h5';
  files.writeFile(path, bytes);
  const id = calls.open(path, calls.H5F_ACC_RDONLY, false, -1, -1);
  files.unlink(path);
  if (id < 0n) return undefined;
  return {
    children: (group) => calls.get_names(id, `/${group}`, false),
    kind: (at) => kindOf(id, `/${at}`),
    attributes: (at) => calls.get_attribute_names(id, `/${at}`),
    strings: (at, name) => stringsOf(id, `/${at}`, name),
    dataset: (at) => datasetOf(id, `/${at}`),
    close: () => void calls.close_file(id),
  };
}

function kindOf(id: bigint, path: string): string {
  if (path === '/') return 'group';
  if ((calls.get_symbolic_link(id, path) as string | null) !== null) return 'soft link';
  if ((calls.get_external_link(id, path) as { filename?: string }).filename !== undefined) return 'external link';
  const type = calls.get_type(id, path);
  return type === calls.H5G_GROUP ? 'group' : type === calls.H5G_DATASET ? 'dataset' : 'other';
}

function stringsOf(id: bigint, path: string, name: string): unknown {
  const { type, vlen, size, shape, total_size: count } = calls.get_attribute_metadata(id, path, name);
  if (shape === null || count === 0) return [];
  if (type !== calls.H5T_class_t.H5T_STRING.value) return 'other than text';
  const bytes = count * (vlen ? 4 : size);
  const pointer = calls._malloc(bytes);
  if (calls.get_attribute_data(id, path, name, BigInt(pointer)) < 0)
    throw new Error('the library cannot read the text');
  const pointers = new Uint32Array(calls.HEAPU8.slice(pointer, pointer + bytes).buffer, 0, vlen ? count : 0);
  const texts = vlen
    ? Array.from(pointers, (start) => (start === 0 ? '' : textAt(start, calls.HEAPU8.length - start)))
    : Array.from({ length: count }, (_, i) => textAt(pointer + i * size, size));
  if (vlen) calls.reclaim_vlen_memory(id, path, name, BigInt(pointer));
  calls._free(pointer);
  return texts;
}

function textAt(start: number, longest: number): string {
  const bytes = calls.HEAPU8.subarray(start, start + longest);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

const MOST_BYTES = 2 ** 24;

function datasetOf(id: bigint, path: string): ReturnType<Oracle['dataset']> {
  const { shape, type, size, signed: isSigned } = calls.get_dataset_metadata(id, path);
  const known = { shape, type, size, isSigned };
  const total = (shape ?? [0]).reduce((product, length) => product * length, size);
  if (total === 0) return { ...known, bytes: new Uint8Array(0) };
  if (total > MOST_BYTES) return known;
  const pointer = calls._malloc(total);
  calls.HEAPU8.fill(0, pointer, pointer + total);
  const isRead = calls.get_dataset_data(id, path, null, null, null, BigInt(pointer)) >= 0;
  const bytes = calls.HEAPU8.slice(pointer, pointer + total);
  calls._free(pointer);
  if (!isRead) throw new Error('the library cannot read the data');
  return { ...known, bytes };
}
