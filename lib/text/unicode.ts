/** Characters as in CPython 3.11: classes, lower case, and stripping of accents. */
import { COMBINING, DIGIT, UNASSIGNED, WORD } from './unicode-tables.ts';

/** Classes of characters, as bits. */
export const CLASS = { word: 1, space: 2, digit: 4, combining: 8, unassigned: 16 } as const;

const SPACES = '9-13 28-32 133 160 5760 8192-8202 8232-8233 8239 8287 12288';
const BASIC = 0x10000;

/** The classes of each character below {@link BASIC}. */
let basic: Uint8Array | undefined;
/** The begins and ends of runs, by class. */
const runs = new Map<number, Int32Array>();

const TABLES: readonly (readonly [number, string])[] = [
  [CLASS.word, WORD],
  [CLASS.digit, DIGIT],
  [CLASS.combining, COMBINING],
  [CLASS.unassigned, UNASSIGNED],
];

function readTables(): Uint8Array {
  const classes = new Uint8Array(BASIC);
  for (const [own, table] of TABLES) {
    let at = 0;
    const bounds = Int32Array.from(table.split(' '), (step) => {
      at += Number.parseInt(step, 36);
      return at;
    });
    runs.set(own, bounds);
    for (let i = 0; i < bounds.length && bounds[i] < BASIC; i += 2) {
      for (let code = bounds[i]; code < Math.min(bounds[i + 1], BASIC); code++) classes[code] |= own;
    }
  }
  for (const run of SPACES.split(' ')) {
    const [first, last = first] = run.split('-').map(Number);
    for (let code = first; code <= last; code++) classes[code] |= CLASS.space;
  }
  return classes;
}

/** Classes of each character below 65536, by its code. */
export function basicClasses(): Uint8Array {
  basic ??= readTables();
  return basic;
}

/** Whether a character is in a class. */
export function isOf(code: number, own: number): boolean {
  const classes = basicClasses();
  if (code < BASIC) return (classes[code] & own) !== 0;
  const bounds = runs.get(own);
  // There are no spaces beyond.
  if (bounds === undefined) return false;
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle] <= code) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

/** A cased letter up to Unicode 14, and uncased since: it affects the lower case of a sigma beside it. */
const PHARYNGEAL = '\u0295';

/** Python's `str.lower()`. */
export function lowerCase(text: string): string {
  if (text.includes(PHARYNGEAL) && text.includes('\u03a3')) return lowerBesideSigma(text);
  return assignedParts(text, (part) => part.toLowerCase());
}

/** Lower case with {@link PHARYNGEAL} replaced by a cased letter that is not in the text. */
function lowerBesideSigma(text: string): string {
  let code = 0x1d400;
  while (text.includes(String.fromCodePoint(code))) code++;
  const letter = String.fromCodePoint(code);
  const lower = assignedParts(text.replaceAll(PHARYNGEAL, letter), (part) => part.toLowerCase());
  return lower.replaceAll(letter, PHARYNGEAL);
}

/** The lower case of one character as a single character, for comparisons that ignore case. */
export function lowerOf(code: number): number {
  if (code === 0x130) return 0x69;
  const text = String.fromCodePoint(code);
  return isOf(code, CLASS.unassigned) ? code : (text.toLowerCase().codePointAt(0) as number);
}

/** scikit-learn's `strip_accents_unicode`. */
export function stripMarks(text: string): string {
  if (isAscii(text)) return text;
  let kept = '';
  for (const character of assignedParts(text, decomposed)) {
    if (!isOf(character.codePointAt(0) as number, CLASS.combining)) kept += character;
  }
  return kept;
}

/** scikit-learn's `strip_accents_ascii`. */
export function stripToAscii(text: string): string {
  if (isAscii(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return assignedParts(text, decomposed).replace(/[^\x00-\x7f]/g, '');
}

function decomposed(text: string): string {
  return text.normalize('NFKD');
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The code at a position: that of the character for a surrogate pair, otherwise the unit. */
export function codeAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if ((unit & 0xfc00) !== 0xd800 || at + 1 >= text.length) return unit;
  const next = text.charCodeAt(at + 1);
  return (next & 0xfc00) === 0xdc00 ? 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff) : unit;
}

/** Applies `change` to the text except for codes that are unassigned in Unicode 14, which Python leaves unchanged. */
function assignedParts(text: string, change: (part: string) => string): string {
  let [changed, from] = ['', 0];
  for (let at = 0; at < text.length; ) {
    const code = codeAt(text, at);
    const next = at + (code < BASIC ? 1 : 2);
    if (isOf(code, CLASS.unassigned)) {
      changed += change(text.slice(from, at)) + text.slice(at, next);
      from = next;
    }
    at = next;
  }
  return from === 0 ? change(text) : changed + change(text.slice(from));
}
