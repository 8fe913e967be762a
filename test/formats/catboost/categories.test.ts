/** Categories of which a model of CatBoost knows the hashes: by every way in which rows and models go. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freeze } from '../../../lib/freeze.ts';
import { load } from '../../../lib/load.ts';
import { Model } from '../../../lib/model.ts';
import { categoryHash } from '../../../lib/rows/category-hash.ts';
import { pathOf, runCommand } from '../../cli/support.ts';
import { failureOf } from '../../failure.ts';
import { bytesOf, features, modelOf } from './models.ts';

/** Red gives 1, blue 2, 3 gives 4; a number above 10 another 8. */
function model(change: (known: Record<string, unknown>) => void = () => {}) {
  const values = ['red', 'blue', '3'].map(categoryHash);
  const known: Record<string, unknown> = {
    float_features: [{ ...features().float_features[1], feature_index: 0, flat_feature_index: 0, feature_id: 'size' }],
    categorical_features: [{ feature_id: 'colour', feature_index: 0, flat_feature_index: 1, values }],
  };
  change(known);
  const ofCategory = (at: number) => ({
    splits: [{ split_index: 1 + at, split_type: 'OneHotFeature', cat_feature_index: 0, value: values[at] }],
    leaf_values: [0, 2 ** at],
    leaf_weights: [1, 1],
  });
  const ofSize = {
    splits: [{ split_index: 0, split_type: 'FloatFeature', float_feature_index: 0, border: 10 }],
    leaf_values: [0, 8],
    leaf_weights: [1, 1],
  };
  return {
    ...modelOf({ oblivious_trees: [ofCategory(0), ofCategory(1), ofCategory(2), ofSize] }),
    features_info: known,
  };
}

const opened = async () => load(bytesOf(model()));
const COLOURS = ['red', 'blue', '3', 3, 'green', '', true, 'Red', '3.0', -0, 2 ** 53 - 1] as const;
const SUMS = [1, 2, 4, 4, 0, 0, 0, 0, 0, 0, 0];

describe('the hash of a category', () => {
  // Those of words are in models that CatBoost wrote; those of longer ones were made by its own source.
  it.each<[word: string, hash: number]>([
    ['3', 593172586],
    ['3.0', 3194819829 | 0],
    ['-2', 2015104637],
    ['7', 4277023987 | 0],
    ['x', -784473192],
    ['z', 476319382],
    ['alpha', 1296865003],
    ['epsilon', 4096080792 | 0],
    ['', 0x2f90404f],
    ['1234', 0x91cf67bd | 0],
    ['café', 0x5e444218],
    ['Private', 0x7c3b6417],
    ['United-States', 0x67812200],
    ['Some-college', 0xcc1c0a00 | 0],
  ])("of '%s' is CatBoost's", (word, hash) => {
    expect(categoryHash(word)).toBe(hash);
  });

  // By the writer of the fixtures, which is another program.
  it.each<[length: number, hash: number]>([
    [5, -1842174072],
    [8, -24192233],
    [9, -1275414319],
    [16, 1119135214],
    [17, 1357746779],
    [32, 1456696876],
    [33, 1519759389],
    [64, 1846877586],
    [65, 1037480648],
    [128, 881785306],
    [129, 439720440],
    [200, 1734888256],
  ])('of %s letters is what it was', (length, hash) => {
    expect(categoryHash('abcdefghij'.repeat(Math.ceil(length / 10)).slice(0, length))).toBe(hash);
  });
});

describe('categories', () => {
  it('are known by their hashes, and integers by what spells them', async () => {
    const colours = await opened();
    expect([...(colours.predict(COLOURS.map((colour) => [0, colour])) as Float64Array)]).toEqual(SUMS);
    expect(colours.predict({ size: 11, colour: 'blue' })).toBe(10);
  });

  it('are positions of hashes to run', async () => {
    const colours = await opened();
    expect(colours.inputs[0].hashes).toEqual({ 1: ['red', 'blue', '3'].map(categoryHash) });
    expect([...(colours.run(Float64Array.of(0, 0, 0, 1, 0, 2, 0, -1)) as Float64Array)]).toEqual([1, 2, 4, 0]);
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'found null'],
    ['NaN', Number.NaN, 'found the number NaN'],
    ['nothing', undefined, 'found nothing'],
    ['a fraction', 2.5, 'found the number 2.5'],
    ['what is too large to be exact', 2 ** 53, 'found the number 9007199254740992'],
    ['an array', ['red'], 'found an array of 1'],
  ])('may not be %s', async (_, colour, words) => {
    const colours = await opened();
    expect(() => colours.predict([[0, colour]] as number[][])).toThrow(`expected a string or an integer, ${words}`);
  });

  it('may not be left out, and numbers may', async () => {
    const colours = await opened();
    const error = await failureOf(async () => colours.predict({ size: 11 }));
    expect(error.message).toContain("lacks 'colour'");
    expect(colours.predict({ size: null, colour: 'red' })).toBe(1);
    expect(colours.inputs[0].missing).toEqual([0]);
  });

  it('may not be NaN to run', async () => {
    const colours = await opened();
    const error = await failureOf(async () => colours.run(Float64Array.of(0, Number.NaN)));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining("holds NaN in 'colour'")]);
  });

  it('are strings or integers to the schema and the summary', async () => {
    const colours = await opened();
    const { properties } = colours.schema() as { properties: Record<string, unknown> };
    expect(properties).toEqual({
      size: { type: ['number', 'null'] },
      colour: { type: ['string', 'integer'], description: 'a category' },
    });
    expect(colours.summary()).toContain('words in 1');
  });

  it('are the same in a frozen file, and in what another thread attaches', async () => {
    const parts = await freeze(bytesOf(model()));
    const frozen = await load(new Uint8Array(Buffer.concat(parts)));
    const attached = Model.attach(frozen.share());
    const rows = COLOURS.map((colour) => [0, colour]);
    for (const same of [frozen, attached]) expect([...(same.predict(rows) as Float64Array)]).toEqual(SUMS);
    expect(frozen.inputs).toEqual((await opened()).inputs);
  });

  it('are cells of a table to the command', async () => {
    const table = pathOf('colours.csv');
    writeFileSync(table, 'colour,size\nred,0\n3,11\n"green",\n');
    const flags = ['--input', table, '--output-format', 'csv'];
    const { status, stdout, stderr } = await runCommand(['run', 'm', ...flags], await opened());
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n').slice(1).map(Number)).toEqual([1, 12, 0]);
    expect((await runCommand(['bench', 'm', '--seconds', '0.01'], await opened())).status).toBe(0);
  });

  it('are refused twice in a list, as other than hashes, and of no feature', async () => {
    const refused = async (categories: Record<string, unknown>) => {
      const changed = model((known) => Object.assign((known.categorical_features as object[])[0], categories));
      return (await failureOf(() => load(bytesOf(changed)))).message;
    };
    expect(await refused({ values: [1, 1, 2] })).toContain('contains a category twice');
    expect(await refused({ values: [2 ** 40, 1, 2] })).toContain('a hash of 32 bits, found 1099511627776');
    expect(await refused({ values: [0.5, 1, 2] })).toContain('found the number 0.5');
    expect(await refused({ feature_index: 5 })).toContain('contradicts itself');
  });

  it('may be written without a sign', async () => {
    const unsigned = model((known) => {
      const [feature] = known.categorical_features as { values: number[] }[];
      feature.values = feature.values.map((hash) => hash >>> 0);
    });
    expect((await load(bytesOf(unsigned))).predict({ size: 0, colour: 'red' })).toBe(1);
  });
});
