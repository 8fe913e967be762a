/** From texts to sparse rows: what is fast is the same as what is plain, and what files ask for is bounded. */
import { describe, expect, it } from 'vitest';
import type { Analysis, TermProgram } from '../../lib/graph/terms.ts';
import { Analyzer } from '../../lib/text/analyzer.ts';
import { murmur } from '../../lib/text/murmur.ts';
import { TermReader } from '../../lib/text/term-reader.ts';
import { Units } from '../../lib/text/units.ts';
import { Vocabulary } from '../../lib/text/vocabulary.ts';
import { failureOf } from '../failure.ts';

const WORDS: Analysis = {
  ...{ unit: 'word', lowercase: true, accents: 'keep', pattern: '(?u)\\b\\w\\w+\\b', stopWords: [], least: 1, most: 1 },
};

function termsOf(analysis: Partial<Analysis>, text: string): string[] {
  const analyzer = new Analyzer({ ...WORDS, ...analysis }, 'test');
  const terms: string[] = [];
  analyzer.forEach(text, (from, to) => terms.push(String.fromCharCode(...analyzer.text.data.subarray(from, to))));
  return terms;
}

function unitsOf(text: string): Units {
  const units = new Units();
  units.write(text);
  return units;
}

function read(program: TermProgram, value: unknown): [id: number, weight: number][] {
  const { count, ids, weights } = new TermReader(program, 'test').read({ value: () => value, place: () => 'rows[0]' });
  return Array.from({ length: count }, (_, i) => [ids[i], weights[i]]);
}

/** Characters that are of words, spaces, neither, or beyond 16 bits. */
const ALPHABET = [..."aB_1éßÉΣσ٣½ \t\n.-'\u0301\u00a0😀𝐀𐐀", '\ud800', '\udc00'];

function randomTexts(count: number): string[] {
  let state = 12345;
  const next = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: next(24) }, () => ALPHABET[next(ALPHABET.length)]).join(''),
  );
}

