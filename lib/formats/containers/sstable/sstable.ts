/**
 * A sorted table of LevelDB, as TensorFlow writes one for the index of its variables: blocks of keys with common
 * beginnings left out, a block that says where those are, and a footer that says where that one is.
 * https://github.com/google/leveldb/blob/main/doc/table_format.md
 */

import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { latin1 } from '../../../platform/text.ts';
import { maskedCrc32c } from './crc32c.ts';

const FOOTER_BYTES = 48;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** After a block: how it is compressed, and the checksum of both. */
const TRAILER_BYTES = 5;
/** What an entry takes beside its key and value. */
const ENTRY_BYTES = 64;
/** Of a checksum. */
const BYTES_PER_STEP = 100;

/** Values by key; a key's bytes are the characters of its string. The values are views of `bytes`. */
export function readTable(bytes: Uint8Array, place: string, budget: Budget): Map<string, Uint8Array> {
  if (bytes.length < FOOTER_BYTES) throw new ForwardpassError('TRUNCATED', 'is shorter than its own footer', place);
  const footer = bytes.subarray(bytes.length - FOOTER_BYTES);
  if (!MAGIC.every((byte, i) => footer[FOOTER_BYTES - MAGIC.length + i] === byte)) {
    throw malformed('does not end as a table of variables does', place);
  }
  const handles = new Cursor(footer, place);
  blockAt(bytes, handles.block(), place); // of what the table says of itself: nothing
  const table = new Map<string, Uint8Array>();
  let read = 0;
  for (const [, handle] of entriesOf(blockAt(bytes, handles.block(), place), place, budget)) {
    const block = new Cursor(handle, place).block();
    read += block.length;
    // Blocks may be listed again and again.
    if (read > bytes.length) budget.step(1 + block.length / BYTES_PER_STEP, place);
    for (const [key, value] of entriesOf(blockAt(bytes, block, place), place, budget)) {
      if (table.has(key)) throw new ForwardpassError('DUPLICATE', 'the table has a key twice', place);
      table.set(key, value);
    }
  }
  return table;
}

/** Where a block is, without its trailer. */
interface Handle {
  readonly offset: number;
  readonly length: number;
}

function blockAt(bytes: Uint8Array, { offset, length }: Handle, place: string): Uint8Array {
  if (offset + length + TRAILER_BYTES > bytes.length - FOOTER_BYTES) {
    const message = `a block of ${length} bytes at ${offset} runs past the end`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + offset + length, TRAILER_BYTES);
  if (maskedCrc32c(bytes.subarray(offset, offset + length + 1)) !== trailer.getUint32(1, true)) {
    throw malformed(`the block at ${offset} does not have its checksum`, place);
  }
  if (trailer.getUint8(0) !== 0) {
    const message = 'the table is compressed, which TensorFlow does not do; expected plain blocks';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, place);
  }
  return bytes.subarray(offset, offset + length);
}

/** A block's keys and values. At its end stand places to begin reading at, which reading from the start needs not. */
function* entriesOf(block: Uint8Array, place: string, budget: Budget): Generator<[key: string, value: Uint8Array]> {
  if (block.length < 4) throw malformed('a block is too short', place);
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4).getUint32(0, true);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw malformed(`a block says it has ${restarts} places to begin reading at`, place);
  const cursor = new Cursor(block.subarray(0, end), place);
  let key = '';
  while (!cursor.isAtEnd) {
    const shared = cursor.integer();
    const unshared = cursor.integer();
    const length = cursor.integer();
    if (shared > key.length) throw malformed('a key begins with more of the one before than that has', place);
    // What keys have in common is written once, and stands in each.
    budget.build(ENTRY_BYTES + shared, place);
    key = key.slice(0, shared) + latin1(cursor.take(unshared));
    yield [key, cursor.take(length)];
  }
}

class Cursor {
  readonly #bytes: Uint8Array;
  readonly #place: string;
  #at = 0;

  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes;
    this.#place = place;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Seven bits a byte, the lowest first; exact to 2^53. */
  integer(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.take(1)[0];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed('an integer is longer than 7 bytes', this.#place);
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) {
      throw new ForwardpassError('TRUNCATED', 'a block ends within an entry', this.#place);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  block(): Handle {
    return { offset: this.integer(), length: this.integer() };
  }
}

function malformed(message: string, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, place);
}
