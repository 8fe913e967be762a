/** Texts that are not models: each is refused where it is wrong, and soon. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { type LoadOptions, load } from '../../../lib/load.ts';
import { damagedPlaces } from '../../damage.ts';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/lightgbm/${name}.txt`, import.meta.url));
const bytes = (text: string) => new TextEncoder().encode(text);

/** One tree of three splits over two features, with the lines that `changes` replaces. */
function textOf(changes: Readonly<Record<string, string | undefined>> = {}, more = ''): string {
  const header = { version: 'v4', num_class: '1', num_tree_per_iteration: '1', max_feature_idx: '1' };
  const names = { objective: 'regression', feature_names: 'a b', feature_infos: '[0:1] [0:1]' };
  const nodes = { split_feature: '0 1 0', threshold: '0.5 0.25 0.75', decision_type: '2 2 2' };
  const children = { left_child: '1 -1 -3', right_child: '2 -2 -4', leaf_value: '1 2 3 4' };
  const lines = (fields: object) =>
    Object.entries({ ...fields, ...pick(fields, changes) })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('');
  const tree = lines({ num_leaves: '4', num_cat: '0', ...nodes, ...children, is_linear: '0' });
  return `tree\n${lines({ ...header, ...names })}\nTree=0\n${tree}${more}shrinkage=1\n\n\nend of trees\n`;
}

function pick(fields: object, changes: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(changes).filter(([key]) => key in fields));
}

async function failureOf(text: string, options?: LoadOptions): Promise<string> {
  try {
    (await load(bytes(text), options)).dispose();
  } catch (error) {
    expect(error).toBeInstanceOf(ForwardpassError);
    const { code, message } = error as ForwardpassError;
    return `${code} ${message}`;
  }
  return 'loaded';
}

