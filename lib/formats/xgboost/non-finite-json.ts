/** JSON with NaN and Infinity, which XGBoost and Python write. */
import { latin1Bytes, utf8 } from '../../platform/text.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Replacements of equal length that JSON can parse: infinite numbers, and for NaN the empty string. */
const SPELLINGS = [
  ['Infinity', '1e999   '],
  ['NaN', '"" '],
].map((pair) => pair.map((word) => latin1Bytes(word)));

/** The value of a UTF-8 text, with the empty string for NaN. Throws like JSON.parse. */
export function parseNonFinite(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8(bytes));
  } catch {
    return JSON.parse(utf8(respelt(bytes)));
  }
}

/** A copy with words outside of strings replaced. */
function respelt(text: Uint8Array): Uint8Array {
  const copy = new Uint8Array(text);
  for (let at = 0; at < copy.length; ) {
    if (copy[at] === QUOTE) {
      at = endOfString(copy, at);
      continue;
    }
    const known = SPELLINGS.find(([[first]]) => first === copy[at]);
    const isWhole = known?.[0].every((byte, i) => copy[at + i] === byte) === true;
    if (isWhole) copy.set(known[1], at);
    at += isWhole ? known[0].length : 1;
  }
  return copy;
}

/** The position after the quote that ends the string beginning at `start`, or past the text's end. */
function endOfString(text: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}
