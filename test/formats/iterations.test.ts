/** The option `numIteration`; test/fixtures/iterations holds what the libraries say with so many. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type LoadOptions, load } from '../../lib/load.ts';
import { watch } from '../../lib/watch.ts';
import { failureOf } from '../failure.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const open = (file: string, options?: LoadOptions) => load(new URL(file, FIXTURES), options);

/** What a model gives for the rows of its fixture. */
async function answers(file: string, options?: LoadOptions) {
  const { cases } = JSON.parse(readFileSync(new URL(file.replace(/\.\w+$/, '.json'), FIXTURES), 'utf8'));
  using model = await open(file, options);
  return model.run(Float64Array.from(cases.at(-1).inputs.X.data, Number));
}

describe('numIteration', () => {
  it.each([
    ['sklearn-trees/boosting.joblib', 8],
    ['sklearn-trees/histogram.joblib', 8],
    ['sklearn-trees/ada-many.joblib', 25],
    ['sklearn-trees/ada-values.joblib', 9],
    ['lightgbm/boosting-rf.txt', 5],
    ['xgboost/dart-uniform-tree.pkl', 8],
  ])('of %s changes nothing where it is all %i, 0 or negative', async (file, all) => {
    const whole = await answers(file);
    for (const numIteration of [all, 0, -1]) expect(await answers(file, { numIteration })).toEqual(whole);
    expect(await answers(file, { numIteration: 1 })).not.toEqual(whole);
  });

  it.each(['xgboost/early-xgb.xgb', 'xgboost/early-pkl.pkl', 'lightgbm/booster.pkl'])(
    'of %s, of which a fit kept the best iteration, goes beyond it',
    async (file) => {
      const best = await answers(file);
      const all = await answers(file, { numIteration: 0 });
      expect(all).not.toEqual(best);
      expect(await answers(file, { numIteration: -1 })).toEqual(all);
    },
  );

  it.each([
    [
      'sklearn-trees/boosting.joblib',
      9,
      'numIteration: expected at most 8, the iterations of the model, found 9; 0 means all of them',
    ],
    ['sklearn-trees/histogram.joblib', 9, 'numIteration: expected at most 8, the iterations of the model, found 9'],
    ['sklearn-trees/ada.joblib', 7, 'numIteration: expected at most 6, the iterations of the model, found 7'],
    ['sklearn-trees/ada-of-lines.pkl', 5, 'numIteration: expected at most 4, the iterations of the model, found 5'],
    ['xgboost/binary-xgb.xgb', 6, 'numIteration: expected at most 5, the iterations of the model, found 6'],
    ['xgboost/forest-softprob.xgb', 3, 'numIteration: expected at most 2, the iterations of the model, found 3'],
    ['xgboost/rf-classifier.pkl', 2, 'numIteration: expected at most 1, the iterations of the model, found 2'],
    ['xgboost/no-rounds.xgb', 1, 'numIteration: expected at most 0, the iterations of the model, found 1'],
  ])('of %s refuses %i, as the library has no such stage', async (file, numIteration, message) => {
    const error = await failureOf(() => open(file, { numIteration }));
    expect(error).toMatchObject({ code: 'OPTION', message: expect.stringContaining(message) });
  });

  it.each([
    ['xgboost/linear-xgb.xgb', 'numIteration: only applies to boosted trees; the booster is a linear model (gblinear)'],
    ['xgboost/classifier-linear.pkl', 'numIteration: only applies to boosted trees; the booster is a linear model'],
    [
      'sklearn-trees/forest.joblib',
      'numIteration: only applies to boosted models, by themselves, in a pipeline or in a search; Rand',
    ],
    ['sklearn-trees/isolation.pkl', 'IsolationForest is not one'],
    ['sklearn-trees/pipeline.pkl', 'is not one'],
    ['sklearn-trees/multi-output.pkl', 'MultiOutputRegressor is not one'],
    ['lightgbm/voting.pkl', 'VotingClassifier is not one'],
    ['lightgbm/stacking.joblib', 'StackingClassifier is not one'],
    ['xgboost/calibrated.joblib', 'CalibratedClassifierCV is not one'],
    [
      'onnx-trees/boosting.onnx',
      'numIteration: only applies to boosted models of LightGBM, XGBoost, CatBoost and scikit-learn; a file of format onnx',
    ],
  ])('is refused for %s', async (file, message) => {
    const error = await failureOf(() => open(file, { numIteration: 2 }));
    expect(error).toMatchObject({ code: 'OPTION', message: expect.stringContaining(message) });
  });

  it('counts only the iterations of the model that is meant', async () => {
    // The boosting that chose the features is another one.
    const error = await failureOf(() => open('sklearn-trees/chosen-by-boosting.joblib', { numIteration: 2 }));
    expect(error.message).toContain('(DecisionTreeClassifier) is not one');
  });

  it('holds for each version of a watched model', async () => {
    const path = fileURLToPath(new URL('lightgbm/boosting-gbdt.txt', FIXTURES));
    using live = await watch(path, { numIteration: 2, settle: 0 });
    using model = await load(path, { numIteration: 2 });
    const row = new Float64Array(10).fill(0.02);
    expect(live.run(row)).toEqual(model.run(row));
  });
});
