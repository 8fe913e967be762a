/** Classes of the author's own that predict: `predict` says what their functions give. */
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import type { StepFunctions } from '../../lib/steps/types.ts';
import { failureOf } from '../failure.ts';
import { FOLDER, fixtures, open } from './fixtures.ts';
import { FUNCTIONS } from './functions.ts';

const fixture = (name: string) => {
  const found = fixtures().find((each) => each.name === `predicts-${name}`);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found.fixture;
};
const loaded = (name: string, functions: unknown) =>
  load(new URL(fixture(name).file, FOLDER), { functions: functions as StepFunctions });
const ROWS = [
  [1, 2, 3],
  [-1, 0.5, -7],
];

async function given(name: string, method: string, what: unknown, call = (model: Model) => model.predict(ROWS)) {
  using model = await loaded(name, { ...FUNCTIONS, [method]: what });
  return call(model);
}

describe('classes that predict', () => {
  it('of strings are classes of the model; runs give their positions', async () => {
    using model = await open(fixture('alone'));
    expect([model.classes, model.isClassifier()]).toEqual([['down', 'up'], true]);
    const labels = model.predict(ROWS) as string[];
    const positions = Float64Array.from(labels, (label) => ['down', 'up'].indexOf(label));
    expect(model.run(ROWS)).toEqual(positions);
    expect(await model.runAsync(ROWS)).toEqual(positions);
    expect(ROWS.map((row) => (model.predict([row]) as string[])[0])).toEqual(labels);
    expect(model.predict([])).toEqual([]);
    expect(await failureOf(() => model.predictProba(ROWS))).toMatchObject({ code: 'NOT_A_CLASSIFIER' });
  });

  it('of numbers are what runs give', async () => {
    using model = await open(fixture('numbers'));
    expect(model.classes).toEqual([3, 7, 20]);
    expect([...(model.run(ROWS) as Float64Array)]).toEqual(model.predict(ROWS));
  });

  it('go by their own rule beside the probabilities, which may be left out', async () => {
    using model = await open(fixture('threshold'));
    const rows = fixture('threshold').cases[1].rows;
    const labels = model.predict(rows) as string[];
    const other = [...model.predictProba(rows)].filter((_, i) => i % 2 === 1).map((p) => (p > 0.5 ? 'up' : 'down'));
    expect(labels).not.toEqual(other);
    using alone = await open(fixture('threshold'), ['__main__.Threshold.predict_proba']);
    expect(alone.predict(rows)).toEqual(labels);
    expect(await failureOf(() => alone.predictProba(rows))).toMatchObject({ code: 'NOT_A_CLASSIFIER' });
  });

  it('one record gives one label', async () => {
    using model = await open(fixture('rules'));
    expect(model.predict({ age: 30, spent: 75 })).toBe('much');
    expect(model.predict({ age: 30, spent: 5 })).toBe('none');
    expect(model.classes).toEqual(['none', 'some', 'much']);
  });

  it('may give several values of numbers', async () => {
    const two = { run: () => [[1, 2], new Float32Array([3, 4])], columns: 2 };
    expect(await given('values', '__main__.Trend.predict', two)).toEqual(Float64Array.of(1, 3, 2, 4));
  });

  it.each<[string, string, unknown, string, string]>([
    [
      'alone',
      'Nearest.predict',
      () => ['up', 'left'],
      'FUNCTION',
      "returns the string 'left' in row 1; expected one of",
    ],
    ['alone', 'Nearest.predict', () => [0, 1], 'FUNCTION', 'returns the number 0 in row 0; expected one of'],
    ['alone', 'Nearest.predict', () => ['up', null], 'FUNCTION', 'returns null in row 1; expected one of'],
    ['alone', 'Nearest.predict', () => ['up'], 'FUNCTION', 'returns 1 values in column 0; expected 2'],
    ['numbers', 'Nearest.predict', () => [3, 8], 'FUNCTION', 'returns the number 8 in row 1; expected one of'],
    ['values', 'Trend.predict', () => ['a', 'b'], 'FUNCTION', "classes: ['no', 'yes']"],
    ['values', 'Trend.predict', { run: () => [1, 2], classes: ['a'] }, 'OPTION', 'two or more labels'],
    ['alone', 'Nearest.predict', { run: () => [1, 2], columns: 2 }, 'OPTION', 'which are one column, not 2'],
    ['threshold', 'Threshold.predict_proba', { run: () => [], columns: 3 }, 'OPTION', '3 probabilities for 2 classes'],
    ['values', 'Trend.predict_proba', () => [], 'OPTION', 'does not say of which classes'],
  ])('%s: what %s gives instead is refused (%#)', async (name, method, what, code, message) => {
    const error = await failureOf(() => given(name, `__main__.${method}`, what));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('the stub has their labels', async () => {
    const { message } = await failureOf(() => loaded('alone', {}));
    expect(message).toContain("'__main__.Nearest.predict': (columns, {");
    expect(message).toContain("returns 1 column, an array of one value for each row: one of 'down', 'up'");
    const other = await failureOf(() => loaded('threshold', { '__main__.Threshold.predict_proba': () => [] }));
    expect(other.message).toContain("'__main__.Threshold.predict': (columns, {");
  });
});
