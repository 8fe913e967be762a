/** Undoes the filters that were applied to chunks. */
import { ForwardpassError } from '../../../errors.ts';
import { inflateNow } from '../compression/inflate.ts';
import { fletcher32 } from './checksums.ts';
import { decodeText, type Part, type Reader } from './reader.ts';

export interface Filter {
  readonly id: number;
  readonly name: string;
  /** The filter's parameters. */
  readonly values: readonly number[];
}

const [DEFLATE, SHUFFLE, FLETCHER] = [1, 2, 3];
const SUM_BYTES = 4;
/** Opening a decoder takes some microseconds, even for little data. */
const STEPS_PER_DECODER = 8;

/** Throws `UNSUPPORTED_DTYPE` for filters that no software writing Keras files uses. */
export function readFilters(part: Part): Filter[] {
  const version = part.version(1, 2);
  const count = part.u8();
  if (version === 1) part.skip(6);
  const filters = Array.from({ length: count }, () => readFilter(part, version));
  const unknown = filters.find(({ id }) => id !== DEFLATE && id !== SHUFFLE && id !== FLETCHER);
  if (unknown === undefined && new Set(filters.map(({ id }) => id)).size === count) return filters;
  const message =
    unknown === undefined
      ? 'is compressed with the same filter twice; expected deflate'
      : `is compressed with filter ${unknown.id} (${unknown.name || 'no name'}); expected deflate`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', message, part.reader.place);
}

/** Filters from this number on are not HDF5's own, and have a name in newer files too. */
const FIRST_FOREIGN = 256;

function readFilter(part: Part, version: number): Filter {
  const id = part.u16();
  const nameBytes = version === 1 || id >= FIRST_FOREIGN ? part.u16() : 0;
  const count = part.skip(2).u16();
  const name = decodeText(part.bytes(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes)).slice(0, 40);
  const values = Array.from({ length: count }, () => part.u32());
  if (version === 1 && count % 2 === 1) part.skip(4);
  return { id, name, values };
}

/** The elements of a chunk of `size` bytes. `mask`: a bit for each filter that was not applied. */
export function unfilter(
  reader: Reader,
  filters: readonly Filter[],
  mask: number,
  stored: Uint8Array,
  size: number,
): Uint8Array {
  const used = filters.filter((_, i) => (mask & (2 ** i)) === 0);
  let bytes = stored;
  for (let i = used.length - 1; i >= 0; i--) {
    const { id, values } = used[i];
    if (id === DEFLATE) {
      reader.budget.step(STEPS_PER_DECODER, reader.place);
      // The size after the previous filters: a checksum makes the chunk longer.
      const sums = used.slice(0, i).filter((one) => one.id === FLETCHER).length;
      bytes = inflateNow(bytes, size + SUM_BYTES * sums, reader.place);
    } else if (id === FLETCHER) bytes = checked(reader, bytes);
    else bytes = unshuffle(bytes, values[0] ?? 1);
  }
  if (bytes.length !== size) throw reader.damaged(`a chunk has ${bytes.length} bytes; expected ${size}`);
  return bytes;
}

/** Without its checksum, which older versions wrote with the bytes of each half swapped. */
function checked(reader: Reader, bytes: Uint8Array): Uint8Array {
  const data = bytes.subarray(0, Math.max(0, bytes.length - SUM_BYTES));
  const [a, b, c, d] = bytes.subarray(data.length);
  const sum = fletcher32(data);
  const [stored, exchanged] = [
    [d, c, b, a],
    [c, d, a, b],
  ].map((four) => four.reduce((word, byte) => word * 256 + byte, 0));
  if (sum === stored || sum === exchanged) return data;
  throw reader.damaged('the checksum of a chunk does not match');
}

/** The first bytes of all elements, then the second bytes, …; a remainder stays at the end. */
function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const count = Math.floor(bytes.length / elementBytes);
  if (elementBytes <= 1 || count <= 1) return bytes;
  const elements = new Uint8Array(bytes.length);
  for (let byte = 0; byte < elementBytes; byte++) {
    for (let i = 0, to = byte, from = byte * count; i < count; i++, to += elementBytes) elements[to] = bytes[from + i];
  }
  elements.set(bytes.subarray(count * elementBytes), count * elementBytes);
  return elements;
}
