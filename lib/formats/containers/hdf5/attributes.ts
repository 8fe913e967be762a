/** Attributes that hold text: one string or a list, of fixed or of variable length. */
import { ForwardpassError } from '../../../errors.ts';
import type { H5Module } from './library.ts';

interface AttributeOf {
  readonly calls: H5Module;
  readonly id: bigint;
  readonly path: string;
  readonly attribute: string;
  readonly place: string;
  /** Bytes that the text may have: the file's. */
  readonly most: number;
}

const POINTER_BYTES = 4;

/** Text is taken as UTF-8 whatever it is declared as: writers of Keras files encode it so and declare ASCII. */
export function readStrings({ calls, id, path, attribute, place, most }: AttributeOf): readonly string[] {
  const { type, vlen, size, shape, total_size: count } = calls.get_attribute_metadata(id, path, attribute);
  // An empty list has lost its type on the way: NumPy makes it one of float64.
  if (shape === null || count === 0) return [];
  const { H5T_STRING } = calls.H5T_class_t;
  if (type !== H5T_STRING.value) throw new ForwardpassError('MALFORMED', 'expected text, found another type', place);
  const bytes = count * (vlen ? POINTER_BYTES : size);
  if (!(bytes <= most)) {
    throw new ForwardpassError('LIMIT', `declares ${count} strings, more than the file of ${most} bytes holds`, place);
  }
  const pointer = allocate(calls, bytes, place);
  if (calls.get_attribute_data(id, path, attribute, BigInt(pointer)) < 0) {
    calls._free(pointer);
    throw new ForwardpassError('MALFORMED', 'the text cannot be read', place);
  }
  const pointers = new Uint32Array(calls.HEAPU8.slice(pointer, pointer + bytes).buffer, 0, vlen ? count : 0);
  const texts = vlen
    ? Array.from(pointers, (start) => (start === 0 ? '' : textAt(calls, start, most)))
    : Array.from({ length: count }, (_, i) => textAt(calls, pointer + i * size, size));
  if (vlen) calls.reclaim_vlen_memory(id, path, attribute, BigInt(pointer));
  // Not after a fault of the library: it could go round in circles in memory that it has spoilt.
  calls._free(pointer);
  return texts;
}

/** Up to the first zero, at most `longest` bytes. */
function textAt(calls: H5Module, start: number, longest: number): string {
  const bytes = calls.HEAPU8.subarray(start, start + longest);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** Memory of the library's, which the caller frees. */
export function allocate(calls: H5Module, bytes: number, place: string): number {
  const pointer = calls._malloc(bytes);
  if (pointer !== 0) return pointer;
  throw new ForwardpassError('MEMORY', `${bytes} bytes could not be allocated to read it`, place);
}
