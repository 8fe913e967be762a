/**
 * `feature_importances_`, which XGBoost computes from the trees: the gain or the number of rows of a feature's splits,
 * in total or on average, or the number of splits. In float32, tree by tree, in the order of XGBoost and NumPy.
 */
import { numpySum } from '../sklearn/arrays.ts';
import type { Estimator } from '../sklearn/estimator.ts';
import { noSuchOption } from '../sklearn/values.ts';
import type { XgboostTree } from './model.ts';
import { boosterOf, modelOf } from './pickled.ts';

const TYPES = ['weight', 'gain', 'cover', 'total_gain', 'total_cover'];
/** Nodes that are visited in about a microsecond. */
const NODES_IN_A_STEP = 16;

/** Undefined for estimators of other packages, and for linear models. */
export function importancesOf(estimator: Estimator): Float32Array | undefined {
  if (!isXgboost(estimator)) return undefined;
  const type = estimator.has('importance_type') ? estimator.text('importance_type') : 'gain';
  if (!TYPES.includes(type)) {
    throw estimator.error('MALFORMED', noSuchOption('importance_type', type, TYPES), 'importance_type');
  }
  const { booster, features } = modelOf(boosterOf(estimator), true);
  if (booster.kind !== 'trees') return undefined;
  const counts = new Float32Array(features);
  const totals = new Float32Array(features);
  for (const tree of booster.trees) {
    estimator.budget.step(tree.left.length / NODES_IN_A_STEP, tree.place);
    const { gains, covers } = tree.statistics ?? { gains: [], covers: [] };
    const amounts = type.endsWith('gain') ? gains : covers;
    for (const node of splitsOf(tree, estimator, features)) {
      const feature = tree.features[node];
      counts[feature]++;
      totals[feature] += Math.fround(amounts[node]);
    }
  }
  if (type === 'weight') return shares(counts);
  return shares(type.startsWith('total') ? totals : totals.map((total, i) => total / Math.max(1, counts[i])));
}

/** The root, then the right subtree, then the left one. */
function* splitsOf(tree: XgboostTree, estimator: Estimator, features: number): Generator<number> {
  const { left, right, place } = tree;
  const seen = new Uint8Array(left.length);
  const stack = [0];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (!(node >= 0 && node < left.length) || seen[node] !== 0) {
      throw estimator.error(
        'MALFORMED',
        `${place}: a split refers to node ${node} of ${left.length}, which does not exist or has two parents`,
      );
    }
    seen[node] = 1;
    if (left[node] === -1) continue;
    const feature = tree.features[node];
    if (!(feature >= 0 && feature < features)) {
      throw estimator.error(
        'MALFORMED',
        `${place}: node ${node} splits by feature ${feature} of ${features}, which does not exist`,
      );
    }
    yield node;
    stack.push(left[node], right[node]);
  }
}

/** Divided by the sum, unless that is 0. */
function shares(values: Float32Array): Float32Array {
  const total = numpySum(values, 0, values.length);
  return total === 0 ? values : values.map((value) => value / total);
}

export function isXgboost({ module }: Estimator): boolean {
  return module.split('.', 1)[0] === 'xgboost';
}
