/** What is compressed as a whole, by zlib or gzip: unpacked, changed and packed again. */
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { Mutator } from '../mutator.ts';

const MOST_UNPACKED = { maxOutputLength: 2 ** 22 };

/** Whether bytes begin as zlib or gzip has them. */
export function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === 0x78 || (bytes[0] === 0x1f && bytes[1] === 0x8b);
}

export function compressedMutator(mutate: Mutator): Mutator {
  return (bytes, random, other) => {
    const unpacked = unpack(bytes);
    if (unpacked === undefined) return undefined;
    // A bomb: it packs a thousandfold.
    const zeros = random.below(1000) === 0 ? new Uint8Array(2 ** 25) : undefined;
    const changed = zeros ?? mutate(unpacked, random, unpack(other) ?? other);
    return changed && new Uint8Array(bytes[0] === 0x78 ? deflateSync(changed) : gzipSync(changed));
  };
}

function unpack(bytes: Uint8Array): Uint8Array | undefined {
  if (!isCompressed(bytes)) return undefined;
  try {
    return new Uint8Array(bytes[0] === 0x78 ? inflateSync(bytes, MOST_UNPACKED) : gunzipSync(bytes, MOST_UNPACKED));
  } catch {
    return undefined;
  }
}
