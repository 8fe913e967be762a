/** The superblock: the sizes of addresses in the file, and the address of the root group. */
import { ForwardpassError } from '../../../errors.ts';
import { readMessages, TYPES } from './messages.ts';
import type { Part, Reader } from './reader.ts';
import { findSignature, SIGNATURE_BYTES } from './signature.ts';

/** Set while a writer has the file open, which may be incomplete. */
const IS_BEING_WRITTEN = 1 | 4;

/** The address of the root group's header. Sets the reader's widths and base address. */
export function readSuperblock(reader: Reader): number {
  const { storage } = reader;
  const start = findSignature(storage.bytes);
  if (start < 0) throw reader.damaged('file signature not found');
  const part = reader.within(start, storage.bytes.length, 'the superblock').skip(SIGNATURE_BYTES);
  const version = part.version(0, 1, 2, 3);
  storage.base = start;
  const root = version < 2 ? readOlder(part, version) : readNewer(part, version);
  if (root === undefined) throw reader.damaged('the root group has no address');
  return root;
}

function readOlder(part: Part, version: number): number | undefined {
  part.skip(4); // Versions of parts, all 0, and a reserved byte.
  readWidths(part);
  part.skip(version === 0 ? 9 : 13); // A reserved byte, sizes of nodes, flags.
  const base = part.uint(part.reader.storage.addressBytes);
  part.address(); // Free space.
  checkEnd(part, base);
  if (part.address() !== undefined) throw part.reader.unknownVersion('a driver, which splits a file into several');
  part.address(); // The root's name.
  return part.address();
}

function readNewer(part: Part, version: number): number | undefined {
  readWidths(part);
  const flags = part.u8();
  if (version === 3 && (flags & IS_BEING_WRITTEN) !== 0) throw part.damaged('is marked as still open for writing');
  const base = part.uint(part.reader.storage.addressBytes);
  const extension = part.address();
  checkEnd(part, base);
  const root = part.address();
  part.checkSum();
  if (extension !== undefined) checkExtension(part.reader, extension);
  return root;
}

function readWidths(part: Part): void {
  const widths = [part.u8(), part.u8()];
  const unknown = widths.find((width) => width !== 2 && width !== 4 && width !== 8);
  if (unknown !== undefined) throw part.reader.unknownVersion(`addresses or lengths of ${unknown} bytes`);
  [part.reader.storage.addressBytes, part.reader.storage.lengthBytes] = widths;
}

/** The end is relative to the beginning of the file, and moves with the superblock. */
function checkEnd(part: Part, base: number): void {
  const { bytes, base: start, addressBytes } = part.reader.storage;
  const end = part.uint(addressBytes) + start - base;
  if (end <= bytes.length) return;
  const message = `the file ends at byte ${bytes.length}, but declares ${end}`;
  throw new ForwardpassError('TRUNCATED', message, part.reader.place);
}

function checkExtension(reader: Reader, address: number): void {
  for (const { type } of readMessages(reader, address).all) {
    if (type === TYPES.driver) throw reader.unknownVersion('a driver, which splits a file into several');
    if (type === TYPES.cacheImage) throw reader.unknownVersion('an image of its metadata');
  }
}
