/** Changes that need no knowledge of a format: bits, bytes, numbers in bytes, parts cut out, repeated and exchanged. */
import type { Random } from '../../random-graph.ts';
import { concat, floatNear, integerNear, type Mutator, repeats, stretch } from '../mutator.ts';

type Change = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const CHANGES: readonly Change[] = [changeBits, changeByte, changeNumber, changeNumber, repeat, remove, cut, splice];

export const mutateBytes: Mutator = (bytes, random, other) => {
  if (bytes.length === 0) return other.slice();
  return random.pick(CHANGES)(bytes, random, other);
};

/** The same, and as long as it was: for what lies among offsets. */
export const mutateInPlace: Mutator = (bytes, random, other) => {
  if (bytes.length === 0) return undefined;
  return random.pick([changeBits, changeByte, changeNumber, changeNumber, overwrite])(bytes, random, other);
};

function changeBits(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  for (let left = 1 + random.below(3); left > 0; left--) changed[random.below(bytes.length)] ^= 1 << random.below(8);
  return changed;
}

function changeByte(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  changed[random.below(bytes.length)] = random.below(256);
  return changed;
}

/** A number of 2, 4 or 8 bytes, mostly at a place that is a multiple of its size. */
function changeNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const size = random.pick([2, 4, 4, 8]);
  if (bytes.length < size) return changeByte(bytes, random);
  const changed = bytes.slice();
  const at = random.below(bytes.length - size + 1);
  setNumber(changed, random.below(4) === 0 ? at : at - (at % size), size, random);
  return changed;
}

/** Puts another number of `size` bytes at a place, if the file goes that far; now and then a float. */
export function setNumber(bytes: Uint8Array, at: number, size: number, random: Random): void {
  if (at < 0 || at + size > bytes.length) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFloat = size >= 4 && random.below(4) === 0;
  if (size === 1) view.setUint8(at, integerNear(view.getUint8(at), random));
  else if (size === 2) view.setUint16(at, integerNear(view.getUint16(at, true), random), true);
  else if (size === 4 && isFloat) view.setFloat32(at, floatNear(view.getFloat32(at, true), random), true);
  else if (size === 4) view.setUint32(at, integerNear(view.getUint32(at, true), random), true);
  else if (isFloat) view.setFloat64(at, floatNear(view.getFloat64(at, true), random), true);
  else view.setBigInt64(at, BigInt(integerNear(Number(view.getBigInt64(at, true)), random)), true);
}

function repeat(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = stretch(bytes.length, random);
  const part = bytes.subarray(start, end);
  return concat(bytes.subarray(0, end), ...Array(repeats(part.length, random)).fill(part), bytes.subarray(end));
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = stretch(bytes.length, random);
  return concat(bytes.subarray(0, start), bytes.subarray(end));
}

function cut(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.slice(0, random.below(bytes.length));
}

/** The beginning of one file and the end of another. */
function splice(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length + 1)));
}

function overwrite(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const from = random.below(2) === 0 || other.length === 0 ? bytes : other;
  const [start, end] = stretch(Math.min(from.length, bytes.length), random);
  changed.set(from.subarray(start, end), random.below(bytes.length - (end - start) + 1));
  return changed;
}
