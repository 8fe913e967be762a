/**
 * A sorted table of LevelDB, which TensorFlow writes as the index of its variables: blocks of keys with common prefixes
 * left out, an index block that lists these, and a footer that locates the index.
 * https://github.com/google/leveldb/blob/main/doc/table_format.md
 */

import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { latin1 } from '../../../platform/text.ts';
import { maskedCrc32c } from './crc32c.ts';

const FOOTER_BYTES = 48;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** The bytes after a block: its compression, and the checksum of both. */
const TRAILER_BYTES = 5;
/** The memory of an entry besides its key and value. */
const ENTRY_BYTES = 64;
/** Bytes that a checksum processes per step. */
const BYTES_PER_STEP = 100;

/** Values by key; a key's bytes are the characters of its string. The values are views of `bytes`. */
export function readTable(bytes: Uint8Array, place: string, budget: Budget): Map<string, Uint8Array> {
  if (bytes.length < FOOTER_BYTES) throw new ForwardpassError('TRUNCATED', 'is shorter than its own footer', place);
  const footer = bytes.subarray(bytes.length - FOOTER_BYTES);
  if (!MAGIC.every((byte, i) => footer[FOOTER_BYTES - MAGIC.length + i] === byte)) {
    throw malformed('does not end with the footer of a table of variables', place);
  }
  const handles = new Cursor(footer, place);
  blockAt(bytes, handles.block(), place); // the metadata block, which is empty
  const table = new Map<string, Uint8Array>();
  let read = 0;
  for (const [, handle] of entriesOf(blockAt(bytes, handles.block(), place), place, budget)) {
    const block = new Cursor(handle, place).block();
    read += block.length;
    // Blocks may be listed repeatedly.
    if (read > bytes.length) budget.step(1 + block.length / BYTES_PER_STEP, place);
    for (const [key, value] of entriesOf(blockAt(bytes, block, place), place, budget)) {
      if (table.has(key)) throw new ForwardpassError('DUPLICATE', 'the table contains a key twice', place);
      table.set(key, value);
    }
  }
  return table;
}

/** The position of a block, without its trailer. */
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
    throw malformed(`the checksum of the block at ${offset} does not match`, place);
  }
  if (trailer.getUint8(0) !== 0) {
    const message = 'the table is compressed, which TensorFlow does not do; expected plain blocks';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, place);
  }
  return bytes.subarray(offset, offset + length);
}

/** The keys and values of a block. At its end are restart points, which reading from the start does not need. */
function* entriesOf(block: Uint8Array, place: string, budget: Budget): Generator<[key: string, value: Uint8Array]> {
  if (block.length < 4) throw malformed('a block is too short', place);
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4).getUint32(0, true);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw malformed(`a block declares ${restarts} restart points`, place);
  const cursor = new Cursor(block.subarray(0, end), place);
  let key = '';
  while (!cursor.isAtEnd) {
    const shared = cursor.integer();
    const unshared = cursor.integer();
    const length = cursor.integer();
    if (shared > key.length) throw malformed('a key shares more bytes with the previous key than that has', place);
    // A common prefix is stored once but is part of each key.
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

  /** Seven bits per byte, lowest first; exact up to 2^53. */
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
