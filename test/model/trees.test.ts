/** What models say of their trees: `model.trees` and `summary`; the numbers are the libraries' own, by make_trees_info.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { define, load } from '../../lib/load.ts';
import { Model, type TreesInfo } from '../../lib/model.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const known: Record<string, TreesInfo> = JSON.parse(readFileSync(new URL('trees-info.json', FIXTURES), 'utf8'));
const open = (file: string) => load(new URL(file, FIXTURES));
const lastLines = (model: Model) => model.summary().split('\n\n')[1].split('\n').slice(1);

describe('model.trees', () => {
  it.each(Object.entries(known))('of %s is what its library says', async (file, info) => {
    using model = await open(file);
    expect(model.trees).toEqual(info);
  });

  it('is of a frozen file and of another thread what it was', async () => {
    const url = new URL('xgboost/early-pkl.pkl', FIXTURES);
    using frozen = await load(Buffer.concat(await freeze(url)));
    expect(frozen.trees).toEqual(known['xgboost/early-pkl.pkl']);
    using attached = Model.attach(frozen.share());
    expect(attached.trees).toEqual(frozen.trees);
    expect(attached.summary()).toBe(frozen.summary());
  });

  it('counts the iterations that are used', async () => {
    using model = await load(new URL('lightgbm/boosting-rf-of-three.txt', FIXTURES), { numIteration: 2 });
    expect(model.trees).toMatchObject({ count: 6, boosting: [{ objective: 'multiclass', iterations: 2, of: 5 }] });
  });

  it.each([
    // Comparisons with sets, and with any number of values, are trees of their own.
    ['onnx-trees/ensemble-members.onnx', { count: 6, leaves: 74, depth: 4, features: 4 }],
    // Which scores a leaf has is found out by the trees once more.
    ['onnx-trees/three-softmax.onnx', { count: 6, leaves: 74, depth: 4, features: 4 }],
    [
      'sklearn-trees/multi-output.pkl',
      { count: 16, boosting: [{ place: 'estimators_[0]' }, { place: 'estimators_[1]' }] },
    ],
    ['lightgbm/search.joblib', { boosting: [{ place: 'best_estimator_', objective: 'binary' }] }],
  ])('of %s counts what the file has', async (file, info) => {
    using model = await open(file);
    expect(model.trees).toMatchObject(info);
  });

  it('knows CatBoost', async () => {
    using model = await open('catboost/absent-class-cbm.cbm');
    expect(model.trees).toMatchObject({
      count: 5,
      boosting: [{ place: '', objective: 'MultiClass', iterations: 5, of: 5 }],
    });
  });

  it('counts features of the row, through steps that keep them apart', async () => {
    using model = await open('sklearn-trees/pipeline.pkl');
    expect(model.trees?.features).toBeLessThanOrEqual(13);
  });

  it.each(['sklearn-trees/ada-of-lines.pkl', 'xgboost/linear-xgb.xgb'])('is undefined of %s', async (file) => {
    using model = await open(file);
    expect(model.trees).toBeUndefined();
    expect(lastLines(model)).toEqual([]);
  });

  it('is undefined of layers', () => {
    using model = define({ layers: [{ weight: [[1]] }] });
    expect(model.trees).toBeUndefined();
  });
});

describe('parameterCount', () => {
  it.each([
    // 25 leaves of 5 trees, and a threshold for each of the 20 splits.
    ['lightgbm/boosting-gbdt.txt', 45],
    // The mean of 5 iterations is not a parameter.
    ['lightgbm/boosting-rf-of-three.txt', 73 + 73 - 15],
    // Nor are base scores and the table of XGBoost's exponential.
    ['xgboost/softprob-xgb.xgb', 81 + 81 - 15],
    ['sklearn-trees/histogram.joblib', 169 + 169 - 24],
    // Three classes in each leaf.
    ['sklearn-trees/forest.joblib', 3 * 44 + 44 - 5],
    // What finds members of sets, and which scores there are, is not in the file.
    ['onnx-trees/ensemble-members.onnx', 74 + 74 - 6],
    ['onnx-trees/ensemble-max.onnx', 106 + 106 - 6],
  ])('of %s counts the numbers of splits and leaves', async (file, count) => {
    using model = await open(file);
    expect(model.parameterCount).toBe(count);
  });
});

describe('summary', () => {
  it.each([
    ['lightgbm/boosting-gbdt.txt', ['5 trees, 25 leaves, depth 3, 3 features used', 'regression, 5 iterations']],
    ['xgboost/early-pkl.pkl', ['3 trees, 22 leaves, depth 3, 7 features used', 'reg:squarederror, 3 of 6 iterations']],
    [
      'xgboost/pipeline.pkl',
      ['5 trees, 39 leaves, depth 3, 6 features used', 'steps[1]: binary:logistic, 5 iterations'],
    ],
    ['sklearn-trees/tree-leaf.joblib', ['1 tree, 1 leaf, depth 0, 0 features used']],
  ])('ends with what there is to say of the trees of %s', async (file, lines) => {
    using model = await open(file);
    expect(lastLines(model)).toEqual(lines);
  });
});
