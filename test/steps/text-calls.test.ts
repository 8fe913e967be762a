/** Calls of models that have texts beside steps of the author's own. */
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import type { RowRecord } from '../../lib/rows.ts';
import type { StepFunctions } from '../../lib/steps/types.ts';
import { failureOf } from '../failure.ts';
import { FOLDER, fixtures, open } from './fixtures.ts';
import { FUNCTIONS } from './functions.ts';

const ALL = fixtures().filter(({ name }) => name.startsWith('text-'));
const fixture = (name: string) => {
  const found = ALL.find((each) => each.name === `text-${name}`);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found.fixture;
};
const loaded = (name: string, functions: unknown) =>
  load(new URL(fixture(name).file, FOLDER), { functions: functions as StepFunctions });

describe.each(ALL)('$name', ({ fixture }) => {
  it('run and runAsync give the values that predict gives, row by row and of all rows', async () => {
    using model = await open(fixture);
    for (const { rows, probabilities } of fixture.cases) {
      const given = rows as readonly (RowRecord & string)[];
      const output = probabilities === undefined ? model.predict(given) : model.predictProba(given);
      const results = model.run(given);
      expect(results).toEqual(output);
      expect(await model.runAsync(given)).toEqual(output);
      const alone = given.flatMap((row) => [...model.run<Float64Array>([row])]);
      expect(alone).toEqual([...(output as Float64Array)]);
      const one = given.map((row) => model.predict(row));
      expect(one).toEqual(Array.from(model.predict(given) as ArrayLike<string | number>));
    }
  });

  it('is in no frozen file, no bound call and no other thread', async () => {
    using model = await open(fixture);
    for (const refused of [
      () => model.bind({ batch: 1 }),
      () => model.share(),
      () => freeze(new URL(fixture.file, FOLDER), { functions: FUNCTIONS }),
    ]) {
      expect(await failureOf(refused)).toMatchObject({
        code: 'UNSUPPORTED_OP',
        message: expect.stringContaining('by a function of the caller'),
      });
    }
  });
});

describe('rows', () => {
  it('are arrays too, in the order of the columns', async () => {
    using model = await open(fixture('columns'));
    const [{ rows }] = fixture('columns').cases;
    const records = rows as unknown as { subject: string; body: string; age: number }[];
    const arrays = records.map(({ subject, body, age }) => [subject, body, age]);
    expect(model.predictProba(arrays)).toEqual(model.predictProba(records));
  });

  it('may be none', async () => {
    using model = await open(fixture('columns'));
    expect(model.run([])).toEqual(new Float64Array(0));
    expect(await model.runAsync([])).toEqual(new Float64Array(0));
    expect(model.predict([])).toEqual([]);
  });

  it('are looked at before runAsync waits', async () => {
    using model = await open(fixture('joined'));
    const [{ rows }] = fixture('joined').cases;
    const records = (rows as unknown as Record<string, unknown>[]).map((row) => ({ ...row }));
    const expected = model.predict(records);
    const running = model.runAsync(records);
    for (const record of records) Object.assign(record, { subject: 'other', body: 5, age: 1000 });
    expect(await running).toEqual(expected);
  });

  it.each<[string, unknown, string, string]>([
    ['columns', [{ subject: 5, age: 1 }], 'FUNCTION', 'expected strings'],
    [
      'columns',
      [{ subjet: 'a', age: 1 }],
      'INPUT',
      "rows[0]: lacks 'subject', and has 'subjet'; did you mean 'subject'?",
    ],
    ['function', [{ subject: 'a', body: null, age: 1 }], 'INPUT', 'rows[0].body: expected a string, found null'],
    ['function', { subject: 'a', body: 7, age: 1 }, 'INPUT', 'record.body: expected a string, found the number 7'],
    ['function', [{ subject: 'a', age: 1 }], 'INPUT', "rows[0]: lacks 'body'"],
    ['function', Float64Array.of(1, 2, 3), 'FUNCTION', 'expected strings'],
    ['function', ['a text'], 'INPUT', 'rows[0]: expected'],
    ['union', ['a', null], 'INPUT', 'rows[1]: expected a string, found null'],
    ['union', [{ a: 'one', b: 'two' }], 'INPUT', "have 2 columns: 'a', 'b'; expected 1"],
    ['union', [5], 'INPUT', 'rows[0]: expected'],
    ['cleaned', ['a', 5], 'INPUT', 'rows[1]: expected a string, found the number 5'],
  ])('of %s that are not what it takes are refused (%#)', async (name, rows, code, message) => {
    using model = await open(fixture(name));
    for (const call of [() => model.predict(rows as never), () => model.predictProba(rows as never)]) {
      expect(await failureOf(call)).toMatchObject({ code, message: expect.stringContaining(message) });
    }
  });

  it('a schema has texts as strings', async () => {
    using columns = await open(fixture('function'));
    expect(columns.schema()).toMatchObject({
      properties: { body: { type: 'string' }, subject: { description: "given to '__main__.without_marks'" } },
      required: ['subject', 'body', 'age'],
    });
    expect(columns.inputs).toEqual([{ name: 'X', shape: [null, 3], dtype: 'float64' }]);
    using union = await open(fixture('union'));
    expect(union.schema()).toMatchObject({ type: 'array', prefixItems: [{ type: 'string' }], maxItems: 1 });
  });
});

describe('functions', () => {
  it('that give no texts for a vectorizer are told so', async () => {
    const give = async (values: unknown) => {
      using model = await loaded('cleaned', { '__main__.Cleaner': () => values });
      return failureOf(() => model.predict(['a']));
    };
    expect(await give([[5]])).toMatchObject({
      code: 'INPUT',
      message: '__main__.Cleaner()[0].0: expected a string, found the number 5',
    });
    expect(await give([['a'], ['b']])).toMatchObject({
      code: 'FUNCTION',
      message: expect.stringContaining('returns 2 columns; expected 1 for the TfidfVectorizer after it'),
    });
  });

  it('the stub says how many columns a vectorizer takes', async () => {
    const { message } = await failureOf(() => load(new URL(fixture('cleaned').file, FOLDER)));
    expect(message).toContain('returns 1 column for the TfidfVectorizer that follows it');
  });

  it('that take what a vectorizer gives are given a column for each term', async () => {
    let names: unknown;
    using model = await loaded('dense', {
      '__main__.DenseTransformer': (columns: Iterable<Float64Array>, { featureNames }: { featureNames: unknown }) => {
        names = featureNames;
        const all = [...columns];
        expect(all.every((column) => column instanceof Float64Array && column.length === 1)).toBe(true);
        expect(all.length).toBeGreaterThan(20);
        return all;
      },
    });
    model.predict(['free money']);
    expect(names).toBeUndefined();
  });
});
