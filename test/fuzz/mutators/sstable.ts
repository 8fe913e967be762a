/** Sorted tables, by which TensorFlow finds variables: a block is changed in place and gets its checksum. */
import { maskedCrc32c } from '../../../lib/formats/containers/sstable/crc32c.ts';
import type { Mutator } from '../mutator.ts';
import { mutateInPlace } from './bytes.ts';

const FOOTER_BYTES = 48;
/** After a block: how it is compressed, and a checksum. */
const TRAILER_BYTES = 5;

export const mutateSstable: Mutator = (bytes, random, other) => {
  const blocks = blocksOf(bytes);
  if (blocks.length === 0) return undefined;
  const [start, end] = random.pick(blocks);
  const changed = bytes.slice();
  changed.set(mutateInPlace(bytes.slice(start, end), random, other) ?? [], start);
  new DataView(changed.buffer).setUint32(end + 1, maskedCrc32c(changed.subarray(start, end + 1)), true);
  return changed;
};

/** The index of blocks, and what lies before it as one: small tables have one block of entries, at their beginning. */
function blocksOf(bytes: Uint8Array): (readonly [start: number, end: number])[] {
  if (bytes.length < FOOTER_BYTES + TRAILER_BYTES) return [];
  const [, afterOffset] = readVarint(bytes, bytes.length - FOOTER_BYTES);
  const [, afterLength] = readVarint(bytes, afterOffset);
  const [offset, next] = readVarint(bytes, afterLength);
  const [length] = readVarint(bytes, next);
  const [metaOffset] = readVarint(bytes, bytes.length - FOOTER_BYTES);
  const found = [
    [0, metaOffset - TRAILER_BYTES],
    [offset, offset + length],
  ] as const;
  return found.filter(([start, end]) => start < end && end + TRAILER_BYTES <= bytes.length);
}

function readVarint(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    value += (bytes[at + i] & 0x7f) * 2 ** (7 * i);
    if (bytes[at + i] < 0x80) return [value, at + i + 1];
  }
  return [value, at + 5];
}
