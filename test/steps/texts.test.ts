/** Vectorizers with functions of the author's own: what scikit-learn gives, with the functions in JavaScript. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import type { StepFunctions } from '../../lib/steps/types.ts';
import { failureOf } from '../failure.ts';

const FOLDER = new URL('../fixtures/own-texts/', import.meta.url);

interface Fixture {
  readonly file: string;
  readonly cases: readonly {
    readonly rows: never[];
    readonly labels?: readonly unknown[];
    readonly values?: readonly number[];
    readonly probabilities?: readonly number[];
  }[];
}

/** Those of fixtures/make/make_own_texts.py. */
const FUNCTIONS: StepFunctions = {
  '__main__.words_of': { text: (text) => text.split(/[\s,.!?:;<>]+/).filter((word) => word !== '') },
  '__main__.Stemmer': {
    text: (text, { attributes }) =>
      text.split(' ').map((word) => {
        const isFit = (ending: string) => word.endsWith(ending) && word.length - ending.length >= attributes.shortest;
        const ending = attributes.suffixes.find(isFit);
        return ending === undefined ? word : word.slice(0, -ending.length);
      }),
  },
  '__main__.without_tags': { text: (text) => text.replace(/<[^>]*>/g, ' ').toLowerCase() },
  '__main__.shingles': {
    text: (text) => {
      const characters = [...text];
      return Array.from({ length: Math.max(0, Math.ceil((characters.length - 4) / 2)) }, (_, i) =>
        characters.slice(2 * i, 2 * i + 5).join(''),
      );
    },
  },
  '__main__.plain_quotes': { text: (text) => text.replace(/[“”‘’]/g, "'") },
  '__main__.identity': { text: (tokens) => tokens },
};

const NAMES = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));
const fixtureOf = (name: string): Fixture => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
const open = (name: string, functions?: StepFunctions) =>
  load(new URL(fixtureOf(name).file, FOLDER), functions && { functions });

describe.each(NAMES)('%s', (name) => {
  it('gives what scikit-learn gives', async () => {
    using model = await open(name, FUNCTIONS);
    for (const { rows, labels, values, probabilities } of fixtureOf(name).cases) {
      // An array is a row of one cell, which holds the tokens.
      const given = name === 'tokens' ? (rows.map((row) => [row]) as never[]) : rows;
      const found = Array.from(model.predict(given) as ArrayLike<unknown>);
      if (labels !== undefined) expect(found).toEqual(labels);
      const [numbers, expected] = values ? [found, values] : [[...model.predictProba(given)], probabilities ?? []];
      expect(numbers.length).toBe(expected.length);
      for (const [i, value] of expected.entries()) {
        expect(Math.abs((numbers[i] as number) - value), `${i}`).toBeLessThan(1e-12);
      }
    }
  });

  it('is refused without the function, with a stub for it', async () => {
    const { code, message } = await failureOf(() => open(name));
    expect(code).toBe('UNSUPPORTED_OP');
    const stubs = Object.keys(FUNCTIONS).filter((each) => message.includes(`'${each}': {`));
    expect([stubs.length, message]).toEqual([1, expect.stringContaining('text: (text, { attributes }) => ')]);
  });

  it('is in no frozen file and no other thread', async () => {
    using model = await open(name, FUNCTIONS);
    const refused = { code: 'UNSUPPORTED_OP', message: expect.stringContaining('by a function of the caller') };
    expect(await failureOf(() => model.share())).toMatchObject(refused);
    const frozen = failureOf(() => freeze(new URL(fixtureOf(name).file, FOLDER), { functions: FUNCTIONS } as never));
    expect((await frozen).code).toMatch(/UNSUPPORTED_OP|OPTION/);
  });
});

describe('a function that takes a text', () => {
  it.each<[string, unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no dictionary');
      },
      'failed: no dictionary',
    ],
    ['gives a text instead of words', () => 'a b', 'expected an array of strings as the result, found'],
    ['gives numbers', () => ['a', 5], 'expected strings in the result, found the number 5 at index 1'],
    ['gives a promise', async () => ['a'], 'expected an array of strings as the result'],
  ])('%s', async (_, text, message) => {
    using model = await open('tokenizer', { '__main__.words_of': { text } } as StepFunctions);
    expect(await failureOf(() => model.predict(['a b']))).toMatchObject({
      code: 'FUNCTION',
      message: expect.stringMatching(/^function '__main__\.words_of' of .*tokenizer: /),
    });
    expect((await failureOf(() => model.predict(['a b']))).message).toContain(message);
    // What was begun is forgotten.
    expect((await failureOf(() => model.predict(['a b']))).message).toContain(message);
  });

  it.each([
    [{ '__main__.words_of': (columns: unknown) => columns }, 'give it as { text: (text) => … }'],
    [{ '__main__.words_of': { text: 5 } }, 'expected a function, found the number 5'],
    [{ '__main__.words_of': { text: () => [], columns: 3 } }, "'columns' cannot be combined with 'text'"],
  ])('has to be given as one', async (functions, message) => {
    const error = await failureOf(() => open('tokenizer', functions as never));
    expect(error).toMatchObject({ code: 'OPTION' });
    expect(error.message).toContain(message);
  });
});
