/** What JSON will take in memory, counted before it is parsed: a few letters of it may stand for much. */
import type { Budget } from '../../graph/budget.ts';

const OBJECT_BYTES = 64;
const ARRAY_BYTES = 72;
/** Of a key that no other object has. */
const KEY_BYTES = 224;
const ITEM_BYTES = 12;
const STRING_BYTES = 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** By character, outside of strings. */
const COSTS: Readonly<Record<string, number>> = {
  '{': OBJECT_BYTES,
  '[': ARRAY_BYTES,
  ':': KEY_BYTES,
  ',': ITEM_BYTES,
};
const BY_CODE = Uint8Array.from({ length: 128 }, (_, code) => COSTS[String.fromCharCode(code)] ?? 0);

/** Spends what the text, which may or may not be JSON, will take. Throws `LIMIT`. */
export function spendOnJson(text: string, budget: Budget, place: string): void {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      bytes += STRING_BYTES + end - at;
      at = end;
    } else if (code < BY_CODE.length) bytes += BY_CODE[code];
  }
  budget.build(bytes, place);
}

/** The place of the quote that ends the string which begins at `start`, or the text's end. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}
