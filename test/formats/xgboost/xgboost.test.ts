import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';
import { Random } from '../../random-graph.ts';
import { bytesOf, categorical, modelOf, stump, type Tree } from './models.ts';

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../fixtures/xgboost/${name}`, import.meta.url)));
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

describe('a model of XGBoost', () => {
  it.each(['binary-xgb.xgb', 'binary-ubj.ubj', 'binary-bin.bin'])('is known by its content: %s', async (name) => {
    const { format, classes } = await load(fixture(name));
    expect([format, classes]).toEqual(['xgboost', [0, 1]]);
  });

  it('is known by its content without the mark of the binary form', async () => {
    const bytes = fixture('binary-bin.bin');
    const without = await load(bytes.slice(4));
    expect(without.format).toBe('xgboost');
    const row = new Float32Array(8);
    expect(without.run(row)).toEqual((await load(bytes)).run(row));
  });

  it('is read from where pickles of 1.0 to 1.6 keep it', async () => {
    const binary = fixture('binary-bin.bin');
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(BigInt(binary.length));
    const parts = [Buffer.from('CONFIG-offset:'), length, binary, Buffer.from('{"version":[1,6,0]}')];
    const row = new Float32Array(8);
    expect((await load(new Uint8Array(Buffer.concat(parts)))).run(row)).toEqual((await load(binary)).run(row));
  });

  it('sends what is below a threshold left, in float32', async () => {
    const below = 1.5 - 2 ** -24;
    expect(
      await predict(modelOf([stump()]), [
        [1.5, 0],
        [below, 0],
        [1.5 - 2 ** -23, 0],
        [null, 0],
      ]),
    ).toEqual([2, 2, 1, 2]);
  });

  it.each<[threshold: number, rows: number[], leaves: number[]]>([
    [0, [0, -0, -(2 ** -149), 2 ** -149], [2, 2, 1, 2]],
    [2 ** -149, [0, 2 ** -149], [1, 2]],
    [-1, [-1, -1 - 2 ** -23, -1 + 2 ** -24], [2, 1, 2]],
    [3.4028234663852886e38, [3.4028234663852886e38, 3e38], [2, 1]],
  ])('tells the neighbours of the threshold %s apart', async (threshold, values, leaves) => {
    const tree = { ...stump(), split_conditions: [threshold, 1, 2] };
    expect(
      await predict(
        modelOf([tree]),
        values.map((value) => [value, 0]),
      ),
    ).toEqual(leaves);
  });

  it('sends listed categories right, and what is none left', async () => {
    const values = [0, 1, 2, 3, 3.9, -0.5, -1, 1e6, 2 ** 25];
    const rows = values.map((value) => [value, 0]);
    expect(await predict(modelOf([categorical()]), rows)).toEqual([1, 2, 1, 2, 2, 1, 1, 1, 1]);
    const zero = { ...categorical(), categories: [0, 3] };
    expect(await predict(modelOf([zero]), rows)).toEqual([2, 1, 1, 2, 2, 1, 1, 1, 1]);
    const toLeft = { ...categorical(), default_left: [true, false, false] };
    expect(await predict(modelOf([toLeft]), [[null, 0]])).toEqual([1]);
    expect(await predict(modelOf([categorical()]), [[null, 0]])).toEqual([2]);
  });

  it('may split one feature by categories and by a threshold', async () => {
    const model = modelOf([categorical(), stump()]);
    expect(
      await predict(model, [
        [1, 0],
        [-4, 0],
        [3, 0],
      ]),
    ).toEqual([3, 2, 4]);
  });

  it('adds in float32', async () => {
    const third = { ...stump(), split_conditions: [1.5, 1 / 3, 0.1] };
    const sum = [0, 0, 0].reduce((total) => Math.fround(total + Math.fround(1 / 3)), Math.fround(0.7));
    expect(await predict(modelOf([third, third, third], { base_score: '7E-1' }), [[0, 0]])).toEqual([sum]);
  });

  it.each([
    [9, 1],
    [5000, 1],
    [3000, 3],
  ])('is linear in %i features for %i outputs, added one after another in float32', async (features, outputs) => {
    const random = new Random(features);
    const special = [0, -0, 1e-40, -1e30, 1e30];
    const weights = Array.from({ length: (features + 1) * outputs }, (_, i) =>
      Math.fround(special[i % 31] ?? random.normal()),
    );
    const rows = [0, 1, 2, 3].map((row) =>
      Float32Array.from({ length: features }, (_, i) =>
        i % 7 === row ? Number.NaN : ([-0, 1e-39][i % 13] ?? random.normal()),
      ),
    );
    rows[3].fill(Number.NaN);
    const model = modelOf([], { num_feature: `${features}`, num_target: `${outputs}`, base_score: '3E-1' });
    Object.assign(model.learner, { gradient_booster: { name: 'gblinear', model: { weights } } });
    const expected = rows.flatMap((row) =>
      Array.from({ length: outputs }, (_, k) => {
        const start = Math.fround(weights[features * outputs + k] + Math.fround(0.3));
        return row.reduce((sum, x, i) => {
          return Number.isNaN(x) ? sum : Math.fround(sum + Math.fround(x * weights[i * outputs + k]));
        }, start);
      }),
    );
    const loaded = await load(bytesOf(model));
    const whole = new Float32Array(rows.flatMap((row) => [...row]));
    expect(loaded.run(whole)).toEqual(Float64Array.from(expected));
    const single = await load(bytesOf(model), { precision: 'f32' });
    expect(single.run(whole)).toEqual(Float32Array.from(expected));
  });

  it.each(['5E-1', '[5E-1]', ' [0.5] '.trim()])('reads the base score %s', async (base_score) => {
    expect(await predict(modelOf([stump()], { base_score }), [[0, 0]])).toEqual([1.5]);
  });

  it('reads a base score for each output', async () => {
    const model = modelOf([stump()], { base_score: '[5E-1,2E0,-3E0]', num_class: '3' }, 'multi:softmax');
    expect(
      await predict(model, [
        [0, 0],
        [9, 0],
      ]),
    ).toEqual([1, 0]);
    const short = modelOf([stump()], { base_score: '[1,2]', num_class: '3' }, 'multi:softmax');
    expect(await failure(short)).toContain('SHAPE: base_score: expected a base score for each of 3 outputs, found 2');
  });

  it('reads numbers that JSON does not have', async () => {
    const text = JSON.stringify({ ...modelOf([stump()]), note: 'NaN Infinity' });
    const infinite = text
      .replace('[1.5,1,2]', '[Infinity,1,2]')
      .replace('"version"', '"loss":[NaN,-Infinity],"version"');
    const model = await load(new Uint8Array(Buffer.from(infinite)));
    expect([...(model.predict([[1e30, 0]]) as Float64Array)]).toEqual([1]);
  });

  it('says which word of a category is not known, takes codes in arrays, and refuses a code below 0', async () => {
    const model = await load(fixture('newer-categories-json.xgb'));
    expect(model.inputs[0].categories?.[0]).toEqual(['größer', 'red', '', 'blue']);
    const row = { colour: 'red', price: 0.5, size: '-3', level: '1' };
    const codes = Float32Array.of(1, 0.5, 1, 1);
    expect(model.predict([row])).toEqual(Float64Array.from(model.run(codes) as Float32Array));
    expect(model.run(codes.map((code, i) => (i === 0 ? 77 : code)))).toHaveLength(1);
    const unknown = await failureOf(async () => model.predict([{ ...row, colour: 'green' }]));
    expect(unknown.message).toContain("rows[0].colour: holds 'green', which is not one of the words");
    const negative = await failureOf(async () => model.run(Float32Array.of(-1, 0.5, 1, 1)));
    expect(negative.message).toContain("row 0 holds -1 in 'colour'");
  });

  it('takes the names of features from the file', async () => {
    expect((await load(fixture('named.xgb'))).featureNames?.[1]).toBe('f 1é');
  });

  it('refuses infinite values, as a DMatrix does', async () => {
    const model = await load(bytesOf(modelOf([stump()])));
    await expect(failureOf(async () => model.run(Float32Array.of(Infinity, 0)))).resolves.toMatchObject({
      code: 'INPUT',
    });
  });
});

const broken = (change: (tree: Tree) => void, tree = stump()) => {
  change(tree);
  return modelOf([tree]);
};

describe('a damaged model of XGBoost', () => {
  it.each<[string, unknown, string]>([
    ['a cycle', broken((tree) => Object.assign(tree, { right_children: [0, -1, -1] })), 'two paths lead to node 0'],
    ['a node of two parents', broken((tree) => Object.assign(tree, { right_children: [1, -1, -1] })), 'two paths lead'],
    [
      'a child far away',
      broken((tree) => Object.assign(tree, { left_children: [2 ** 31 - 1, -1, -1] })),
      'node 2147483647 of 3',
    ],
    ['a child below 0', broken((tree) => Object.assign(tree, { left_children: [-7, -1, -1] })), 'node -7 of 3'],
    [
      'a feature far away',
      broken((tree) => Object.assign(tree, { split_indices: [60000, 0, 0] })),
      'feature 60000 of 2',
    ],
    ['a threshold that is NaN', broken((tree) => Object.assign(tree, { split_conditions: ['', 1, 2] })), 'is NaN'],
    ['columns of other lengths', broken((tree) => tree.split_indices.pop()), "2 of 'features'"],
    [
      'no nodes',
      broken((tree) =>
        Object.assign(tree, {
          left_children: [],
          right_children: [],
          split_indices: [],
          split_conditions: [],
          default_left: [],
        }),
      ),
      'node 0 of 0',
    ],
    [
      'words for numbers',
      broken((tree) => Object.assign(tree, { left_children: ['1', -1, -1] })),
      "found the string '1'",
    ],
    [
      'categories of no node',
      broken((tree) => Object.assign(tree, { categories_nodes: [9] }), categorical()),
      'node 9 of 3',
    ],
    [
      'categories that are not there',
      broken((tree) => Object.assign(tree, { categories_sizes: [9] }), categorical()),
      'outside of the 2',
    ],
    [
      'a category below 0',
      broken((tree) => Object.assign(tree, { categories: [-1, 3] }), categorical()),
      'category -1',
    ],
    [
      'no categories',
      broken(
        (tree) => Object.assign(tree, { categories_nodes: [], categories_segments: [], categories_sizes: [] }),
        categorical(),
      ),
      'but the tree has none',
    ],
  ])('is refused with %s', async (_, model, words) => {
    const message = await failure(model);
    expect(message).toMatch(/^MALFORMED/);
    expect(message).toContain(words);
  });

  it('is refused with a tree of an output that there is none of', async () => {
    const model = modelOf([stump()]);
    Object.assign(model.learner.gradient_booster.model, { tree_info: [9] });
    expect(await failure(model)).toContain('adds to output 9 of 1');
    Object.assign(model.learner.gradient_booster.model, { tree_info: [] });
    expect(await failure(model)).toContain('1 trees, but 0 outputs');
  });

  it.each<[string, Record<string, string>, string]>([
    ['no features', { num_feature: '0' }, 'has no features'],
    ['more features than a row has', { num_feature: '999999999999' }, 'LIMIT'],
    ['features below 0', { num_feature: '-1' }, "found the string '-1'"],
    ['more classes than memory', { num_class: '999999999999' }, 'LIMIT'],
    ['a base score that is a word', { base_score: 'half' }, "found the string 'half'"],
  ])('is refused with %s', async (_, parameters, words) => {
    expect(await failure(modelOf([stump()], parameters))).toContain(words);
  });

  it('is refused with a probability that is none', async () => {
    expect(await failure(modelOf([stump()], { base_score: '2' }, 'binary:logistic'))).toContain(
      'expected a probability',
    );
    expect(await failure(modelOf([stump()], { base_score: '0' }, 'reg:gamma'))).toContain('expected a mean');
  });

  it('is refused with an objective that is not known', async () => {
    expect(await failure(modelOf([stump()], {}, 'reg:mine'))).toContain(
      "UNSUPPORTED_OP: objective: the objective 'reg:mine'",
    );
  });

  it.each<[string, unknown, string]>([
    ['of other columns', [{ offsets: [], values: [] }], 'expected categories of 2 columns, found 1'],
    [
      'that are nowhere',
      [
        { offsets: [0, 9], values: [97] },
        { offsets: [], values: [] },
      ],
      'word 0 is outside of its 1',
    ],
    [
      'that are there twice',
      [
        { type: 9, values: [3, 3] },
        { offsets: [], values: [] },
      ],
      'a category twice',
    ],
    [
      'that are not integers',
      [
        { type: 7, values: [0.5] },
        { offsets: [], values: [] },
      ],
      'the category 0.5',
    ],
    [
      'that are not numbers',
      [
        { offsets: ['a'], values: [] },
        { offsets: [], values: [] },
      ],
      "found the string 'a'",
    ],
    ['that are none', [3, 4], 'expected an object, found the number 3'],
  ])('is refused with categories %s', async (_, enc, words) => {
    const model = modelOf([stump()]);
    Object.assign(model.learner.gradient_booster.model, { cats: { enc, feature_segments: [], sorted_idx: [] } });
    expect(await failure(model)).toContain(words);
  });

  it('is refused with several expectiles, or weights of other trees', async () => {
    expect(await failure(modelOf([stump()], { num_target: '2' }, 'reg:expectileerror'))).toMatch(
      /^UNSUPPORTED_OP: objective: several expectiles/,
    );
    const model = modelOf([stump()]);
    Object.assign(model.learner.gradient_booster.model, { weight_drop: [1, 1] });
    expect(await failure(model)).toContain('1 trees, but 1 outputs and 2 weights');
  });

  it('is refused with leaves of several values', async () => {
    const vectors = broken((tree) => Object.assign(tree.tree_param, { size_leaf_vector: '2' }));
    expect(await failure(vectors)).toContain('multi_output_tree');
  });

  it('is refused with weights of another number than there are features', async () => {
    const model = modelOf([]);
    Object.assign(model.learner, { gradient_booster: { name: 'gblinear', model: { weights: [1, 2] } } });
    expect(await failure(model)).toContain('expected 3 weights');
  });

  it.each(['binary-xgb.xgb', 'binary-ubj.ubj', 'dart-bin.bin'])(
    'is refused in words wherever it is cut: %s',
    async (name) => {
      const bytes = fixture(name);
      for (let length = 200; length < bytes.length - 3000; length += 997) await failure(bytes.slice(0, length));
    },
  );

  it.each<[string, (view: DataView) => void]>([
    ['trees', (view) => view.setInt32(4 + 136 + 23 + 14, 2 ** 31 - 1, true)],
    ['trees below 0', (view) => view.setInt32(4 + 136 + 23 + 14, -5, true)],
    ['nodes', (view) => view.setInt32(4 + 136 + 23 + 14 + 160 + 4, 2 ** 31 - 1, true)],
    ['letters', (view) => view.setBigUint64(4 + 136 + 23, 2n ** 60n, true)],
  ])('is refused with a lying number of %s', async (_, change) => {
    const bytes = fixture('binary-bin.bin');
    change(new DataView(bytes.buffer));
    expect(await failure(bytes)).toContain('bytes are left');
  });
});

describe('a model of XGBoost out of proportion', () => {
  it('is refused where small splits stand for large sets', async () => {
    const trees = Array.from({ length: 400 }, (_, i) => ({ ...categorical(), categories: [1e6 + i, 1] }));
    expect(await failure(modelOf(trees))).toMatch(/^LIMIT/);
  });

  it('loads with twenty thousand small trees, and with one of a hundred thousand splits in a row', async () => {
    const many = await load(bytesOf(modelOf(Array.from({ length: 20_000 }, stump))));
    expect([...(many.predict([[0, 0]]) as Float64Array)]).toEqual([20_000]);
    const splits = 100_000;
    const isLeaf = (node: number) => node % 2 === 1 || node === 2 * splits;
    const column = (leaf: number, split: (node: number) => number) =>
      Array.from({ length: 2 * splits + 1 }, (_, node) => (isLeaf(node) ? leaf : split(node)));
    const deep: Tree = {
      tree_param: {},
      left_children: column(-1, (node) => node + 1),
      right_children: column(-1, (node) => node + 2),
      split_indices: column(0, () => 1),
      split_conditions: column(0, (node) => node / 2).map((threshold, node) => (isLeaf(node) ? node : threshold)),
      default_left: column(0, () => 0),
    };
    expect([...((await load(bytesOf(modelOf([deep])))).predict([[0, 5.5]]) as Float64Array)]).toEqual([13]);
  });
});
