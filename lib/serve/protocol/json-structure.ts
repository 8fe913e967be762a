/**
 * Bounds the cost of JSON.parse before calling it: arrays and objects of two bytes each take fifty times as much
 * memory, and an object with millions of names takes seconds. Invalid JSON is left to JSON.parse.
 */
import { Refusal, tooLarge } from './refusal.ts';

/** The size of bodies that cannot become large. */
const SMALL = 2 ** 16;
/** The most arrays and objects: twice as many as the rows of a request. */
const MOST_PARTS = 2 ** 21;
/** The most names of one object. */
const MOST_NAMES = 2 ** 18;
const DEEPEST = 128;

const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

export function checkStructure(bytes: Uint8Array): void {
  if (bytes.length <= SMALL) return;
  // The number of names so far in each open array or object.
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
