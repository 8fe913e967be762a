/**
 * What JSON.parse would make of some bytes, counted before it makes it: arrays and objects of two bytes each take fifty times
 * their room, and an object of millions of names takes seconds. Bytes that are not JSON are left to it.
 */
import { Refusal, tooLarge } from './refusal.ts';

/** Bytes of which nothing large can come. */
const SMALL = 2 ** 16;
/** Arrays and objects: twice as many as a request may have rows. */
const MOST_PARTS = 2 ** 21;
/** Names of one object. */
const MOST_NAMES = 2 ** 18;
const DEEPEST = 128;

const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

export function checkStructure(bytes: Uint8Array): void {
  if (bytes.length <= SMALL) return;
  // Of each array or object that is open, its names so far.
  const names = new Uint32Array(DEEPEST + 1);
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      parts++;
      depth++;
      if (parts > MOST_PARTS) throw tooLarge(`the body has more than ${MOST_PARTS} arrays and objects`);
      if (depth > DEEPEST) throw new Refusal('JSON', 'the body is nested too deeply');
      names[depth] = 0;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      if (depth > 0) depth--;
    } else if (byte === COLON) {
      names[depth]++;
      if (names[depth] > MOST_NAMES) throw tooLarge(`the body has an object of more than ${MOST_NAMES} names`);
    }
  }
}