describe('a text of LightGBM', () => {
  it('is read', async () => {
    const model = await load(bytes(textOf()));
    expect(model.format).toBe('lightgbm');
    expect(model.featureNames).toEqual(['a', 'b']);
    expect(
      model.predict([
        { a: 0.5, b: 0.25 },
        { a: 0.5, b: 0.3 },
        { a: 0.6, b: 0 },
        { a: 9, b: 0 },
      ]),
    ).toEqual(Float64Array.of(1, 2, 3, 4));
    model.dispose();
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['a cycle', { left_child: '1 0 -3' }, 'MALFORMED tree 0: two paths lead to node 0'],
    ['a node with two parents', { right_child: '1 -2 -4' }, 'MALFORMED tree 0: two paths lead to node 1'],
    ['a split that is not there', { left_child: '3 -1 -3' }, 'MALFORMED tree 0: a split refers to split 3 of 3'],
    ['a leaf that is not there', { left_child: '1 -5 -3' }, 'MALFORMED tree 0: a split refers to leaf 4 of 4'],
    ['a feature that is not there', { split_feature: '0 2 0' }, 'MALFORMED tree 0: node 1 splits by feature 2 of 2'],
    ['a negative feature', { split_feature: '0 -1 0' }, 'MALFORMED tree 0: node 1 splits by feature -1 of 2'],
    ['a threshold that is NaN', { threshold: '0.5 nan 0.75' }, 'expected a finite number, found "nan"'],
    ['a leaf beyond numbers', { leaf_value: '1 1e999 3 4' }, 'expected a finite number, found "1e999"'],
    ['a threshold beyond numbers', { threshold: '0.5 1e999 0.75' }, 'expected a finite number, found "1e999"'],
    ['a threshold in base 16', { threshold: '0.5 0x10 0.75' }, 'expected a finite number, found "0x10"'],
    ['a leaf that is infinite', { leaf_value: '1 inf 3 4' }, 'expected a finite number, found "inf"'],
    ['too few thresholds', { threshold: '0.5 0.25' }, 'MALFORMED tree 0, threshold: expected 3 numbers, found 2'],
    ['too few leaves', { leaf_value: '1 2 3' }, 'expected 4 numbers, one for each leaf, found 3'],
    [
      'a thousand million leaves',
      { num_leaves: '1000000000' },
      'expected 1000000000 numbers, one for each leaf, found 4',
    ],
    ['no leaves', { num_leaves: '0', leaf_value: '' }, 'expected 0 numbers, one for each leaf, found 0'],
    ['no children', { left_child: undefined }, "MALFORMED tree 0: 'left_child' is missing"],
    ['a child that is a fraction', { left_child: '1.5 -1 -3' }, 'expected an integer of 32 bits, found "1.5"'],
    ['an unknown kind of split', { decision_type: '2 12 2' }, 'the decision of node 1 is of type 12'],
    ['categories without sets', { decision_type: '2 1 2' }, 'a split compares categories, but the tree has none'],
    ['a version before', { version: 'v2' }, 'UNSUPPORTED_OP version: files of version "v2" are not supported'],
    ['no version', { version: undefined }, "MALFORMED 'version' is missing"],
    ['more features than names', { max_feature_idx: '999999999' }, 'expected 1000000000 names, found 2'],
    ['fewer trees than outputs', { num_tree_per_iteration: '2' }, 'regression has one output, found 2'],
    [
      'trees of half an iteration',
      { num_tree_per_iteration: '2', objective: 'multiclass num_class:2' },
      'multiple of 2',
    ],
    ['no output', { num_tree_per_iteration: '0' }, 'expected at least one tree in an iteration'],
    [
      'an objective of nobody',
      { objective: 'magic' },
      'UNSUPPORTED_OP objective: the objective "magic" is not supported',
    ],
    ['a slope that is none', { objective: 'binary sigmoid:-1' }, 'expected a positive sigmoid, found "-1"'],
  ])('is refused for %s', async (_, changes, message) => {
    expect(await failureOf(textOf(changes))).toContain(message);
  });

  it('is refused for sets that are not there', async () => {
    const isCategory = { decision_type: '1 2 2', num_cat: '1' };
    const failures = [
      ['cat_boundaries=0 2\ncat_threshold=1\n', 'expected increasing bounds within 1 words'],
      ['cat_boundaries=1 0\ncat_threshold=1\n', 'expected increasing bounds within 1 words'],
      ['cat_boundaries=0\ncat_threshold=1\n', 'cat_boundaries: expected 2 numbers, found 1'],
      ['cat_boundaries=0 1\ncat_threshold=4294967296\n', '4294967296 is not a word of 32 bits'],
      ['cat_boundaries=0 1\ncat_threshold=1\n', 'a split uses set 0.5 of 1'],
    ];
    for (const [lines, message] of failures) expect(await failureOf(textOf(isCategory, lines))).toContain(message);
    const threshold = '3 0.25 0.75';
    expect(await failureOf(textOf({ ...isCategory, threshold }, failures[4][0]))).toContain('a split uses set 3 of 1');
  });

  it('is refused for linear models that do not fit', async () => {
    const isLinear = { is_linear: '1' };
    const failures = [
      ['leaf_const=1 2 3 4\nnum_features=1 0 0 0\nleaf_features=2\nleaf_coeff=1\n', 'a leaf uses feature 2 of 2'],
      ['leaf_const=1 2 3 4\nnum_features=1 0 0 0\nleaf_features=\nleaf_coeff=1\n', 'leaf_features: expected 1 numbers'],
      [
        'leaf_const=1 2 3 4\nnum_features=999999999 0 0 0\nleaf_features=0\nleaf_coeff=1\n',
        'expected 999999999 numbers, found 1',
      ],
      ['leaf_const=1 2 3 4\nnum_features=-1 1 0 0\nleaf_features=0 1\nleaf_coeff=1 1\n', 'a count is negative'],
      ['leaf_const=1 2 3 4\nnum_features=2 0 0 0\nleaf_features=1 0\nleaf_coeff=1 1\n', 'unsorted features'],
      [
        'leaf_const=1 2 3\nnum_features=0 0 0 0\nleaf_features=\nleaf_coeff=\n',
        'leaf_const: expected 4 numbers, found 3',
      ],
    ];
    for (const [lines, message] of failures) expect(await failureOf(textOf(isLinear, lines))).toContain(message);
  });

  it('is refused where it breaks off, a line is there twice, or a tree is missing', async () => {
    const text = textOf();
    expect(await failureOf(text.slice(0, text.indexOf('Tree=0')))).toContain('TRUNCATED expected trees');
    expect(await failureOf(text.slice(0, text.indexOf('end of')))).toContain('TRUNCATED the text ends in tree 0');
    expect(await failureOf(textOf({}, 'threshold=1 2 3\n'))).toContain("MALFORMED tree 0: 'threshold' occurs twice");
    expect(await failureOf(text.replace('Tree=0', 'Tree=1'))).toContain('expected Tree=0, found "Tree=1"');
    expect(await failureOf(text.replace(/Tree=0[\s\S]*end/, 'Tree=0\nend'))).toContain("'num_leaves' is missing");
  });

  it('takes a tree as deep as it has splits', async () => {
    const splits = 20_000;
    const list = (item: (i: number) => number | string) => Array.from({ length: splits }, (_, i) => item(i)).join(' ');
    const children = {
      left_child: list((i) => -1 - i),
      right_child: list((i) => (i + 1 < splits ? i + 1 : -1 - splits)),
    };
    const split = { split_feature: list(() => 0), threshold: list((i) => i), decision_type: list(() => 2) };
    const model = await load(
      bytes(textOf({ ...children, ...split, num_leaves: `${splits + 1}`, leaf_value: `${list((i) => i)} -1` })),
    );
    expect(
      model.predict([
        [0, 0],
        [12345.5, 0],
        [1e9, 0],
      ]),
    ).toEqual(Float64Array.of(0, 12346, -1));
    model.dispose();
  });

  it('says of sets that splits share that they are there once', async () => {
    const splits = 3000;
    const list = (item: (i: number) => number | string) => Array.from({ length: splits }, (_, i) => item(i)).join(' ');
    const words = Array.from({ length: 2000 }, () => 0xffffffff).join(' ');
    const children = {
      left_child: list((i) => -1 - i),
      right_child: list((i) => (i + 1 < splits ? i + 1 : -1 - splits)),
    };
    const split = { split_feature: list(() => 0), threshold: list(() => 0), decision_type: list(() => 1) };
    const leaves = { num_leaves: `${splits + 1}`, leaf_value: `${list((i) => i)} -1` };
    const text = textOf(
      { ...children, ...split, ...leaves, num_cat: '1' },
      `cat_boundaries=0 2000\ncat_threshold=${words}\n`,
    );
    const model = await load(bytes(text));
    expect(
      model.predict([
        [63_999.9, 0],
        [64_000, 0],
        [-1, 0],
      ]),
    ).toEqual(Float64Array.of(0, -1, -1));
    model.dispose();
  });

  it('is refused with a set of half as many members as its letters, before they are listed', async () => {
    const words = new Array<string>(200_000).fill('4294967295').join(' ');
    const sets = { num_cat: '1', decision_type: '1 2 2', threshold: '0 0.25 0.75' };
    const message = await failureOf(textOf(sets, `cat_boundaries=0 200000\ncat_threshold=${words}\n`));
    expect(message).toMatch(/^MALFORMED tree 0: a set has 200000 words/);
  });

  it('is read with categories that are millions of codes', async () => {
    const infos = `0${':0'.repeat(12_000_000)} [0:1]`;
    const text = `${textOf({ feature_infos: infos })}\npandas_categorical:[["a"]]\n`;
    expect(await failureOf(text)).toBe('loaded');
  });

  it('is refused with an objective of a million words', async () => {
    const message = await failureOf(textOf({ objective: `regression ${'a '.repeat(2_000_000)}` }));
    expect(message).toMatch(/^LIMIT objective: .*`limits\.bytes`/);
  });

  const whole = fixture('categories');
  const FLIPS = [0x01, 0x10, 0x80];

  it('loads, or is refused, cut at every few bytes', async () => {
    for (const end of damagedPlaces(whole.length, 300)) {
      if (end < 5) continue;
      expect(await failureOf(whole.toString('latin1', 0, end), { format: 'lightgbm' }), `${end}`).not.toMatch(
        /undefined|\[object/,
      );
    }
  });

  it.each(FLIPS)('loads, or is refused, with a bit of %i changed', async (flip) => {
    for (const at of damagedPlaces(whole.length, 200)) {
      const changed = Buffer.from(whole);
      changed[at] ^= flip;
      expect(await failureOf(changed.toString('latin1'), { format: 'lightgbm' }), `${at}`).not.toMatch(
        /undefined|\[object/,
      );
    }
  });
});
