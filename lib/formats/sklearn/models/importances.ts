/**
 * `feature_importances_` of trees, which scikit-learn does not store but computes: the impurity decrease from each
 * feature's splits.
 */
import { numpySum, type Vector } from '../arrays.ts';
import type { Estimator } from '../estimator.ts';
import { stages } from './boosting.ts';
import { StoredTree } from './trees.ts';

/** For an estimator of trees, one number for each feature; undefined for others. */
export function treeImportances(estimator: Estimator, width: number): Float64Array | undefined {
  const { className } = estimator;
  if (/^(?:DecisionTree|ExtraTree)(?:Classifier|Regressor)$/.test(className)) return alone(estimator, width);
  if (/^(?:(?:Balanced)?RandomForest|ExtraTrees)(?:Classifier|Regressor)$/.test(className))
    return ofForest(estimator, width);
  if (/^GradientBoosting(?:Classifier|Regressor)$/.test(className)) return ofStages(estimator, width);
  return /^(?:AdaBoost(?:Classifier|Regressor)|RUSBoostClassifier)$/.test(className)
    ? ofVotes(estimator, width)
    : undefined;
}

function alone(estimator: Estimator, width: number): Float64Array {
  const importances = taken(new StoredTree(estimator), width);
  const total = sumOf(importances);
  return total > 0 ? importances.map((value) => value / total) : importances;
}

/** In the order of scikit-learn's loop, before division by the sum. */
function taken(tree: StoredTree, width: number): Float64Array {
  const [weight, impurity] = [tree.column('weighted_n_node_samples'), tree.column('impurity')];
  const { isLeaf, left, right, split } = tree.with(() => {});
  const importances = new Float64Array(width);
  const isWithin = (node: number) => node >= 0 && node < tree.size;
  for (let node = 0; node < tree.size; node++) {
    if (isLeaf(node)) continue;
    const [l, r, { feature }] = [left(node), right(node), split(node)];
    // An invalid tree is refused where it predicts.
    if (!isWithin(l) || !isWithin(r) || !(feature >= 0 && feature < width)) continue;
    importances[feature] += weight(node) * impurity(node) - weight(l) * impurity(l) - weight(r) * impurity(r);
  }
  return importances.map((value) => value / weight(0));
}

function ofForest(estimator: Estimator, width: number): Float64Array {
  const members = estimator.estimators('estimators_').filter((member) => new StoredTree(member).size > 1);
  return shares(
    members.map((member) => alone(member, width)),
    width,
  );
}

function ofStages(estimator: Estimator, width: number): Float64Array {
  const trees = stages(estimator)
    .flat()
    .filter(({ size }) => size > 1);
  return shares(
    trees.map((tree) => taken(tree, width)),
    width,
  );
}

/** The mean, divided by its sum. */
function shares(all: readonly Float64Array[], width: number): Float64Array {
  if (all.length === 0) return new Float64Array(width);
  const mean = total(all, width).map((value) => value / all.length);
  const whole = sumOf(mean);
  return mean.map((value) => value / whole);
}

function ofVotes(estimator: Estimator, width: number): Float64Array | undefined {
  const members = estimator.estimators('estimators_');
  const weights = estimator.vector('estimator_weights_');
  const isTree = (member: Estimator) => /^(?:DecisionTree|ExtraTree)(?:Classifier|Regressor)$/.test(member.className);
  if (!members.every(isTree)) return undefined;
  const weighted = members.map((member, i) => alone(member, width).map((value) => weights[i] * value));
  const norm = sumOf(weights);
  return total(weighted, width).map((value) => value / norm);
}

function total(all: readonly Float64Array[], width: number): Float64Array {
  const sums = new Float64Array(width);
  for (const one of all) for (let i = 0; i < width; i++) sums[i] += one[i];
  return sums;
}

function sumOf(values: Vector): number {
  return numpySum(values, 0, values.length);
}
