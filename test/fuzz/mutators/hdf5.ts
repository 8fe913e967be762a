/** HDF5: numbers near the signatures of its structures, with their checksums made right, and the JSON in its attributes. */
import { lookup3 } from '../../../lib/formats/containers/hdf5/checksums.ts';
import type { Random } from '../../random-graph.ts';
import type { Mutator } from '../mutator.ts';
import { mutateInPlace, setNumber } from './bytes.ts';
import { mutateJson } from './json.ts';

const SIGNATURES = [
  '\x89HDF',
  'TREE',
  'HEAP',
  'SNOD',
  'GCOL',
  'OHDR',
  'OCHK',
  'FRHP',
  'FHDB',
  'FHIB',
  'BTHD',
  'BTLF',
  'FAHD',
  'FADB',
  'EAHD',
  'EAIB',
];
/** Of the beginning of a structure, where its numbers are. */
const NEAR = 96;
const LONGEST_CHECKED = 600;

export const mutateHdf5: Mutator = (bytes, random, other) => {
  const what = random.below(8);
  if (what === 0) return mutateInPlace(bytes, random, other);
  const changed = bytes.slice();
  if (what < 4 && changeText(changed, random)) return changed;
  const places = structuresOf(bytes);
  if (places.length === 0) return undefined;
  // What headers of the first version begin with has no signature; they lie where tables say, at multiples of 8 bytes.
  const start = random.below(3) === 0 ? 8 * random.below(bytes.length >> 3) : random.pick(places);
  const size = random.pick([1, 2, 4, 8]);
  const at = start + random.below(NEAR);
  setNumber(changed, at - (at % size), size, random);
  const checksum = checksumOf(bytes, start);
  if (checksum !== undefined) new DataView(changed.buffer).setUint32(checksum, lookup3(changed, start, checksum), true);
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

/**
 * Where the checksum of a structure is: behind the bytes that it is of. Undefined where none holds, as in structures of the
 * first version.
 */
function checksumOf(bytes: Uint8Array, start: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let end = start + 8; end + 4 <= bytes.length && end < start + LONGEST_CHECKED; end++) {
    if (view.getUint32(end, true) === lookup3(bytes, start, end)) return end;
  }
  return undefined;
}
