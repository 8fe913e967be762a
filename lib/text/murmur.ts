/** 32-bit MurmurHash3 (Austin Appleby, public domain) of the UTF-8 bytes of a text. */

const [FIRST, SECOND] = [0xcc9e2d51, 0x1b873593];

let encoded = new Uint8Array(256);

/** The hash of a part of a UTF-16 text, with the seed 0, as a signed number. Lone surrogates count as U+FFFD. */
export function murmur(units: Uint16Array, from: number, to: number): number {
  const length = encode(units, from, to);
  return murmurOfBytes(encoded, 0, length);
}

/** The hash of bytes. */
export function murmurOfBytes(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  let hash = 0;
  const whole = from + (length & ~3);
  for (let at = from; at < whole; at += 4) {
    const block = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    hash ^= mixed(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = to - 1; at >= whole; at--) rest = (rest << 8) | bytes[at];
  if (whole < to) hash ^= mixed(rest);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixed(block: number): number {
  const product = Math.imul(block, FIRST);
  return Math.imul((product << 15) | (product >>> 17), SECOND);
}

function encode(units: Uint16Array, from: number, to: number): number {
  const most = 3 * (to - from);
  if (encoded.length < most) encoded = new Uint8Array(2 * most);
  let length = 0;
  for (let at = from; at < to; at++) {
    let code = units[at];
    if (code < 0x80) {
      encoded[length++] = code;
      continue;
    }
    if ((code & 0xf800) === 0xd800) {
      const next = at + 1 < to ? units[at + 1] : 0;
      const isPair = (code & 0xfc00) === 0xd800 && (next & 0xfc00) === 0xdc00;
      if (isPair) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (next & 0x3ff);
        at++;
      } else code = 0xfffd;
    }
    if (code < 0x800) {
      encoded[length++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0x10000) encoded[length++] = 0xe0 | (code >> 12);
      else {
        encoded[length++] = 0xf0 | (code >> 18);
        encoded[length++] = 0x80 | ((code >> 12) & 0x3f);
      }
      encoded[length++] = 0x80 | ((code >> 6) & 0x3f);
    }
    encoded[length++] = 0x80 | (code & 0x3f);
  }
  return length;
}
