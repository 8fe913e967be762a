/** Steps of scikit-learn: what they refuse, when loaded and when run. What they give, framework-models.test.ts tests. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { readPickledFile } from '../../../lib/formats/containers/joblib.ts';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
} from '../../../lib/formats/containers/pickle/values.ts';
import { choose } from '../../../lib/formats/sklearn/bundle/choose.ts';
import { graphOf } from '../../../lib/formats/sklearn/read.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { load, modelFromGraph } from '../../../lib/load.ts';
import { bytesReader } from '../../../lib/source/bytes.ts';
import { failureOf } from '../../failure.ts';
import { THOROUGH } from '../../thorough.ts';

const STEPS = new URL('../../fixtures/sklearn-steps/', import.meta.url);
const REFUSED = new URL('../../fixtures/sklearn-steps-refused/', import.meta.url);

interface Refusal {
  readonly file: string;
  readonly code: string;
  readonly names: readonly string[];
}
const { cases } = JSON.parse(readFileSync(new URL('refusals.json', REFUSED), 'utf8')) as { cases: Refusal[] };

describe('steps that are refused', () => {
  it.each(cases)('refuses $file and names $names', async ({ file, code, names }) => {
    const error = await failureOf(() => load(new URL(file, REFUSED)));
    expect(`${error.code} ${error.message}`).toMatch(new RegExp(`^${code} `));
    for (const name of names) expect(error.message).toContain(name);
  });
});

/** The fixture's model, and rows that it takes. */
async function opened(name: string) {
  const fixture = JSON.parse(readFileSync(new URL(`${name}.json`, STEPS), 'utf8'));
  const model = await load(new URL(fixture.file, STEPS));
  const [record] = fixture.predictions?.[0].rows ?? [];
  return { model, record: record as Readonly<Record<string, string | number | null>> };
}

describe('rows that steps refuse', () => {
  it.each<[string, string, Readonly<Record<string, unknown>>, string, string]>([
    [
      'a word that no category is',
      'one-hot',
      { strength: 'heavy' },
      'ID',
      "rows[0].strength: holds 'heavy', which is not one of the words 'light', 'medium', 'strong', that the model knows",
    ],
    [
      'a number that no category is',
      'one-hot',
      { vat: 99 },
      'ID',
      'holds 99, which is not one of the values that the model knows',
    ],
    ['a word that is missing', 'ordinal', { strength: null }, 'INPUT', "expected a string such as 'light', found null"],
    [
      'a number that is missing',
      'columns-by-name',
      { hue: null },
      'INPUT',
      'rows[0].hue: expected a number, found null',
    ],
    [
      'an infinity',
      'table',
      { hue: Number.POSITIVE_INFINITY },
      'INPUT',
      'rows[0].hue: holds Infinity; the model only takes finite numbers',
    ],
    ['a word for a number', 'table', { hue: 'low' }, 'INPUT', "rows[0].hue: expected a number, found the string 'low'"],
    [
      'a number for a word',
      'table',
      { strength: 1 },
      'INPUT',
      "rows[0].strength: expected a string such as 'light', found the number 1",
    ],
  ])('names %s', async (_, name, change, code, message) => {
    const { model, record } = await opened(name);
    expect(model.predict([record])).toBeDefined();
    const error = await failureOf(() => model.predict([{ ...record, ...change } as typeof record]));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it.each<[string, string, number, number]>([
    ['NaN where nothing fills it in', 'pca', 2, Number.NaN],
    ['NaN in a feature that had none when it was fitted', 'indicator-new', 3, Number.NaN],
    ['an infinity in a scaler', 'standard', 1, Number.POSITIVE_INFINITY],
    ['a number below 0 for Box-Cox', 'power-box-cox', 2, -1],
    ['0 for Box-Cox', 'power-box-cox', 2, 0],
  ])('names the place of %s', async (_, name, at, value) => {
    const { model } = await opened(name);
    const x = new Float64Array(model.inputs[0].shape[1] as number).fill(1);
    expect(model.run(x)).toBeDefined();
    x[at] = value;
    const error = await failureOf(() => model.run(x));
    expect([error.code, error.message]).toEqual([
      'INPUT',
      expect.stringContaining(`row 0 holds ${value} at position ${at}`),
    ]);
  });

  it('takes records without the columns that nothing looks at', async () => {
    const { model, record } = await opened('table');
    const { note, vat, corked, ...needed } = record;
    expect([note, vat, corked]).not.toContain(undefined);
    expect(model.predict([needed])).toEqual(model.predict([record]));
    const error = await failureOf(() => model.predict([{ vat }]));
    const expected = "expected 'strength', 'acid', 'magnesium', 'colour', 'hue'";
    expect(error.message).toContain(`has none of the model's features; ${expected}`);
  });
});

/** What an attribute may turn out to be instead. */
const OTHERS: readonly PickleValue[] = [
  null,
  -1,
  2.5,
  1e300,
  Number.NaN,
  'word',
  true,
  new PickleTuple([]),
  new PickleTuple([new PickleTuple(['a']), 'b', null]),
  new PickleArray([0], 'f8', new Float64Array(0)),
  new PickleArray([2, 2], 'f8', Float64Array.of(1, Number.NaN, 3, 4)),
  new PickleArray([3], 'O', ['a', null, 1]),
  new PickleDict(),
  new PickleGlobal('numpy', 'nan'),
  new PickleObject(new PickleGlobal('sklearn.preprocessing', 'StandardScaler'), []),
];

const TURNS = 3;

/** Every object of a class with attributes, however deep. */
function objectsIn(value: PickleValue | undefined, found = new Set<PickleObject>()): Set<PickleObject> {
  if (value instanceof PickleObject && !found.has(value)) {
    found.add(value);
    objectsIn(value.state, found);
  } else if (value instanceof PickleDict) {
    for (const [, item] of value.entries) objectsIn(item, found);
  } else if (value instanceof PickleList || value instanceof PickleTuple) {
    for (const item of value.items) objectsIn(item, found);
  }
  return found;
}

describe('attributes that are not what they should be', () => {
  /** A file of each step is small; pipelines would only repeat them. */
  const isSmall = (file: string) => statSync(new URL(file, STEPS)).size < 2000;
  const files = readdirSync(STEPS).filter((file) => /(?<!\.1\.6)\.(pkl|joblib)$/.test(file) && isSmall(file));

  it.each(files)('are refused in words, or make no difference: %s', async (file) => {
    const main = bytesReader(file, readFileSync(new URL(file, STEPS)));
    const sibling = () => Promise.reject(new Error('no file has others beside it'));
    const { values } = await readPickledFile({ main, sibling }, new Budget());
    // By turns, so that all are met in the files of a class together.
    let turn = files.indexOf(file);
    for (const object of objectsIn(values[0])) {
      for (const entry of object.state instanceof PickleDict ? object.state.entries : []) {
        const [name, right] = entry;
        turn++;
        for (const wrong of THOROUGH ? OTHERS : OTHERS.filter((_, at) => (at + turn) % TURNS === 0)) {
          entry[1] = wrong;
          try {
            modelFromGraph(graphOf(choose(values, undefined, new Budget()), { budget: new Budget() })).dispose();
          } catch (error) {
            const what = `${object.callable}.${String(name)}`;
            if (!(error instanceof ForwardpassError)) throw new Error(what, { cause: error });
            expect(error.message, what).not.toMatch(/undefined|\[object/);
          }
        }
        entry[1] = right;
      }
    }
  });
});
