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

/** By character, outside of strings. */
function costs(keyBytes: number): Uint8Array {
  const table = new Uint8Array(128);
  const bytes: Readonly<Record<string, number>> = {
    '{': OBJECT_BYTES,
    '[': ARRAY_BYTES,
    ':': keyBytes,
    ',': ITEM_BYTES,
  };
  for (const [sign, cost] of Object.entries(bytes)) table[sign.charCodeAt(0)] = cost;
  return table;
}

const OWN_KEYS = costs(OWN_KEY_BYTES);
const COMMON_KEYS = costs(COMMON_KEY_BYTES);

/** What the text, which may or may not be JSON, takes once it is parsed: with keys of its own, or that its objects share. */
export function jsonBytes(text: string, keys: 'own' | 'common'): number {
  const costOf = keys === 'own' ? OWN_KEYS : COMMON_KEYS;
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      bytes += STRING_BYTES + end - at;
      at = end;
    } else if (code < costOf.length) bytes += costOf[code];
  }
  return bytes;
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
