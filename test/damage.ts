/** Where tests damage a file: at places throughout, or at each byte where the tests are to be thorough. */
import { THOROUGH } from './thorough.ts';

/** Bytes at either end of a file, where headers and indexes are: each of them is a place. */
const MARGIN = 12;

/**
 * Places from 0 to below `length`, in order: the first and last few, and about `most` of those between, at a distance that is odd, so
 * that no field of several bytes is always met at the same one.
 */
export function* damagedPlaces(length: number, most: number): Generator<number> {
  const step = THOROUGH ? 1 : Math.floor(length / most) | 1;
  for (let at = 0; at < length; at++) {
    if (at % step === 0 || at < MARGIN || at >= length - MARGIN) yield at;
  }
}
