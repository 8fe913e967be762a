/** Duplicate keys, which JSON.parse does not report. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The first key that occurs twice in an object of the text, which is valid JSON. */
export function duplicateKey(text: string): string | undefined {
  // An object gets a set with its first key.
  const objects: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{') objects.push(undefined);
    else if (char === '}') objects.pop();
    if (char !== '"') continue;
    const end = endOfString(text, at);
    if (isFollowedByColon(text, end)) {
      const keys = objects[objects.length - 1] ?? new Set();
      objects[objects.length - 1] = keys;
      const spelt = text.slice(at + 1, end - 1);
      const key: string = spelt.includes('\\') ? JSON.parse(`"${spelt}"`) : spelt; // `"a"` and `"\u0061"` are one key
      if (keys.has(key)) return key;
      keys.add(key);
    }
    at = end - 1;
  }
  return undefined;
}

/** The position after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}

function isFollowedByColon(text: string, start: number): boolean {
  let at = start;
  while (' \t\n\r'.includes(text[at])) at++;
  return text[at] === ':';
}
