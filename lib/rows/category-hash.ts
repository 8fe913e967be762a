/**
 * The hash by which CatBoost stores categories: the lower 32 bits of CityHash64, version 1.0, of their UTF-8. (Later
 * versions of CityHash give other results.) It follows the description in util/digest/city.h of CatBoost's sources.
 */

const MASK = (1n << 64n) - 1n;
const [K0, K1, K2, K3] = [0xc3a5c85c97cb3127n, 0xb492b66fbe98f273n, 0x9ae16a3b2f90404fn, 0xc949d7c7509e6557n];
const MULTIPLIER = 0x9ddfea08eb382d69n;

type Pair = readonly [low: bigint, high: bigint];

const UTF8 = new TextEncoder();

/** The hash as an int32. */
export function categoryHash(word: string): number {
  return Number(BigInt.asIntN(32, cityHash64(UTF8.encode(word))));
}

function cityHash64(bytes: Uint8Array): bigint {
  const length = bytes.length;
  const words = new Words(bytes);
  if (length <= 16) return upTo16(words, length);
  if (length <= 32) return upTo32(words, length);
  return length <= 64 ? upTo64(words, length) : beyond64(words, length);
}

/** Reads little-endian integers from bytes. */
class Words {
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  of64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  of32(at: number): bigint {
    return BigInt(this.#view.getUint32(at, true));
  }
}

function upTo16(words: Words, length: number): bigint {
  const { bytes } = words;
  const size = BigInt(length);
  if (length > 8) {
    const last = words.of64(length - 8);
    return hashOf(words.of64(0), rotated(cut(last + size), length)) ^ last;
  }
  if (length >= 4) return hashOf(cut(size + (words.of32(0) << 3n)), words.of32(length - 4));
  if (length === 0) return K2;
  const first = BigInt(bytes[0] + (bytes[length >> 1] << 8));
  const last = BigInt(length + (bytes[length - 1] << 2));
  return cut(mixed(cut((first * K2) ^ (last * K3))) * K2);
}

function upTo32(words: Words, length: number): bigint {
  const a = cut(words.of64(0) * K1);
  const b = words.of64(8);
  const c = cut(words.of64(length - 8) * K2);
  const d = cut(words.of64(length - 16) * K0);
  const low = rotated(cut(a - b), 43) + rotated(c, 30) + d;
  return hashOf(cut(low), cut(a + rotated(b ^ K3, 20) - c + BigInt(length)));
}

function upTo64(words: Words, length: number): bigint {
  const begin = words.of64(0) + (BigInt(length) + words.of64(length - 16)) * K0;
  const [v0, v1] = halfOf(words, 8, cut(begin), words.of64(24));
  const middle = words.of64(16) + words.of64(length - 32);
  const [w0, w1] = halfOf(words, length - 24, cut(middle), words.of64(length - 8));
  const sum = mixed(cut((v0 + w1) * K2 + (w0 + v1) * K0));
  return cut(mixed(cut(sum * K0 + v1)) * K2);
}

function halfOf(words: Words, at: number, begin: bigint, z: bigint): Pair {
  const second = cut(begin + words.of64(at));
  const third = cut(second + words.of64(at + 8));
  const c = rotated(begin, 37) + rotated(second, 7);
  return [cut(third + z), cut(rotated(cut(begin + z), 52) + rotated(third, 31) + c)];
}

function beyond64(words: Words, length: number): bigint {
  const size = BigInt(length);
  let x = words.of64(0);
  let y = words.of64(length - 16) ^ K1;
  let z = words.of64(length - 56) ^ K0;
  let v = weakly(words, length - 64, size, y);
  let w = weakly(words, length - 32, cut(size * K1), K0);
  z = cut(z + mixed(v[1]) * K1);
  x = cut(rotated(cut(z + x), 39) * K1);
  y = cut(rotated(y, 33) * K1);
  const end = (length - 1) & ~63;
  for (let at = 0; at < end; at += 64) {
    x = cut(rotated(cut(x + y + v[0] + words.of64(at + 16)), 37) * K1) ^ w[1];
    y = cut(rotated(cut(y + v[1] + words.of64(at + 48)), 42) * K1) ^ v[0];
    z = rotated(z ^ w[0], 33);
    v = weakly(words, at, cut(v[1] * K1), cut(x + w[0]));
    w = weakly(words, at + 32, cut(z + w[1]), y);
    [z, x] = [x, z];
  }
  const low = hashOf(v[0], w[0]) + mixed(y) * K1 + z;
  return hashOf(cut(low), cut(hashOf(v[1], w[1]) + x));
}

/** CityHash's weak hash of 32 bytes and two seeds. */
function weakly(words: Words, at: number, a: bigint, b: bigint): Pair {
  const first = cut(a + words.of64(at));
  const last = words.of64(at + 24);
  const turned = rotated(cut(b + first + last), 21);
  const sum = cut(first + words.of64(at + 8) + words.of64(at + 16));
  return [cut(sum + last), cut(turned + rotated(sum, 44) + first)];
}

function hashOf(low: bigint, high: bigint): bigint {
  const a = mixed(cut((low ^ high) * MULTIPLIER));
  const b = mixed(cut((high ^ a) * MULTIPLIER));
  return cut(b * MULTIPLIER);
}

function mixed(value: bigint): bigint {
  return value ^ (value >> 47n);
}

function rotated(value: bigint, by: number): bigint {
  return cut((value >> BigInt(by)) | (value << BigInt(64 - by)));
}

function cut(value: bigint): bigint {
  return value & MASK;
}
