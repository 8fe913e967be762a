/** CRC-32 as zip, gzip and xz use it: polynomial 0x04c11db7, bits reflected. */
import { ownCrc32 } from '../../../platform/zlib.ts';

/** The CRC-32 of `bytes`, continued from `before`. Node has its own since 20.15 and 22.2. */
export const crc32: (bytes: Uint8Array, before?: number) => number = ownCrc32 ?? crc32ByTable;

let table: Uint32Array | undefined;

export function crc32ByTable(bytes: Uint8Array, before = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
    return sum;
  });
  let sum = ~before;
  for (const byte of bytes) sum = table[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return ~sum >>> 0;
}
