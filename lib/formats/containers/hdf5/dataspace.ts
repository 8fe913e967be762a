/** The shape of an array or attribute. */
import type { Part } from './reader.ts';

export interface Dataspace {
  /** Empty for a single value. Undefined for a null dataspace. */
  readonly shape: readonly number[] | undefined;
  /** The maximum shape; Infinity along an unlimited axis. */
  readonly most: readonly number[];
}

const MOST_AXES = 32;
const HAS_MOST = 1;
const [SCALAR, SIMPLE, NONE] = [0, 1, 2];

export function readDataspace(part: Part): Dataspace {
  const version = part.version(1, 2);
  const [rank, flags] = [part.u8(), part.u8()];
  const kind = version === 2 ? part.u8() : rank === 0 ? SCALAR : SIMPLE;
  if (version === 1) part.skip(5);
  if (kind > NONE || rank > MOST_AXES || (kind !== SIMPLE && rank > 0))
    throw part.damaged('declares an impossible shape');
  if (kind === NONE) return { shape: undefined, most: [] };
  const shape = lengths(part, rank);
  if ((flags & HAS_MOST) === 0) return { shape, most: shape };
  const endless = 256 ** part.reader.storage.lengthBytes - 1;
  const most = lengths(part, rank).map((length) => (length >= endless ? Number.POSITIVE_INFINITY : length));
  if (most.some((length, axis) => length < shape[axis])) throw part.damaged('declares a shape larger than its maximum');
  return { shape, most };
}

function lengths(part: Part, rank: number): number[] {
  return Array.from({ length: rank }, () => part.length());
}
