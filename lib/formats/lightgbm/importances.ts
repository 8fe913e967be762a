/** `feature_importances_`, which LightGBM computes from the trees: how often a feature splits, or its total gain. */
import type { Estimator } from '../sklearn/estimator.ts';
import { integersIn, numbersIn } from './numbers.ts';
import { bestOf, boosterOf, textOf } from './pickled.ts';

/** Undefined for estimators of other packages. */
export function importancesOf(estimator: Estimator): Float64Array | undefined {
  if (!isLightgbm(estimator)) return undefined;
  const isByGain = estimator.text('importance_type', 'split') === 'gain';
  const booster = boosterOf(estimator);
  const model = textOf(booster);
  const { names, outputs } = model.header;
  const most = bestOf(booster) * outputs;
  const importances = new Float64Array(names.length);
  let count = 0;
  for (const fields of model.trees()) {
    if (most > 0 && count++ >= most) continue;
    const splits = fields.count('num_leaves') - 1;
    if (splits < 1) continue;
    const features = fields.numbers('split_feature', splits, integersIn);
    const gains = fields.numbers('split_gain', splits, numbersIn);
    for (const [i, feature] of features.entries()) {
      // LightGBM stores gains as float32 and adds them in float64.
      if (gains[i] > 0) importances[feature] += isByGain ? Math.fround(gains[i]) : 1;
    }
  }
  return importances;
}

export function isLightgbm({ module }: Estimator): boolean {
  return module.split('.', 1)[0] === 'lightgbm';
}
