/** Regular expressions beside CPython's re: see fixtures/make/make_patterns.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePattern } from '../../lib/text/pattern/parse.ts';
import { Pattern } from '../../lib/text/pattern/pattern.ts';
import { programOf } from '../../lib/text/pattern/program.ts';
import { Search } from '../../lib/text/pattern/search.ts';
import { failureOf } from '../failure.ts';

type Case = readonly [pattern: string, ...found: (null | readonly [text: string, matches: readonly string[]])[]];
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/text/patterns.json', import.meta.url), 'utf8')) as {
  cases: readonly Case[];
};

interface Finder {
  findAll(text: string, found: (from: number, to: number) => void): void;
}

function matchesOf(finder: Finder, text: string): string[] {
  const matches: string[] = [];
  finder.findAll(text, (from, to) => matches.push(text.slice(from, to)));
  return matches;
}

/** All ways side by side from the first character on. */
function sideBySide(pattern: string): Finder {
  const { expression, hasGroup } = parsePattern(pattern, 'test');
  return new Search(programOf(expression, 'test'), hasGroup, false);
}

describe('patterns', () => {
  it.each([
    ['one way after another', (pattern: string) => new Pattern(pattern, 'test')],
    ['all ways side by side', sideBySide],
  ])("find what Python's re finds: %s", async (_, make) => {
    let refused = 0;
    for (const [pattern, ...found] of cases) {
      if (found[0] === null) {
        const { code } = await failureOf(() => make(pattern));
        expect(['MALFORMED', 'UNSUPPORTED_OP'], pattern).toContain(code);
        continue;
      }
      let finder: Finder;
      try {
        finder = make(pattern);
      } catch (error) {
        expect(error, pattern).toMatchObject({ code: 'UNSUPPORTED_OP' });
        refused++;
        continue;
      }
      for (const each of found) {
        const [text, matches] = each as readonly [string, readonly string[]];
        expect(matchesOf(finder, text), `${pattern} in ${JSON.stringify(text)}`).toEqual(matches);
      }
    }
    expect(refused).toBeLessThan(cases.length / 20);
  });

  it('are through in time where going back takes exponential time', () => {
    const text = 'a'.repeat(3000);
    for (const pattern of ['(a+)+$b', '(?:a|a)+b', '(?:a|aa)+b', 'a*a*a*a*a*b']) {
      expect(matchesOf(new Pattern(pattern, 'test'), text), pattern).toEqual([]);
    }
  });

  it('refuse a text that takes too many steps', async () => {
    const text = 'a'.repeat(100_000);
    const { code, message } = await failureOf(() => matchesOf(new Pattern('(?:(?=a*b)|c)a', 'test'), text));
    expect(code).toBe('INPUT');
    expect(message).toContain('steps');
  });

  it.each([
    ['too long', 'a'.repeat(10_001)],
    ['too much repeated', '(?:a{1000}){1000}'],
    ['nested too deep', '('.repeat(5000)],
    ['repeated without end', 'a{4294967294}'],
  ])('are refused in time: %s', async (_, pattern) => {
    expect(await failureOf(() => new Pattern(pattern, 'token_pattern'))).toMatchObject({ code: 'LIMIT' });
  });

  it.each([
    ['(?u)\\b\\w\\w+\\b', 2],
    ['\\w+', 1],
    ['(?u)\\b\\w{3,}', 3],
    ['\\b\\w\\w\\w*\\b', 2],
    ['(?a)\\w+', undefined],
    ['\\w+?', undefined],
    ['[a-z]+', undefined],
    ['\\w*', undefined],
    ['\\w\\w', undefined],
    ['\\W+', undefined],
    ['(\\w+)', undefined],
  ])('that mean whole runs of letters are known: %s', (pattern, least) => {
    expect(new Pattern(pattern, 'test').leastOfWordRun).toBe(least);
  });
});
