/** JSON with NaN and Infinity, which XGBoost and Python write. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** In as many bytes what JSON reads: as infinite, and for NaN the empty string. */
const SPELLINGS = [
  ['Infinity', '1e999   '],
  ['NaN', '"" '],
].map((pair) => pair.map((word) => Buffer.from(word)));

/** The value of a text in UTF-8, with the empty string for NaN. Throws as JSON.parse does. */
export function parseNonFinite(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return JSON.parse(respelt(text).toString('utf8'));
  }
}

/** A copy in which words outside of strings are spelt otherwise. */
function respelt(text: Buffer): Buffer {
  const copy = Buffer.from(text);
  for (let at = 0; at < copy.length; ) {
    if (copy[at] === QUOTE) {
      at = endOfString(copy, at);
      continue;
    }
    const known = SPELLINGS.find(([[first]]) => first === copy[at]);
    const isWhole = known !== undefined && copy.subarray(at, at + known[0].length).equals(known[0]);
    if (isWhole) known[1].copy(copy, at);
    at += isWhole ? known[0].length : 1;
  }
  return copy;
}

/** After the quote that ends the string which begins at `start`, or past the text's end. */
function endOfString(text: Buffer, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}
