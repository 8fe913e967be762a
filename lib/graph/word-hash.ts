/**
 * The hashes by which TensorFlow puts strings into buckets: FarmHash's Fingerprint64 of their UTF-8, or SipHash-2-4
 * with a key. Both follow their published descriptions; test/fixtures/word-hashes.json has TensorFlow's results.
 */

/** One way in which strings are put into buckets. */
export interface WordSpread {
  /** The number of buckets. */
  readonly count: number;
  /** The factor of the bucket, so that several ways share one number. */
  readonly stride: number;
  /** The key of SipHash, two 64-bit integers as decimal text. Without it, the hash is FarmHash. */
  readonly key?: readonly [string, string];
}

/** The greatest number that several ways together may give. Float32 represents integers up to it, and one more. */
export const MOST_SPREAD = 2 ** 24;

const UTF8 = new TextEncoder();

/** Σ (hash mod count)·stride. */
export function spreadOf(word: string, ways: readonly WordSpread[]): number {
  const bytes = UTF8.encode(word);
  return ways.reduce((sum, way) => sum + placeOf(bytes, way) * way.stride, 0);
}

function placeOf(bytes: Uint8Array, { count, key }: WordSpread): number {
  return placeOfHash(key === undefined ? fingerprint64(bytes) : sipHash64(bytes, key), count);
}

export function placeOfHash(hash: bigint, count: number): number {
  return Number(hash % BigInt(count));
}

/** The start value of the hash of several values. */
export function crossingStart(key: string): bigint {
  return BigInt.asUintN(64, BigInt(key));
}

/**
 * Combines the hash of several values with the next one's, as TensorFlow's FingerprintCat64 does. An integer is its own
 * hash.
 */
export function crossedWith(hash: bigint, next: bigint): bigint {
  const joint = hash ^ CROSS ^ cut(mixed(cut(cut(next) * CROSS)) * CROSS);
  return mixed(cut(mixed(cut(joint * CROSS)) * CROSS));
}

const MASK = (1n << 64n) - 1n;
const CROSS = 0xc6a4a7935bd1e995n;
const [K0, K1, K2] = [0xc3a5c85c97cb3127n, 0xb492b66fbe98f273n, 0x9ae16a3b2f90404fn];

type Pair = readonly [first: bigint, second: bigint];

function cut(value: bigint): bigint {
  return value & MASK;
}

/** Rotates to the right. */
function rotated(value: bigint, by: bigint): bigint {
  return cut((value >> by) | (value << (64n - by)));
}

function mixed(value: bigint): bigint {
  return value ^ (value >> 47n);
}

