/** The memory that JSON will take, counted before it is parsed: a few characters may expand to a lot. */
import type { Budget } from '../../graph/budget.ts';

const OBJECT_BYTES = 64;
const ARRAY_BYTES = 72;
/** For a key that no other object has, and for one that many have. */
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
 * The memory of the text, which need not be valid JSON, once it is parsed. `own` counts each key as unique, which is
 * faster; `common` counts repeated keys as shared.
 */
export function jsonBytes(text: string, keys: 'own' | 'common'): number {
  const seen = keys === 'common' ? new Set<string>() : undefined;
  let bytes = 0;
  /** The last string seen. */
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

/** Charges the memory that parsing the text will take. Throws `LIMIT`. */
export function spendOnJson(text: string, budget: Budget, place: string, keys: 'own' | 'common' = 'own'): void {
  budget.build(jsonBytes(text, keys), place);
}

/** The position of the quote that ends the string beginning at `start`, or past the text's end. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}
