/** HDF5: numbers near the signatures of its structures, with their checksums made right, and the JSON in its attributes. */
import type { Random } from '../../random-graph.ts';
import type { Mutator } from '../mutator.ts';
import { mutateInPlace, setNumber } from './bytes.ts';
import { mutateJson } from './json.ts';

const SIGNATURES = ['\x89HDF', 'TREE', 'HEAP', 'SNOD', 'GCOL', 'OHDR', 'FRHP', 'BTHD', 'FADB'];
/** Of the beginning of a structure, where its numbers are. */
const NEAR = 96;

export const mutateHdf5: Mutator = (bytes, random, other) => {
  const what = random.below(8);
  if (what === 0) return mutateInPlace(bytes, random, other);
  const changed = bytes.slice();
  if (what < 4 && changeText(changed, random)) return changed;
  const places = structuresOf(bytes);
  if (places.length === 0) return undefined;
  // What a header of the first version begins with has no signature; it lies where tables say, mostly at 8 bytes.
  const at = random.below(3) === 0 ? 8 * random.below(bytes.length >> 3) : random.pick(places) + random.below(NEAR);
  const size = random.pick([1, 2, 4, 8]);
  const place = at - (at % size);
  if (place + size <= bytes.length) setNumber(changed, place, size, random);
  for (const start of places) repairChecksum(changed, start);
  return changed;
};

function structuresOf(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes).toString('latin1');
  return SIGNATURES.flatMap((signature) => {
    const places: number[] = [];
    for (let at = text.indexOf(signature); at >= 0; at = text.indexOf(signature, at + 1)) places.push(at);
    return places;
  });
}

/** Changes the JSON of an attribute to one that is as long or shorter, with spaces after it; whether there is any. */
function changeText(bytes: Uint8Array, random: Random): boolean {
  const text = Buffer.from(bytes).toString('latin1');
  const start = text.indexOf('{"');
  const zero = text.indexOf('\0', start);
  const end = zero < 0 ? text.length : zero;
  if (start < 0) return false;
  const json = bytes.slice(start, text.lastIndexOf('}', end) + 1);
  const changed = mutateJson(json, random, json);
  if (changed === undefined || changed.length > json.length) return false;
  bytes.fill(0x20, start, start + json.length);
  bytes.set(changed, start);
  return true;
}

/** Of a superblock or a header of the second version, as far as its size is known. */
function repairChecksum(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer);
  if (at + 16 > bytes.length) return;
  let end = -1;
  if (view.getUint32(at) === 0x89484446 && bytes[at + 8] >= 2) end = at + 12 + 4 * bytes[at + 9];
  if (view.getUint32(at) === 0x4f484452) {
    const flags = bytes[at + 5];
    const size = at + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    if (size + 8 <= bytes.length) {
      const length = [view.getUint8(size), view.getUint16(size, true), view.getUint32(size, true), 0][flags & 3];
      end = size + 2 ** (flags & 3) + length;
    }
  }
  if (end > at && end + 4 <= bytes.length) view.setUint32(end, lookup3(bytes.subarray(at, end)), true);
}

/** Jenkins' lookup3, which HDF5 checks its metadata with. */
export function lookup3(bytes: Uint8Array): number {
  const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by));
  let a = (0xdeadbeef + bytes.length) | 0;
  let b = a;
  let c = a;
  const word = (at: number) =>
    (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = ((a - c) ^ rotate(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotate(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 4)) | 0;
    b = (b + a) | 0;
  }
  if (at === bytes.length) return c >>> 0;
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}