function joined(first: bigint, second: bigint, factor: bigint): bigint {
  const a = mixed(cut((first ^ second) * factor));
  return cut(mixed(cut((second ^ a) * factor)) * factor);
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

/** FarmHash's Fingerprint64. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const words = new Words(bytes);
  const { length } = bytes;
  if (length <= 16) return upTo16(words, length);
  if (length <= 32) return upTo32(words, length);
  return length <= 64 ? upTo64(words, length) : beyond64(words, length);
}

function upTo16(words: Words, length: number): bigint {
  const { bytes } = words;
  const factor = K2 + 2n * BigInt(length);
  if (length >= 8) {
    const [a, b] = [words.of64(0) + K2, words.of64(length - 8)];
    const c = cut(rotated(b, 37n) * factor + a);
    return joined(c, cut((rotated(cut(a), 25n) + b) * factor), cut(factor));
  }
  if (length >= 4) {
    const first = BigInt(length) + (words.of32(0) << 3n);
    return joined(first, words.of32(length - 4), cut(factor));
  }
  if (length === 0) return K2;
  const first = BigInt(bytes[0] + (bytes[length >> 1] << 8));
  const last = BigInt(length + (bytes[length - 1] << 2));
  return cut(mixed(cut((first * K2) ^ (last * K0))) * K2);
}

function upTo32(words: Words, length: number): bigint {
  const factor = cut(K2 + 2n * BigInt(length));
  const [a, b] = [cut(words.of64(0) * K1), words.of64(8)];
  const [c, d] = [cut(words.of64(length - 8) * factor), words.of64(length - 16) * K2];
  const first = rotated(cut(a + b), 43n) + rotated(c, 30n) + d;
  return joined(cut(first), cut(a + rotated(cut(b + K2), 18n) + c), factor);
}

function upTo64(words: Words, length: number): bigint {
  const factor = cut(K2 + 2n * BigInt(length));
  const [a, b] = [cut(words.of64(0) * K2), words.of64(8)];
  const [c, d] = [cut(words.of64(length - 8) * factor), words.of64(length - 16) * K2];
  const y = cut(rotated(cut(a + b), 43n) + rotated(c, 30n) + d);
  const z = joined(y, cut(a + rotated(cut(b + K2), 18n) + c), factor);
  const [e, f] = [cut(words.of64(16) * factor), words.of64(24)];
  const g = cut((y + words.of64(length - 32)) * factor);
  const h = (z + words.of64(length - 24)) * factor;
  const first = rotated(cut(e + f), 43n) + rotated(g, 30n) + h;
  return joined(cut(first), cut(e + rotated(cut(f + a), 18n) + g), factor);
}

function beyond64(words: Words, length: number): bigint {
  const seed = 81n;
  const rest = BigInt((length - 1) & 63);
  const end = (length - 1) & ~63;
  let y = cut(seed * K1 + 113n);
  let z = cut(mixed(cut(y * K2 + 113n)) * K2);
  let [v, w]: [Pair, Pair] = [
    [0n, 0n],
    [0n, 0n],
  ];
  let x = cut(seed * K2 + words.of64(0));
  for (let at = 0; at < end; at += 64) {
    x = cut(rotated(cut(x + y + v[0] + words.of64(at + 8)), 37n) * K1) ^ w[1];
    y = cut(cut(rotated(cut(y + v[1] + words.of64(at + 48)), 42n) * K1) + v[0] + words.of64(at + 40));
    z = cut(rotated(cut(z + w[0]), 33n) * K1);
    v = weakly(words, at, cut(v[1] * K1), cut(x + w[0]));
    w = weakly(words, at + 32, cut(z + w[1]), cut(y + words.of64(at + 16)));
    [z, x] = [x, z];
  }
  const factor = cut(K1 + ((z & 0xffn) << 1n));
  const at = length - 64;
  w = [cut(w[0] + rest), w[1]];
  v = [cut(v[0] + w[0]), v[1]];
  w = [cut(w[0] + v[0]), w[1]];
  x = cut(rotated(cut(x + y + v[0] + words.of64(at + 8)), 37n) * factor) ^ cut(w[1] * 9n);
  y = cut(rotated(cut(y + v[1] + words.of64(at + 48)), 42n) * factor + v[0] * 9n + words.of64(at + 40));
  z = cut(rotated(cut(z + w[0]), 33n) * factor);
  v = weakly(words, at, cut(v[1] * factor), cut(x + w[0]));
  w = weakly(words, at + 32, cut(z + w[1]), cut(y + words.of64(at + 16)));
  [z, x] = [x, z];
  const first = joined(v[0], w[0], factor) + mixed(y) * K0 + z;
  return joined(cut(first), cut(joined(v[1], w[1], factor) + x), factor);
}

/** FarmHash's weak hash of 32 bytes and two seeds. */
function weakly(words: Words, at: number, a: bigint, b: bigint): Pair {
  const first = cut(a + words.of64(at));
  const last = words.of64(at + 24);
  const turned = rotated(cut(b + first + last), 21n);
  const sum = cut(first + words.of64(at + 8) + words.of64(at + 16));
  return [cut(sum + last), cut(turned + rotated(sum, 44n) + first)];
}

/** SipHash-2-4. */
export function sipHash64(bytes: Uint8Array, key: readonly [string, string]): bigint {
  const [k0, k1] = key.map((half) => BigInt.asUintN(64, BigInt(half)));
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const turn = (value: bigint, by: bigint) => rotated(value, 64n - by);
  const round = () => {
    v0 = cut(v0 + v1);
    v1 = turn(v1, 13n) ^ v0;
    v0 = turn(v0, 32n);
    v2 = cut(v2 + v3);
    v3 = turn(v3, 16n) ^ v2;
    v0 = cut(v0 + v3);
    v3 = turn(v3, 21n) ^ v0;
    v2 = cut(v2 + v1);
    v1 = turn(v1, 17n) ^ v2;
    v2 = turn(v2, 32n);
  };
  const take = (word: bigint) => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  const { length } = bytes;
  const end = length - (length % 8);
  const words = new Words(bytes);
  for (let at = 0; at < end; at += 8) take(words.of64(at));
  let last = BigInt(length & 0xff) << 56n;
  for (let at = end; at < length; at++) last |= BigInt(bytes[at]) << BigInt(8 * (at - end));
  take(last);
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}