describe('terms of texts', () => {
  it('are the same by the scanner of whole words as by the pattern that it stands for', () => {
    for (const [pattern, least] of [
      ['(?u)\\b\\w\\w+\\b', '\\w\\w'],
      ['\\w+', '\\w'],
      ['\\b\\w{3,}\\b', '\\w{3}'],
    ]) {
      // The same words, by a pattern that nothing else is known of.
      const plain = `(?:${least}\\w*)`;
      for (const lowercase of [true, false]) {
        for (const text of randomTexts(400)) {
          expect(termsOf({ pattern, lowercase, most: 2 }, text)).toEqual(
            termsOf({ pattern: `${plain}(?!\\w)`, lowercase, most: 2 }, text),
          );
        }
      }
    }
  });

  it('of texts of ASCII are counted and hashed as those of any text are', () => {
    const longWords = Array.from({ length: 30 }, (_, i) => 'abcdefghijklmnopqrstuvwxyz_0123456789'.slice(i % 7, i + 2));
    const known = [...longWords, 'ab', 'b_1', 'the', 'x', '1', 'é', 'a\0', ''];
    const gaps = [' ', '  ', '. ', ', "', '-', "'s ", '\n\t'];
    let state = 99;
    const next = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >> 8) % below;
    };
    const word = () => known[next(known.length)];
    const written = (each: string) => (next(3) === 0 ? each.toUpperCase() : each) + (next(8) === 0 ? 'q' : '');
    const textOf = (words: number) =>
      Array.from({ length: words }, () => written(word()) + gaps[next(gaps.length)]).join('');
    const pairs = known.flatMap((first, i) => [`${first} ${known[(3 * i + 1) % known.length]}`, `${first} the ab`]);
    const terms = [...new Set([...known, ...pairs])];
    const texts = [
      ...Array.from({ length: 300 }, (_, i) => textOf(i % 40)),
      textOf(3000),
      '\u212aab \u212a',
      '\ud800ab',
    ];
    // A character that is of no word, and not of ASCII.
    const outside = '\u2603';
    for (const [least, most] of [
      [1, 1],
      [1, 3],
      [2, 2],
    ]) {
      for (const stopWords of [[], ['the', 'abcdefghijklmnopqrst', 'é']]) {
        for (const lowercase of [true, false]) {
          const pattern = least === 2 ? '\\w+' : WORDS.pattern;
          const analysis = { ...WORDS, least, most, stopWords, lowercase, pattern };
          const count: TermProgram = [{ op: 'count', feature: 0, analysis, terms, binary: false }];
          const hash: TermProgram = [
            {
              ...{
                op: 'hash',
                feature: 0,
                value: 'text',
                analysis,
                size: 64,
                signed: true,
                binary: false,
                single: false,
              },
            },
          ];
          for (const text of texts) {
            expect(read(count, text)).toEqual(read(count, text + outside));
            expect(read(hash, text), JSON.stringify([text, analysis])).toEqual(read(hash, text + outside));
          }
        }
      }
    }
  });

  it('are words side by side without those that are left out', () => {
    expect(termsOf({ stopWords: ['the', 'of'], most: 3 }, 'The end of the LONG road')).toEqual([
      ...['end', 'long', 'road', 'end long', 'long road', 'end long road'],
    ]);
  });

  it('are characters, of which pairs of units are one', () => {
    expect(termsOf({ unit: 'char', least: 2, most: 2 }, 'a😀  b')).toEqual(['a😀', '😀 ', ' b']);
    expect(termsOf({ unit: 'char_wb', least: 3, most: 4 }, 'ab\tcde')).toEqual([
      ...[' ab', 'ab ', ' ab ', ' cd', 'cde', 'de ', ' cde', 'cde '],
    ]);
    expect(termsOf({ unit: 'char_wb', least: 5, most: 9 }, 'ab cde')).toEqual([' ab ', ' cde ']);
  });

  it.each([
    ['', 0],
    ['a', 1009084850],
    ['abcd', 1139631978],
    ['hello', 613153351],
    ['größe', -472672705],
    ['😀', -1095487750],
  ])('have the hash that MurmurHash3 gives: %s', (text, hash) => {
    const units = unitsOf(text);
    expect(murmur(units.data, 0, units.length)).toBe(hash);
  });

  it('are found among others of any hash', () => {
    const terms = Array.from({ length: 5000 }, (_, i) => `${i.toString(36)}-${i % 7}`);
    const vocabulary = new Vocabulary([...terms, '']);
    for (const [id, term] of [...terms, ''].entries()) {
      const text = unitsOf(`<${term}>`);
      expect(vocabulary.find(text, 1, text.length - 1)).toBe(id);
      expect(vocabulary.find(text, 0, text.length - 1)).toBe(-1);
    }
  });

  it('are not looked for beyond the longest that is known', () => {
    const analysis = { ...WORDS, most: 10 ** 9 };
    const program: TermProgram = [{ op: 'count', feature: 0, analysis, terms: ['a b', 'bb'], binary: false }];
    const text = 'aa bb '.repeat(20_000);
    expect(read(program, text)).toEqual([[1, 20_000]]);
  });

  it('are counted, weighted, selected and joined', () => {
    const count = { op: 'count', feature: 0, analysis: WORDS, binary: false } as const;
    const program: TermProgram = [
      { ...count, terms: ['one', 'two', 'three'] },
      { op: 'scale', of: 0, by: [2, 0.5, 1], divides: false, single: false },
      { op: 'select', of: 1, ids: [2, 0] },
      { ...count, terms: ['two', 'four'] },
      { op: 'above', of: 3, threshold: 1 },
      { op: 'join', of: [2, 4] },
      { op: 'norm', of: 5, norm: 'max', single: false },
    ];
    expect(read(program, 'one two two three four')).toEqual([
      [0, 0.5],
      [1, 1],
      [2, 0.5],
    ]);
    expect(read(program, 'nothing')).toEqual([]);
  });

  it('of more than are hashed are refused', async () => {
    const analysis: Analysis = { ...WORDS, unit: 'char', most: 10 ** 6 };
    const hash = { op: 'hash', feature: 0, value: 'text', analysis, size: 8, signed: true, binary: false } as const;
    const error = await failureOf(() => read([{ ...hash, single: false }], 'x'.repeat(3000)));
    expect(error.code).toBe('INPUT');
    expect(error.message).toContain('shorter text');
    const words = { ...hash, single: false, analysis: { ...WORDS, most: 10 ** 6 } } as const;
    for (const end of ['', 'é']) {
      expect(await failureOf(() => read([words], 'ab '.repeat(100_000) + end))).toMatchObject({ code: 'INPUT' });
    }
  });
});
