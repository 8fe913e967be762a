/** Clusterings in which a row descends a tree of clusters, or takes the label of the nearest subcluster. */
import type { Budget } from '../../../graph/budget.ts';
import { Forest } from '../../trees.ts';
import type { Vector } from '../arrays.ts';
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { centreDistances, distances } from './distances.ts';

/** Each subcluster belongs to a cluster. */
const birch: Predict = (estimator, emitter, x) => {
  const points = estimator.matrix('subcluster_centers_', undefined, x.width);
  const labels = estimator.vector('subcluster_labels_', points.rows);
  const nearest = emitter.reduce(distances(emitter, emitter.requireFinite(x), points), 'arg_min');
  const table = { shape: [points.rows, 1], data: labels };
  const label = emitter.flat(emitter.emit('embedding', [nearest.operand, table], { wrap: false }), 1);
  return { kind: 'values', values: label, dtype: 'int32' };
};

const birchDistances: Transform = (estimator, emitter, x) => {
  const points = estimator.matrix('subcluster_centers_', undefined, x.width);
  return emitter.unary(distances(emitter, emitter.requireFinite(x), points), 'sqrt');
};

/** The cost of reading a cluster, besides its arrays. */
const CLUSTER_STEPS = 16;

/** A cluster, with a label or two halves, which are numbers of clusters. */
interface Cluster {
  readonly label: number;
  /** The index among all pairs of halves. */
  readonly pair: number;
  readonly left: number;
  readonly right: number;
}

/** The clusters that were split, from the root; the centres of each pair of halves are consecutive. */
class Bisections {
  readonly clusters: Cluster[] = [];
  readonly centres: number[] = [];
  pairs = 0;

  constructor(budget: Budget, root: Estimator, width: number) {
    const waiting = [root];
    for (const node of waiting) {
      budget.again(node.object, CLUSTER_STEPS, node.title);
      if (!node.has('left')) {
        this.clusters.push({ label: node.number('label'), pair: -1, left: -1, right: -1 });
        continue;
      }
      budget.buildElements(2 * width, node.title);
      const [first, second] = [node.estimator('left'), node.estimator('right')];
      for (const half of [first, second]) for (const value of half.vector('center', width)) this.centres.push(value);
      const left = waiting.push(first, second) - 2;
      this.clusters.push({ label: -1, pair: this.pairs++, left, right: left + 1 });
    }
  }
}

/** Descends the splits: to the right if the right centre is nearer. */
const bisecting: Predict = (estimator, emitter, x) => {
  const root = estimator.estimator('_bisecting_tree');
  const { clusters, centres, pairs } = new Bisections(estimator.budget, root, x.width);
  const row = emitter.requireFinite(x);
  const mean = estimator.has('_X_mean') ? estimator.vector('_X_mean', x.width) : undefined;
  const data = Float64Array.from(centres, (value, i) => value + (mean?.[i % x.width] ?? 0));
  const forest = new Forest(emitter.budget, Math.max(pairs, 1), 1);
  forest.add({
    place: root.title,
    size: clusters.length,
    root: 0,
    isLeaf: (at) => clusters[at].pair < 0,
    split: (at) => ({ feature: clusters[at].pair, threshold: 0, nanLeft: false }),
    left: (at) => clusters[at].left,
    right: (at) => clusters[at].right,
    leaf: (at, to) => to.fill(clusters[at].label),
  });
  const label = emitter.trees(waysOf(emitter, row, data, pairs), forest, 'float64', 1);
  return { kind: 'values', values: label, dtype: 'int32' };
};

/** For each pair of halves: 1 if the second is nearer, otherwise 0. */
function waysOf(emitter: Emitter, x: RowVector, centres: Vector, pairs: number): RowVector {
  if (pairs === 0) return emitter.affine(emitter.gather(x, [0]), 0, 0);
  const far = distances(emitter, x, { rows: 2 * pairs, columns: x.width, data: centres });
  const [firsts, seconds] = [0, 1].map((side) => Array.from({ length: pairs }, (_, i) => 2 * i + side));
  return emitter.binary('less', emitter.gather(far, seconds), emitter.gather(far, firsts));
}

export const CLUSTERS: Table = {
  Birch: { predict: birch, transform: birchDistances },
  BisectingKMeans: { predict: bisecting, transform: centreDistances },
};
