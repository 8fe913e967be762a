/** CRC-32C (Castagnoli), the checksum of LevelDB and TensorFlow. `node:zlib` uses another polynomial. */

const POLYNOMIAL = 0x82f63b78;
/** Bytes processed at a time, with a table for each. */
const SLICES = 16;

/** The effect of a byte that is 0, 1, 2 … bytes before the end of a slice. Created on first use. */
let tables: Int32Array | undefined;

function makeTables(): Int32Array {
  const made = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256];
    made[at] = (before >>> 8) ^ made[before & 0xff];
  }
  return made;
}

/** The checksum as an unsigned number; `before` is that of the preceding bytes. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables();
  const t = tables;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = ~before;
  let at = 0;
  for (; at + SLICES <= bytes.length; at += SLICES) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc =
      t[0xf00 | (a & 0xff)] ^ t[0xe00 | ((a >>> 8) & 0xff)] ^ t[0xd00 | ((a >>> 16) & 0xff)] ^ t[0xc00 | (a >>> 24)];
    crc ^=
      t[0xb00 | (b & 0xff)] ^ t[0xa00 | ((b >>> 8) & 0xff)] ^ t[0x900 | ((b >>> 16) & 0xff)] ^ t[0x800 | (b >>> 24)];
    crc ^=
      t[0x700 | (c & 0xff)] ^ t[0x600 | ((c >>> 8) & 0xff)] ^ t[0x500 | ((c >>> 16) & 0xff)] ^ t[0x400 | (c >>> 24)];
    crc ^= t[0x300 | (d & 0xff)] ^ t[0x200 | ((d >>> 8) & 0xff)] ^ t[0x100 | ((d >>> 16) & 0xff)] ^ t[d >>> 24];
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]) & 0xff];
  return ~crc >>> 0;
}

/**
 * A checksum in its stored form: rotated and offset, so that bytes that contain checksums have no trivial checksum
 * themselves.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
