/** Text of variable length: it is stored in collections, and elements refer to it by collection and number. */
import type { Part, Reader } from './reader.ts';

const WHAT = 'the collection of text';
const ALIGNMENT = 8;

export class GlobalHeap {
  /** The objects of each collection, by the collection's address. */
  private readonly collections = new Map<number, ReadonlyMap<number, number>>();

  /** `length` bytes of object `number` of the collection at an address. */
  object(reader: Reader, address: number | undefined, number: number, length: number): Uint8Array {
    const start = this.objectsAt(reader, address).get(number);
    if (start === undefined) throw reader.damaged(`text ${number} of the collection at ${address} was not found`);
    const headBytes = headBytesOf(reader);
    const part = reader.within(start, reader.storage.bytes.length, 'text of variable length');
    const stored = part.skip(8).length();
    if (length > stored) throw part.damaged(`has ${stored} bytes; expected ${length}`);
    reader.storage.count(headBytes + length, reader.place);
    return part.skip(start + headBytes - part.at).bytes(length);
  }

  private objectsAt(reader: Reader, address: number | undefined): ReadonlyMap<number, number> {
    const known = address === undefined ? undefined : this.collections.get(address);
    if (known !== undefined) return known;
    const headBytes = headBytesOf(reader);
    const head = reader.part(address, headBytes, WHAT).signature('GCOL');
    head.version(1);
    const size = head.skip(3).length();
    const collection = reader.part(address, size, WHAT).skip(headBytes);
    const objects = objectsIn(collection, headBytes);
    this.collections.set(address as number, objects);
    return objects;
  }
}

/** The header of a collection and of each object: 8 bytes and a length, aligned. */
function headBytesOf({ storage }: Reader): number {
  return aligned(8 + storage.lengthBytes);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function objectsIn(collection: Part, headBytes: number): ReadonlyMap<number, number> {
  const objects = new Map<number, number>();
  while (collection.left >= headBytes) {
    const start = collection.at;
    const number = collection.u16();
    const length = collection.skip(6).length();
    if (number === 0) break; // The free space.
    collection.skip(start + headBytes - collection.at).skip(aligned(length));
    objects.set(number, start);
  }
  return objects;
}
