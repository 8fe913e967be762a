/** Tests whether a character is in a set, like Python. */
import { CLASS, isOf, lowerOf } from '../unicode.ts';
import type { CharacterSet } from './ast.ts';

/** Groups of letters (as codes) that are equal when ignoring case, although none is the lower case of another. */
const ALIKE =
  '69 131,73 17f,b5 3bc,345 3b9 1fbe,390 1fd3,3b0 1fe3,3b2 3d0,3b5 3f5,3b8 3d1,3ba 3f0,3c0 3d6,3c1 3f1,3c2 3c3,3c6 3d5,' +
  '432 1c80,434 1c81,43e 1c82,441 1c83,442 1c84 1c85,44a 1c86,463 1c87,1c88 a64b,1e61 1e9b,fb05 fb06';
/** No letter beyond it has case. */
const LAST_CASED = 0x1e943;
const CHECKED = 256;

export function isWord(code: number, ascii: boolean): boolean {
  return (!ascii || code < 0x80) && isOf(code, CLASS.word);
}

/** Tests characters by code; the answers for the first ones are in a table. */
export class CharacterTest {
  readonly #set: CharacterSet;
  readonly #first: Uint8Array;

  constructor(set: CharacterSet) {
    this.#set = set;
    this.#first = Uint8Array.from({ length: CHECKED }, (_, code) => Number(this.#look(code)));
  }

  has(code: number): boolean {
    return code < CHECKED ? this.#first[code] !== 0 : this.#look(code);
  }

  #look(code: number): boolean {
    const { negative, classes, ascii, ignoreCase } = this.#set;
    const same = ignoreCase ? sameOf(code, ascii) : undefined;
    const own = same === undefined ? code : same.lower;
    const isIn =
      (same === undefined ? this.#isInRange(code) : same.codes.some((each) => this.#isInRange(each))) ||
      classes.some(({ name, negative: isOther }) => isOfClass(own, name, ascii) !== isOther);
    return isIn !== negative;
  }

  #isInRange(code: number): boolean {
    return this.#set.ranges.some(([first, last]) => code >= first && code <= last);
  }
}

function isOfClass(code: number, name: 'word' | 'space' | 'digit', ascii: boolean): boolean {
  if (!ascii) return isOf(code, CLASS[name]);
  // Python's ASCII spaces; four separators are only spaces for strings.
  if (name === 'space') return code === 0x20 || (code >= 9 && code <= 13);
  return code < 0x80 && isOf(code, CLASS[name]);
}

interface Same {
  readonly lower: number;
  /** The codes that are equal when ignoring case, including itself. */
  readonly codes: readonly number[];
}

function sameOf(code: number, ascii: boolean): Same {
  if (ascii) {
    const lower = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
    return { lower, codes: lower >= 0x61 && lower <= 0x7a ? [lower, lower - 0x20] : [code] };
  }
  const lower = lowerOf(code);
  return { lower, codes: alikeTo(lower) };
}

/** For each lower case, all characters that have it, including equal groups. */
let known: Map<number, readonly number[]> | undefined;

function alikeTo(lower: number): readonly number[] {
  known ??= makeAlike();
  return known.get(lower) ?? [lower];
}

function makeAlike(): Map<number, readonly number[]> {
  const made = new Map<number, number[]>();
  for (let code = 0; code <= LAST_CASED; code++) {
    const lower = lowerOf(code);
    if (lower === code) continue;
    const codes = made.get(lower) ?? [lower];
    codes.push(code);
    made.set(lower, codes);
  }
  const alike = new Map<number, readonly number[]>(made);
  for (const group of ALIKE.split(',')) {
    const lowers = group.split(' ').map((digits) => Number.parseInt(digits, 16));
    const all = lowers.flatMap((lower) => made.get(lower) ?? [lower]);
    for (const lower of lowers) alike.set(lower, all);
  }
  return alike;
}
