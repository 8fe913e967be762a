/** What TensorFlow's operations on strings make of texts, beside TensorFlow: see fixtures/make/make_replacements.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TermStep, Tokenizing } from '../../lib/graph/terms.ts';
import { Replacement } from '../../lib/text/replacement.ts';
import { TermReader } from '../../lib/text/term-reader.ts';
import { Tokenizer } from '../../lib/text/tokenizer.ts';
import { failureOf } from '../failure.ts';

type Case = readonly [
  pattern: string,
  by: string,
  all: boolean,
  ...found: (null | readonly [text: string, result: string])[],
];
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/text/replacements.json', import.meta.url), 'utf8')) as {
  cases: readonly Case[];
};

function replacement(pattern: string, by: string, all = true): Replacement {
  return new Replacement({ op: 'replace', pattern, by, all }, 'test');
}

describe('replacements', () => {
  it('are those of RE2, or refused', () => {
    let refused = 0;
    for (const [pattern, by, all, ...found] of cases) {
      let made: Replacement;
      try {
        made = replacement(pattern, by, all);
      } catch (error) {
        expect(['UNSUPPORTED_OP', 'MALFORMED'], pattern).toContain((error as { code: string }).code);
        refused++;
        continue;
      }
      for (const each of found) {
        // RE2 looks no further than Python's syntax goes here; what it refuses no file has.
        if (each === null) continue;
        expect(made.apply(each[0]), `${pattern} → ${by} in ${JSON.stringify(each[0])}`).toBe(each[1]);
      }
    }
    expect(refused).toBeLessThan(cases.length / 4);
    expect(cases.length).toBeGreaterThan(350);
  });

  it.each([
    ['x*', '', 'may match the empty string'],
    ['(?i)free', '', 'flags'],
    ['[[:alpha:]]', '', 'by its name'],
    ['\\pL', '', 'escape'],
    ['a', '\\1', 'refers to a group'],
    ['a\\', '', 'backslash'],
    ['a{,2}', '', 'without a minimum'],
  ])('refuse %s → %s', async (pattern, by, words) => {
    expect(await failureOf(() => replacement(pattern, by))).toMatchObject({
      code: 'UNSUPPORTED_OP',
      message: expect.stringContaining(words),
    });
  });

  it('take time in proportion to the text', () => {
    const text = 'a'.repeat(20_000);
    expect(replacement('(?:a+)+b', '').apply(text)).toBe(text);
  });
});

const PLAIN: Tokenizing = { changes: [], split: 'space', grams: [] };

function tokensOf(tokenizing: Partial<Tokenizing>, text: string): string[] {
  const tokens: string[] = [];
  new Tokenizer({ ...PLAIN, ...tokenizing }, 'test').forEach(text, (token) => tokens.push(token) > 0);
  return tokens;
}

describe('tokens', () => {
  it.each<[Partial<Tokenizing>, string, string[]]>([
    [{}, '  a\tb\x0bc\u00a0d \n', ['a', 'b', 'c\u00a0d']],
    [{}, '', []],
    [{ split: 'character' }, 'a🎉', ['a', '🎉']],
    [{ split: 'none' }, ' a ', [' a ']],
    [{ split: { between: ', ' } }, 'a, b,c, ', ['a', 'b,c', '']],
    [{ split: { between: ',' } }, '', ['']],
    [{ grams: [2, 1] }, 'a b c', ['a b', 'b c', 'a', 'b', 'c']],
    [{ grams: [4] }, 'a b c', []],
    [{ changes: [{ op: 'lower', ascii: true }] }, 'AÉ', ['aÉ']],
    [{ changes: [{ op: 'lower', ascii: false }], split: 'none' }, 'AÉ', ['aé']],
    [{ changes: [{ op: 'strip' }], split: 'none' }, '\t a \x0b', ['a']],
  ])('%j of %j', (tokenizing, text, expected) => {
    expect(tokensOf(tokenizing, text)).toEqual(expected);
  });

  it('are bounded where there are many n-grams', async () => {
    const text = 'a '.repeat(40_000);
    const grams = Array.from({ length: 2000 }, (_, i) => i + 1);
    expect(await failureOf(() => tokensOf({ grams }, text))).toMatchObject({ code: 'INPUT' });
  });

  it('leave out what has no place in a row', () => {
    const step: TermStep = {
      ...{ op: 'tokens', feature: 0, tokenizing: PLAIN, terms: ['a', 'b'], numbers: [5, 1], unknown: 0, width: 3 },
      row: 'counts',
    };
    const read = (more: Partial<typeof step>) => {
      const { count, ids, weights } = new TermReader([{ ...step, ...more }], 'test').read({
        value: () => 'b a z b',
        place: () => 'rows[0]',
      });
      return Array.from({ length: count }, (_, i) => [ids[i], weights[i]]);
    };
    expect(read({})).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(read({ row: 'hits' })).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(read({ row: 'places' })).toEqual([
      [0, 1],
      [1, 5],
      [2, 0],
    ]);
  });
});
