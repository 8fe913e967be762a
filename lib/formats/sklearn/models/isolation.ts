/** Isolation forests: the fewer splits isolate a row, the more abnormal it is. */
import { PickleArray, type PickleValue } from '../../containers/pickle/values.ts';
import { Forest } from '../../trees.ts';
import type { Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Table } from '../reading.ts';
import { asFloats, StoredTree } from './trees.ts';

/**
 * The score is −2^(−depth/expected), where the depth is that of the leaf plus the average depth that its rows would
 * have added.
 */
const isolation: Predict = (estimator, emitter, x) => {
  if (!estimator.since(0, 21)) {
    const message =
      'was fitted by scikit-learn before 0.21, which scores differently and is not supported; fit it with a newer one';
    throw estimator.error('UNSUPPORTED_VERSION', message);
  }
  const members = estimator.estimators('estimators_');
  const features = estimator.list('estimators_features_');
  if (members.length === 0 || features.length !== members.length) {
    throw estimator.error('SHAPE', `expected features of ${members.length} trees`, 'estimators_features_');
  }
  const samples = estimator.number(estimator.has('_max_samples') ? '_max_samples' : 'max_samples_');
  const takesAll = estimator.since(1, 6);
  if (takesAll) emitter.cells.takesMissing = true;
  const row = takesAll ? emitter.float32(x) : asFloats(emitter, x, false);
  const forest = new Forest(emitter.budget, row.width, 1);
  for (const [i, member] of members.entries()) forest.add(depthTree(member, features[i], row.width));
  const depths = emitter.trees(row, forest, 'float64', 1);
  const expected = members.length * averagePath(samples);
  // For trees of one row both are 0, and the quotient counts as 1.
  const ratio = expected === 0 ? emitter.affine(depths, 0, 1) : emitter.binary('div', depths, expected);
  const score = emitter.unary(emitter.binary('pow', 2, emitter.unary(ratio, 'neg')), 'neg');
  const scores = emitter.binary('sub', score, estimator.number('offset_'));
  return { kind: 'labels', classes: [-1, 1], scores, decider: scores, threshold: -Number.MIN_VALUE };
};

/** A tree whose leaves hold depths, on the features of the whole row. */
function depthTree(member: Estimator, features: PickleValue, width: number) {
  const tree = new StoredTree(member);
  const samples = tree.column('n_node_samples');
  const columns = features instanceof PickleArray ? (features.data as ArrayLike<number>) : undefined;
  const depths = new Float64Array(tree.size);
  const plain = tree.with((node, to) => {
    to[0] = depths[node] + averagePath(samples(node)) - 1;
  });
  const isWithin = (node: number) => Number.isInteger(node) && node >= 0 && node < tree.size;
  depths[0] = 1;
  return {
    ...plain,
    split(node: number) {
      for (const child of [plain.left(node), plain.right(node)]) if (isWithin(child)) depths[child] = depths[node] + 1;
      const split = plain.split(node);
      const feature = columns === undefined ? split.feature : (columns[split.feature] ?? width);
      return { ...split, feature };
    },
  };
}

const EULER = 0.5772156649015329;

/** The average depth at which one of this many rows is isolated in a random tree. */
function averagePath(rows: number): number {
  if (rows <= 1) return 0;
  return rows <= 2 ? 1 : 2 * (Math.log(rows - 1) + EULER) - (2 * (rows - 1)) / rows;
}

export const ISOLATION: Table = { IsolationForest: { predict: isolation } };
