import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';
import { damagedPlaces } from '../../damage.ts';
import { failureOf } from '../../failure.ts';
import { bytesOf, features, modelOf, nested, split, symmetric } from './models.ts';

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../fixtures/catboost/${name}`, import.meta.url)));
}

async function predict(model: unknown, rows: readonly (readonly (number | null)[])[]): Promise<unknown[]> {
  const loaded = await load(bytesOf(model));
  return [...(loaded.predict(rows as number[][]) as ArrayLike<unknown> & Iterable<unknown>)];
}

async function failure(model: unknown) {
  const error = await failureOf(() => load(model instanceof Uint8Array ? model : bytesOf(model)));
  expect(error.message).not.toMatch(/undefined|\[object/);
  return `${error.code}: ${error.message}`;
}

const ROWS = [
  [0, 0],
  [1, 0],
  [0, 11],
  [1, 11],
];

describe('a model of CatBoost', () => {
  it.each(['plain-cbm.cbm', 'plain-cbj.cbj', 'pretty.cbj', 'grown-cbj.cbj', 'old-json.cbj'])(
    'is known by its content: %s',
    async (name) => {
      expect((await load(fixture(name))).format).toBe('catboost');
    },
  );

  it.each<[string, object]>([
    ['symmetric', { oblivious_trees: [symmetric()] }],
    ['nested', { trees: [nested()] }],
  ])('has the first split in the lowest digit of a leaf: %s', async (_, trees) => {
    expect(await predict(modelOf(trees), ROWS)).toEqual([0, 1, 2, 3]);
  });

  it('is known whatever key comes first', async () => {
    const { features_info, model_info, ...rest } = modelOf({ oblivious_trees: [symmetric()] });
    for (const model of [
      { model_info, ...rest, features_info },
      { ctr_data: {}, features_info, model_info, ...rest },
    ]) {
      expect(await predict(model, ROWS)).toEqual([0, 1, 2, 3]);
    }
  });

  it('compares float32 with what is above a border', async () => {
    const beside = [0.5, 0.5 + 2 ** -26, 0.5 + 2 ** -24, -0.5, Infinity, -Infinity, 1e300];
    const model = await load(bytesOf(modelOf({ oblivious_trees: [symmetric()] })));
    const rows = Float64Array.from(beside.flatMap((value) => [value, 0]));
    expect([...(model.run(rows) as Float64Array)]).toEqual([0, 0, 1, 0, 1, 0, 1]);
  });

  it('has NaN below all borders, or above all where there was NaN and it says so', async () => {
    const trees = { oblivious_trees: [symmetric()] };
    const withNan = (has_nans: boolean, nan_value_treatment: string) => {
      const known = features();
      Object.assign(known.float_features[0], { has_nans, nan_value_treatment });
      return { ...modelOf(trees), features_info: known };
    };
    const missing = [[null, 0]];
    expect(await predict(withNan(false, 'AsIs'), missing)).toEqual([0]);
    expect(await predict(withNan(true, 'AsFalse'), missing)).toEqual([0]);
    expect(await predict(withNan(true, 'AsTrue'), missing)).toEqual([1]);
    expect(await predict(withNan(false, 'AsTrue'), missing)).toEqual([0]);
  });

  it('takes a scalar bias, and none', async () => {
    const trees = { oblivious_trees: [symmetric()] };
    expect(await predict({ ...modelOf(trees), scale_and_bias: [2, 0.5] }, ROWS)).toEqual([0.5, 2.5, 4.5, 6.5]);
    const { scale_and_bias: _, ...old } = modelOf(trees);
    expect(await predict(old, ROWS)).toEqual([0, 1, 2, 3]);
    expect(await predict({ ...modelOf(trees), scale_and_bias: [1, null] }, ROWS)).toEqual([0, 1, 2, 3]);
  });

  it("gives no more than the scores where a loss of one's own has classes", async () => {
    const classes = { class_params: { class_names: ['a', 'b'], class_to_label: [0, 1], classes_count: 0 } };
    const model = await load(
      bytesOf(modelOf({ oblivious_trees: [symmetric()] }, 'PythonUserDefinedPerObject', classes)),
    );
    expect(model.outputs.map(({ name }) => name)).toEqual(['scores']);
    expect(model.predict([[0, 0]])).toEqual(['a']);
    expect(model.predict([[1, 0]])).toEqual(['b']);
  });

  it('reads many levels of nested nodes', async () => {
    const text = nestedText(20_000);
    expect(text.length).toBeGreaterThan(1e6);
    const model = await load(new Uint8Array(Buffer.from(text)));
    expect([...(model.predict([[1, 0]]) as Float64Array)]).toEqual([1]);
  });

  it('uses the first trees where numIteration says so', async () => {
    const model = await load(bytesOf(modelOf({ oblivious_trees: [symmetric(), symmetric()] })), { numIteration: 1 });
    expect([...(model.predict(ROWS) as Float64Array)]).toEqual([0, 1, 2, 3]);
  });
});

/** JSON.stringify would nest as deeply as the nodes do. */
function nestedText(levels: number): string {
  const rest = modelOf({});
  const open = `{"split":${JSON.stringify(split(0))},"left":{"value":0,"weight":1},"right":`;
  const tree = `${open.repeat(levels)}{"value":1,"weight":1}${'}'.repeat(levels)}`;
  return `${JSON.stringify(rest).slice(0, -1)},"trees":[${tree}]}`;
}

describe('a damaged model of CatBoost', () => {
  const changed = (change: (tree: ReturnType<typeof symmetric>) => void) => {
    const tree = symmetric();
    change(tree);
    return modelOf({ oblivious_trees: [tree] });
  };
  const ofFeatures = (change: (known: Record<string, unknown>[]) => void) => {
    const known = features();
    change(known.float_features);
    return { ...modelOf({ oblivious_trees: [symmetric()] }), features_info: known };
  };

  it.each<[string, unknown, string]>([
    ['too few leaves', changed((tree) => tree.leaf_values.pop()), 'not values for each leaf'],
    ['leaves that are words', changed((tree) => Object.assign(tree, { leaf_values: ['1', 1, 2, 3] })), "string '1'"],
    ['no leaves', changed((tree) => Object.assign(tree, { leaf_values: null })), 'not values for each leaf'],
    [
      'a split far away',
      changed((tree) => Object.assign(tree, { splits: [{ ...split(0), split_index: 9 }, split(2)] })),
      'contradicts itself',
    ],
    [
      'a split below 0',
      changed((tree) => Object.assign(tree, { splits: [{ ...split(0), split_index: -1 }, split(2)] })),
      'found the number -1',
    ],
    [
      'another border',
      changed((tree) => Object.assign(tree, { splits: [{ ...split(0), border: 0.75 }, split(2)] })),
      'contradicts itself',
    ],
    [
      'another feature',
      changed((tree) => Object.assign(tree, { splits: [{ ...split(0), float_feature_index: 1 }, split(2)] })),
      'contradicts itself',
    ],
    ['no split', changed((tree) => Object.assign(tree, { splits: [null, split(2)] })), 'found null'],
    ['a border that is a word', ofFeatures((known) => Object.assign(known[0], { borders: ['x', 1.5] })), "string 'x'"],
    ['a column below 0', ofFeatures((known) => Object.assign(known[0], { flat_feature_index: -1 })), 'number -1'],
    [
      'two features in a column',
      ofFeatures((known) => Object.assign(known[0], { flat_feature_index: 1 })),
      'another feature',
    ],
    ['no features', { ...modelOf({ oblivious_trees: [] }), features_info: {} }, 'has no features'],
    [
      'NaN treated otherwise',
      ofFeatures((known) => Object.assign(known[0], { nan_value_treatment: 'AsNull' })),
      "'AsNull'",
    ],
    ['a node without children', modelOf({ trees: [{ ...nested(), left: null }] }), 'found null'],
    ['a leaf without values', modelOf({ trees: [{ ...nested(), left: { value: [] } }] }), 'leaf without values'],
    [
      'leaves of different widths',
      modelOf({ trees: [{ ...nested(), right: { value: [1, 2] } }] }),
      'expected 1 values of a leaf, found 2',
    ],
    ['a scale that is a word', { ...modelOf({ oblivious_trees: [] }), scale_and_bias: ['1', [0]] }, "string '1'"],
    ['no bias', { ...modelOf({ oblivious_trees: [] }), scale_and_bias: [1] }, 'a scale and a bias'],
    [
      'a loss that is a number',
      modelOf({ oblivious_trees: [] }, 'RMSE', { params: { loss_function: 3 } }),
      'found the number 3',
    ],
    [
      'a threshold of 1',
      modelOf({ oblivious_trees: [] }, 'Logloss', { binclass_probability_threshold: '1' }),
      'between 0 and 1',
    ],
  ])('is refused with %s', async (_, model, words) => {
    const message = await failure(model);
    expect(message).toMatch(/^MALFORMED/);
    expect(message).toContain(words);
  });

  it.each<[string, unknown]>([
    ['more columns than a row has', ofFeatures((known) => Object.assign(known[0], { flat_feature_index: 2 ** 40 }))],
    [
      'more classes than memory',
      modelOf({ oblivious_trees: [] }, 'MultiClass', { class_params: { classes_count: 2 ** 40 } }),
    ],
    ['many classes', modelOf({ oblivious_trees: [] }, 'MultiClass', { class_params: { classes_count: 8e6 } })],
  ])('is refused with %s', async (_, model) => {
    expect(await failure(model)).toMatch(/^LIMIT/);
  });

  it.each<[string, string]>([
    ['OnlineCtr', 'CTR'],
    ['EstimatedFeature', 'text or an embedding'],
  ])('is refused with a split of the type %s', async (split_type, words) => {
    const model = changed((tree) => Object.assign(tree, { splits: [{ split_index: 3, split_type }, split(2)] }));
    expect(await failure(model)).toMatch(new RegExp(`^UNSUPPORTED_OP.*${words}`));
  });

  it('is refused with more levels than leaves could have', async () => {
    const splits = Array.from({ length: 40 }, () => split(0));
    expect(await failure(changed((tree) => Object.assign(tree, { splits })))).toContain(
      '40 levels; at most 30 are supported',
    );
  });

  // What is damaged by chance: the fuzzer changes more, and at random.
  it.each(['plain-cbm.cbm', 'grown-many-cbm.cbm', 'halves.cbm', 'absent-class-cbm.cbm', 'plain-cbj.cbj'])(
    'is loaded or refused in words with any four bytes changed, or cut: %s',
    { timeout: 60_000 },
    async (name) => {
      const bytes = fixture(name);
      const attempts = [...damaged(bytes)];
      expect(attempts.length).toBeGreaterThan(200);
      for (const attempt of attempts) {
        const error = await load(attempt, { format: 'catboost' }).then(
          (model) => model.dispose(),
          (thrown: unknown) => thrown,
        );
        if (error === undefined) continue;
        expect(error).toBeInstanceOf(ForwardpassError);
        expect((error as ForwardpassError).message).not.toMatch(/undefined|\[object/);
      }
    },
  );
});

function* damaged(bytes: Uint8Array): Iterable<Uint8Array> {
  for (const word of damagedPlaces(Math.floor(bytes.length / 4), 60)) {
    const at = 4 * word;
    yield bytes.slice(0, at);
    for (const value of [0xffffffff, 0x7fffffff, 1, 0x7fc00000]) {
      const copy = bytes.slice();
      new DataView(copy.buffer).setUint32(at, value, true);
      yield copy;
    }
  }
}
