/** What JSON will take in memory, counted before it is parsed: a few letters of it may stand for much. */
import type { Budget } from '../../graph/budget.ts';

const OBJECT_BYTES = 64;
const ARRAY_BYTES = 72;
/** Of a key that no other object has, and of one that many have. */
const OWN_KEY_BYTES = 224;
const COMMON_KEY_BYTES = 24;
const ITEM_BYTES = 12;
const STRING_BYTES = 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** By character, outside of strings. */
const COSTS = new Uint8Array(128);
for (const [sign, cost] of Object.entries({ '{': OBJECT_BYTES, '[': ARRAY_BYTES, ',': ITEM_BYTES })) {
  COSTS[sign.charCodeAt(0)] = cost;
}

/**
 * What the text, which may or may not be JSON, takes once it is parsed. `own`: each key counts as one that no other object
 * has, which is the quicker count; `common`: each that the text had before counts as one that many have.
 */
export function jsonBytes(text: string, keys: 'own' | 'common'): number {
  const seen = keys === 'common' ? new Set<string>() : undefined;
  let bytes = 0;
  /** The last string. */
  let [start, end] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      [start, end] = [at + 1, endOfString(text, at)];
      bytes += STRING_BYTES + end - at;
      at = end;
    } else if (code === COLON) {
      bytes += seen === undefined ? OWN_KEY_BYTES : keyBytes(text.slice(start, end), seen);
    } else if (code < COSTS.length) bytes += COSTS[code];
  }
  return bytes;
}

function keyBytes(key: string, seen: Set<string>): number {
  if (seen.has(key)) return COMMON_KEY_BYTES;
  seen.add(key);
  return OWN_KEY_BYTES;
}

/** Spends what the text will take. Throws `LIMIT`. */
export function spendOnJson(text: string, budget: Budget, place: string, keys: 'own' | 'common' = 'own'): void {
  budget.build(jsonBytes(text, keys), place);
}

/** The place of the quote that ends the string which begins at `start`, or past the text's end. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}
