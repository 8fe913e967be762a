/** Characters and lower case beside CPython's own, over every character: see fixtures/make/make_unicode.py. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CharacterTest } from '../../lib/text/pattern/character.ts';
import { CLASS, isOf, lowerCase, stripMarks, stripToAscii } from '../../lib/text/unicode.ts';

const expected = JSON.parse(readFileSync(new URL('../fixtures/text/unicode.json', import.meta.url), 'utf8'));

/** Without halves of pairs, and planes that hold ideographs of one kind, or nothing. */
const CODES = Array.from({ length: 0xe1000 }, (_, code) => code).filter(
  (code) => code < 0xd800 || (code >= 0xe000 && code < 0x20000) || code >= 0xe0000,
);
const CHARACTERS = CODES.map((code) => String.fromCodePoint(code));

function digest(strings: readonly string[]): string {
  return createHash('sha256')
    .update(strings.map((each) => `${each}\n`).join(''))
    .digest('hex');
}

describe('every character, as CPython has it', () => {
  it('is a space, a digit or a part of a word', () => {
    expect(CODES.filter((code) => isOf(code, CLASS.space))).toEqual(expected.space);
    expect(digest(CHARACTERS.filter((_, i) => isOf(CODES[i], CLASS.word)))).toBe(expected.word);
    expect(digest(CHARACTERS.filter((_, i) => isOf(CODES[i], CLASS.digit)))).toBe(expected.digit);
  });

  it('has a lower case, and decides about a sigma beside it', () => {
    expect(digest(CHARACTERS.map(lowerCase))).toBe(expected.lower);
    expect(digest(CHARACTERS.map((each) => lowerCase(`${each}Σ`)))).toBe(expected.sigmaAfter);
    expect(digest(CHARACTERS.map((each) => lowerCase(`AΣ${each}`)))).toBe(expected.sigmaBefore);
    expect(digest(CHARACTERS.map((each) => lowerCase(`A${each}Σ${each}A`)))).toBe(expected.sigmaBetween);
  });

  it('loses its marks', () => {
    expect(digest(CHARACTERS.map(stripMarks))).toBe(expected.unicodeStripped);
    expect(digest(CHARACTERS.map((each) => stripMarks(`a\u0315${each}\u0300\u0323`)))).toBe(expected.marksStripped);
    expect(digest(CHARACTERS.map(stripToAscii))).toBe(expected.asciiStripped);
  });

  it('is like others where case is ignored', () => {
    const cased = Object.keys(expected.alike);
    const lines = cased.map((each) => {
      const code = each.codePointAt(0) as number;
      const test = new CharacterTest({
        ...{ negative: false, ranges: [[code, code]], classes: [], ignoreCase: true, ascii: false },
      });
      return [each, CHARACTERS.filter((_, i) => test.has(CODES[i])).join('')];
    });
    expect(Object.fromEntries(lines)).toEqual(expected.alike);
  });
});
