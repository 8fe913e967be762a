/** Layers of the author's own in networks of several inputs, and behind texts. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { fixtures, open } from './fixtures.ts';

const fixture = (name: string) => {
  const found = fixtures().find((each) => each.name === `keras-${name}`);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found.fixture;
};
type Records = readonly Readonly<Record<string, readonly number[] | string>>[];
const recordsOf = (name: string) => fixture(name).cases[1].rows as unknown as Records;
const columnOf = (records: Records, name: string) =>
  Float32Array.from(records.flatMap((record) => record[name] as readonly number[]));
const only = (results: unknown) => Object.values(results as Record<string, Float32Array>)[0];

describe('several inputs', () => {
  it('go by name, as arrays of their rows', async () => {
    using model = await open(fixture('several-inputs'));
    const records = recordsOf('several-inputs');
    const given = { features: columnOf(records, 'features'), others: columnOf(records, 'others') };
    const expected = model.predict(records as never) as Float32Array;
    expect(model.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['features', [null, 4]],
      ['others', [null, 3]],
    ]);
    expect(only(model.run(given))).toEqual(expected);
    expect(model.run(records as never)).toEqual(expected);
    const running = model.runAsync(given);
    const output = new Float32Array(expected.length);
    expect(Object.values(model.run(given, { [model.outputs[0].name]: output }))).toEqual([output]);
    expect(output).toEqual(expected);
    // What is given is copied first.
    given.features.fill(7);
    given.others.fill(7);
    expect(only(await running)).toEqual(expected);
    expect(only(model.run({ features: new Float32Array(0), others: new Float32Array(0) }))).toEqual(
      new Float32Array(0),
    );
    expect(model.predict(records[0] as never)).toEqual(expected.slice(0, 2));
    expect(model.schema()).toMatchObject({ required: ['features', 'others'] });
  });

  it.each<[string, (model: Model) => unknown, string]>([
    [
      'of other rows',
      (m) => m.run({ features: new Float32Array(8), others: new Float32Array(9) }),
      'expected 2 rows, like the other inputs, found 3',
    ],
    [
      'of parts of rows',
      (m) => m.run({ features: new Float32Array(9), others: new Float32Array(6) }),
      '9 elements, of which 4',
    ],
    ['without one', (m) => m.run({ features: new Float32Array(8) }), "input 'others': not found"],
    [
      'by another name',
      (m) => m.run({ features: new Float32Array(4), other: new Float32Array(3) }),
      "'other' is not an input",
    ],
    [
      'that are no arrays',
      (m) => m.run({ features: 'a', others: new Float32Array(3) } as never),
      'expected a typed array',
    ],
    ['without names', (m) => m.run(new Float32Array(7)), 'expected an object'],
    ['that are one array', (m) => m.predict(new Float32Array(7)), 'expected a record'],
    ['without one in a record', (m) => m.predict([{ features: [1, 2, 3, 4] }] as never), "lacks 'others'"],
  ])('%s are refused', async (_, call, message) => {
    using model = await open(fixture('several-inputs'));
    expect(await failureOf(() => call(model))).toMatchObject({
      code: 'INPUT',
      message: expect.stringContaining(message),
    });
  });
});

describe('texts', () => {
  it('are read before the layers, and run() takes their pairs', async () => {
    using model = await open(fixture('texts'));
    const texts = fixture('texts').cases[1].rows as unknown as readonly string[];
    const expected = model.predict(texts) as Float32Array;
    expect(model.run(texts)).toEqual(expected);
    expect(await model.runAsync(texts)).toEqual(expected);
    expect(model.predict(texts[1])).toEqual(expected.slice(2, 4));
    // 'free money now': places of words and their numbers, of which 0 and 1 are no word and an unknown one.
    const pairs = { ids: Int32Array.of(0, 1, 2), weights: Float32Array.of(2, 3, 7), offsets: [0, 3] };
    expect(model.run(pairs)).toEqual(expected.slice(0, 2));
    expect(only(await model.runAsync({ [model.inputs[0].name]: pairs }))).toEqual(expected.slice(0, 2));
    const error = await failureOf(() => model.predict([5] as never));
    expect(error).toMatchObject({ code: 'INPUT', message: expect.stringContaining('expected a string') });
  });

  it('stand beside numbers', async () => {
    using model = await open(fixture('texts-beside'));
    const records = recordsOf('texts-beside');
    const expected = model.predict(records as never);
    expect(model.run(records as never)).toEqual(expected);
    expect(await model.runAsync(records as never)).toEqual(expected);
    const error = await failureOf(() => model.predict([{ ...records[0], note: 5 }] as never));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining('expected a string')]);
  });
});
