/** Flatbuffers without a schema: what looks like a table, a vector or an offset is found by following offsets from the root. */
import type { Random } from '../../random-graph.ts';
import { integerNear, type Mutator } from '../mutator.ts';
import { mutateInPlace, setNumber } from './bytes.ts';

/** Places in the file of numbers of each kind. */
interface Places {
  /** Offsets of 4 bytes, each from its own place. */
  readonly offsets: number[];
  /** Lengths of vectors and strings, of 4 bytes. */
  readonly lengths: number[];
  /** Entries of tables' tables of fields, of 2 bytes, and the sizes before them. */
  readonly entries: number[];
  /** Other fields. */
  readonly scalars: number[];
  /** Elements of vectors that are not offsets. */
  readonly elements: number[];
}

const MOST_PLACES = 20_000;
const MOST_FIELDS = 64;

export const mutateFlatbuffer: Mutator = (bytes, random, other) => {
  if (bytes.length < 16) return undefined;
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  const places = placesOf(view);
  const kind = random.pick(['offsets', 'lengths', 'entries', 'scalars', 'scalars', 'elements'] as const);
  if (places[kind].length === 0 || random.below(10) === 0) return mutateInPlace(bytes, random, other);
  change(view, kind, places, random);
  return changed;
};

function change(view: DataView, kind: keyof Places, places: Places, random: Random): void {
  const at = random.pick(places[kind]);
  const bytes = new Uint8Array(view.buffer);
  if (kind === 'offsets') {
    const from = random.pick(places.offsets);
    const target = from + view.getUint32(from, true);
    // What another offset leads to, so that parts are shared, or contain themselves.
    const offset = random.below(4) === 0 ? integerNear(view.getUint32(at, true), random) : target - at;
    view.setUint32(at, offset, true);
  } else if (kind === 'lengths') {
    view.setUint32(at, integerNear(view.getUint32(at, true), random), true);
  } else if (kind === 'entries') {
    const value = view.getUint16(random.pick(places.entries), true);
    view.setUint16(at, random.below(3) === 0 ? integerNear(value, random) : random.pick([0, value]), true);
  } else {
    const size = random.pick([1, 4, 4, 8]);
    if (at + size <= bytes.length) setNumber(bytes, at, size, random);
  }
}

function placesOf(view: DataView): Places {
  const places: Places = { offsets: [], lengths: [], entries: [], scalars: [], elements: [] };
  const seen = new Set<number>();
  const waiting = [0];
  places.offsets.push(0);
  for (let at = waiting.pop(); at !== undefined && seen.size < MOST_PLACES; at = waiting.pop()) {
    const target = at + view.getUint32(at, true);
    if (target + 4 > view.byteLength || seen.has(target)) continue;
    seen.add(target);
    const found = isTable(view, target) ? fieldsOf(view, target, places) : elementsOf(view, target, places);
    for (const offset of found) {
      places.offsets.push(offset);
      waiting.push(offset);
    }
  }
  return places;
}

function isTable(view: DataView, at: number): boolean {
  const fields = at - view.getInt32(at, true);
  if (fields < 0 || fields + 4 > view.byteLength) return false;
  const size = view.getUint16(fields, true);
  return size >= 4 && size % 2 === 0 && size <= 4 + 2 * MOST_FIELDS && fields + size <= view.byteLength;
}

/** Notes the fields of a table, and gives those that may be offsets. */
function fieldsOf(view: DataView, at: number, { entries, scalars }: Places): number[] {
  const fields = at - view.getInt32(at, true);
  const offsets: number[] = [];
  for (let entry = fields; entry < fields + view.getUint16(fields, true); entry += 2) {
    entries.push(entry);
    const place = at + view.getUint16(entry, true);
    if (entry < fields + 4 || place === at || place + 4 > view.byteLength) continue;
    if (leadsOn(view, place)) offsets.push(place);
    else scalars.push(place);
  }
  return offsets;
}

/** Notes the elements of a vector, and gives those that may be offsets: all or none. */
function elementsOf(view: DataView, at: number, { lengths, elements }: Places): number[] {
  const length = view.getUint32(at, true);
  lengths.push(at);
  const places: number[] = [];
  for (let i = 0; i < Math.min(length, 256) && at + 8 + 4 * i <= view.byteLength; i++) places.push(at + 4 + 4 * i);
  if (places.length === length && places.every((place) => leadsOn(view, place))) return places;
  elements.push(...places);
  return [];
}

function leadsOn(view: DataView, at: number): boolean {
  const offset = view.getUint32(at, true);
  return offset >= 4 && at + offset + 4 <= view.byteLength;
}
