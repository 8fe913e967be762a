/** The two checksums of HDF5: Bob Jenkins' lookup3 for structure, Fletcher's for chunks. */

/** https://burtleburtle.net/bob/c/lookup3.c, `hashlittle` from 0. */
export function lookup3(bytes: Uint8Array, start: number, end: number): number {
  let a = (0xdeadbeef + (end - start)) | 0;
  let [b, c] = [a, a];
  let at = start;
  for (; end - at > 12; at += 12) {
    a = (a + word(bytes, at, at + 4)) | 0;
    b = (b + word(bytes, at + 4, at + 8)) | 0;
    c = (c + word(bytes, at + 8, at + 12)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (at === end) return c >>> 0;
  a = (a + word(bytes, at, Math.min(at + 4, end))) | 0;
  b = (b + word(bytes, at + 4, Math.min(at + 8, end))) | 0;
  c = (c + word(bytes, at + 8, Math.min(at + 12, end))) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Little-endian; bytes beyond `end` count as zero. */
function word(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = end - 1; i >= start; i--) value = (value << 8) | bytes[i];
  return value;
}

/** Sums of this many pairs stay below 2^32 before they are folded. */
const PAIRS_BETWEEN_FOLDS = 360;

/** Sums pairs of bytes, the first of which is the high one. */
export function fletcher32(bytes: Uint8Array): number {
  let low = 0;
  let high = 0;
  for (let at = 0, pairs = 0; at < bytes.length; at += 2) {
    low += (bytes[at] << 8) | (at + 1 < bytes.length ? bytes[at + 1] : 0);
    high += low;
    if (++pairs % PAIRS_BETWEEN_FOLDS === 0) [low, high] = [fold(low), fold(high)];
  }
  return ((fold(fold(high)) << 16) | fold(fold(low))) >>> 0;
}

function fold(sum: number): number {
  return (sum & 0xffff) + (sum >>> 16);
}
