/** Text for messages: what was received, what is allowed, and what was probably meant. */

/** A description of a value for messages: `the string 'relu'`, `an array of 3`, `a Float32Array of 12`, `nothing`. */
export function describe(value: unknown): string {
  try {
    return described(value);
  } catch {
    // A proxy, or a getter of the tag, that throws.
    return 'an object that cannot be inspected';
  }
}

function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `the string ${quote(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'bigint') return isLong(value) ? 'a bigint of many digits' : `the bigint ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  // The true type of a typed array, even if its properties are overridden; undefined for other values.
  const kind = Reflect.get(TypedArrayPrototype, Symbol.toStringTag, value);
  if (kind !== undefined) return `${article(kind)} of ${Reflect.get(TypedArrayPrototype, 'length', value)}`;
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return name === 'Object' ? 'an object' : article(shown(name, 60));
}

/** Printing a million digits takes long and helps nobody. */
function isLong(value: bigint): boolean {
  return value >= LONG || value <= -LONG;
}

const LONG = 2n ** 128n;

const TypedArrayPrototype = Object.getPrototypeOf(Int8Array.prototype);

function article(name: string): string {
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** The text in quotes, with invisible characters escaped, and shortened if it is long. */
export function quote(text: string): string {
  return `'${shown(text, 118)}'`;
}

/**
 * A text of at most `most` characters. Characters that are invisible, break lines or change direction are escaped, and
 * the middle of a long text is left out. If the text is our own, such as a list, line breaks before indentation are
 * kept.
 */
export function shown(text: string, most: number, isOurs = false): string {
  const invisible = isOurs ? INVISIBLE_BUT_LISTS : INVISIBLE;
  return shorten(shorten(text, most).replace(invisible, escapeOf), most);
}

/** Control and format characters, line separators, and halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const INVISIBLE_BUT_LISTS = /(?!\n {2})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

function escapeOf(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return SHORT_ESCAPES[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}

/** Shortens a long text to its beginning and end, without splitting surrogate pairs. */
function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const before = Math.ceil((most - 1) * 0.75);
  const [head, tail] = [text.slice(0, before), text.slice(before + 1 - most)];
  return `${head.replace(/[\ud800-\udbff]$/, '')}…${tail.replace(/^[\udc00-\udfff]/, '')}`;
}

/** `'a', 'b' and 3 more` */
export function listNames(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).map(quote).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** The location of a documentation page in the installed package, by its path in docs/ without `.md`. */
export function docsPage(page: string): string {
  return `node_modules/forwardpass/docs/${page}.md`;
}

/** `; did you mean 'relu'?`, or nothing if no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const best = nearestTo(name, candidates);
  return best === undefined ? '' : `; did you mean ${quote(best)}?`;
}

/** The candidate that was probably meant; undefined if none is near. */
export function nearestTo(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.slice(0, 64).toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** A name in a form in which its spellings can be compared. */
export interface Spelling {
  readonly plain: string;
  readonly digits: string;
}

/** The name without case, spaces, accents and punctuation. */
export function spellingOf(name: string): Spelling {
  const plain = name
    .slice(0, 64)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
  return { plain, digits: plain.replace(/\P{N}/gu, '') };
}

/**
 * Whether two names are spellings of the same one: equal, or differing in one letter for names of at least four letters
 * (in two letters from eight), or in one letter appended to a name of three. `lag_1` and `lag_2` are different names.
 */
export function looksLike(a: Spelling, b: Spelling): boolean {
  if (a.plain === b.plain) return a.plain !== '';
  if (a.digits !== b.digits) return false;
  const [shorter, longer] = a.plain.length < b.plain.length ? [a.plain, b.plain] : [b.plain, a.plain];
  if (shorter.length === 3) return longer.length === 4 && longer.startsWith(shorter);
  const most = shorter.length >= 8 ? 2 : shorter.length >= 4 ? 1 : 0;
  return longer.length - shorter.length <= most && editDistance(shorter, longer) <= most;
}

/** The number of insertions, deletions, substitutions and swaps of neighbours between two strings. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchanged = isExchanged ? before[j - 2] + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(above[j] + 1, row[j - 1] + 1, substituted, exchanged));
    }
    [before, above] = [above, row];
  }
  return above[b.length];
}
