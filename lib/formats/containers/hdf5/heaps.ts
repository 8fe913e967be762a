/**
 * A check that the library does not make in 32 bits: text of variable length lies in collections, lists of objects
 * with sizes of 64 bits. A size that wraps around, or none at all, sends it round in circles for ever.
 */
import { ForwardpassError } from '../../../errors.ts';

/** Signature, version 1, three zeros; then the size of the collection. */
const SIGNATURE = Buffer.from('GCOL\x01\0\0\0', 'latin1');
const HEADER_BYTES = 16;
/** Number, references, four zeros, size. */
const OBJECT_BYTES = 16;
const ALIGNMENT = 8;

/** Throws `MALFORMED` for a collection whose objects do not fit into it. */
export function checkCollections(bytes: Uint8Array, place: string): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = file.indexOf(SIGNATURE); at >= 0; at = file.indexOf(SIGNATURE, at + 1)) {
    if (!isWhole(file, at)) {
      throw new ForwardpassError('MALFORMED', `the collection of text at byte ${at} is damaged`, place);
    }
  }
}

function isWhole(file: Buffer, start: number): boolean {
  if (start + HEADER_BYTES > file.length) return false;
  const size = Number(file.readBigUInt64LE(start + 8));
  const end = start + size;
  if (size < HEADER_BYTES || end > file.length) return false;
  let at = start + HEADER_BYTES;
  while (at + OBJECT_BYTES <= end) {
    const number = file.readUInt16LE(at);
    const length = Number(file.readBigUInt64LE(at + 8));
    // Number 0 is the space that is left; its length counts its own header.
    if (number === 0 && length < OBJECT_BYTES) return false;
    at += number === 0 ? length : OBJECT_BYTES + Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    if (at > end) return false;
  }
  return true;
}
