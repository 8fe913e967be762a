/** What JSON.parse keeps to itself. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The first key that an object of the text has twice; the text is valid JSON. */
export function duplicateKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{') objects.push(new Set());
    else if (char === '}') objects.pop();
    if (char !== '"') continue;
    const end = endOfString(text, at);
    if (isFollowedByColon(text, end)) {
      const keys = objects[objects.length - 1];
      const key: string = JSON.parse(text.slice(at, end)); // `"a"` and `"\u0061"` are one key
      if (keys.has(key)) return key;
      keys.add(key);
    }
    at = end - 1;
  }
  return undefined;
}

/** After the closing quote of the string that opens at `start`. */
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
