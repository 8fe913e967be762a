/** One array of an HDF5 file: what it is before it is read, and its bytes. */
import type { Filter, Metadata } from 'h5wasm';
import { ForwardpassError } from '../../../errors.ts';
import { allocate } from './attributes.ts';
import { attempt, failure, type Library } from './library.ts';

/** Little-endian, by the names that safetensors gives them. */
export type Hdf5Element = 'F64' | 'F32' | 'F16' | 'BF16' | `${'I' | 'U'}${8 | 16 | 32 | 64}`;

export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly element: Hdf5Element;
  /** For messages. */
  readonly place: string;
  /** The elements, row-major; the caller's. */
  read(): Uint8Array;
}

/** The library's numbers of the types' classes. */
const INTEGER = 0;
const FLOAT = 1;
const OPAQUE = 5;
const COMPOUND = 6;
const ENUM = 8;

/** deflate, shuffle and a check sum; the others are decoders that no writer of these files uses. */
const FILTERS = new Set([1, 2, 3]);

/** What one call of the library reads: its memory never shrinks. */
const SLAB_BYTES = 2 ** 22;

/** Throws `UNSUPPORTED_DTYPE`. bfloat16, which the format does not have, is two opaque bytes with an attribute. */
export function elementTypeOf(
  { type, size, signed }: Pick<Metadata, 'type' | 'size' | 'signed'>,
  isBfloat16: boolean,
  place: string,
): Hdf5Element {
  if (isBfloat16 && size === 2 && (type === OPAQUE || type === FLOAT || type === INTEGER)) return 'BF16';
  if (type === FLOAT && (size === 2 || size === 4 || size === 8))
    return size === 2 ? 'F16' : size === 4 ? 'F32' : 'F64';
  // Booleans are an enumeration of one byte.
  if ((type === INTEGER || (type === ENUM && size === 1)) && (size === 1 || size === 2 || size === 4 || size === 8)) {
    return `${signed ? 'I' : 'U'}${(8 * size) as 8 | 16 | 32 | 64}`;
  }
  const found = type === COMPOUND ? 'a compound type' : `a type of class ${type} with ${size} bytes`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected floats, integers or booleans, found ${found}`, place);
}

interface Held extends Omit<Hdf5Dataset, 'read'> {
  readonly library: Library;
  /** The file's number. */
  readonly id: bigint;
  readonly path: string;
  readonly filters: readonly Filter[];
}

export class HeldArray implements Hdf5Dataset {
  readonly shape: readonly number[];
  readonly element: Hdf5Element;
  readonly place: string;

  constructor(private readonly held: Held) {
    this.shape = held.shape;
    this.element = held.element;
    this.place = held.place;
    const unknown = held.filters.find(({ id }) => !FILTERS.has(id));
    if (unknown !== undefined) {
      const message = `is compressed with filter ${unknown.id} (${unknown.name || 'no name'}); expected deflate`;
      throw new ForwardpassError('UNSUPPORTED_DTYPE', message, held.place);
    }
  }

  read(): Uint8Array {
    const { shape } = this;
    const elementBytes = this.element === 'BF16' ? 2 : Number(this.element.slice(1)) / 8;
    const total = shape.reduce((product, size) => product * size, elementBytes);
    const bytes = new Uint8Array(total);
    if (total === 0) return bytes;
    // Chunks would be unpacked again for every slab that cuts through them.
    const isWhole = shape.length === 0 || total <= SLAB_BYTES || this.held.filters.length > 0;
    const rowBytes = isWhole ? total : total / shape[0];
    const rows = isWhole ? 1 : shape[0];
    const slabRows = Math.max(1, Math.floor(SLAB_BYTES / rowBytes));
    const slabBytes = Math.min(slabRows, rows) * rowBytes;
    return attempt(this.held.library, this.place, (calls) => {
      const pointer = allocate(calls, slabBytes, this.place);
      let isRead = true;
      for (let row = 0; row < rows && isRead; row += slabRows) {
        const count = Math.min(slabRows, rows - row);
        isRead = this.readInto(pointer, isWhole ? undefined : { row, count });
        bytes.set(calls.HEAPU8.subarray(pointer, pointer + count * rowBytes), row * rowBytes);
      }
      calls._free(pointer);
      if (!isRead) throw failure(this.held.library, this.place);
      return bytes;
    });
  }

  /** The whole array, or some of its rows, into the library's memory; false when the library fails. */
  private readInto(pointer: number, rows: { row: number; count: number } | undefined): boolean {
    const { id, path } = this.held;
    const dims = rows && this.shape.with(0, rows.count).map(BigInt);
    const offset = rows && this.shape.map((_, axis) => BigInt(axis === 0 ? rows.row : 0));
    const strides = rows && this.shape.map(() => 1n);
    const { calls } = this.held.library;
    return calls.get_dataset_data(id, path, dims ?? null, offset ?? null, strides ?? null, BigInt(pointer)) >= 0;
  }
}
