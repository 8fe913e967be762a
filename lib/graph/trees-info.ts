/** Describes a model's trees. */
import { type Boosting, NODE_FIELDS, type Node, type Op, type Tensor } from './graph.ts';
import { treesOf } from './ops/trees.ts';
import { type Computation, originsOf } from './origins.ts';

/** The decision trees of a model that are used. */
export interface TreesInfo {
  /** The number of trees. */
  readonly count: number;
  /** The number of leaves in all trees. */
  readonly leaves: number;
  /** The greatest number of splits on a path to a leaf of any tree. */
  readonly depth: number;
  /**
   * The number of features of a row that splits use; if earlier steps mix features, the number of their results that
   * splits use.
   */
  readonly features: number;
  /** The boosted models among them, which may be nested. */
  readonly boosting?: readonly Boosting[];
}

const TREES: ReadonlySet<Op> = new Set<Op>(['trees']);

/** Undefined if there are no trees. */
export function treesInfo(computation: Computation): TreesInfo | undefined {
  const nodes = computation.nodes.filter((node): node is Node<'trees'> => node.op === 'trees');
  let [count, leaves, depth] = [0, 0, 0];
  for (const node of nodes) {
    const { helpers = 0 } = node.attributes;
    const trees = treesOf(node);
    const own = trees.roots.length - 1 - helpers;
    if (own === 0) continue;
    count += own;
    // Helpers among the model's trees are single leaves.
    leaves += trees.leafCount - helpers;
    depth = Math.max(depth, trees.depth);
  }
  return count === 0 ? undefined : { count, leaves, depth, features: featuresOf(computation, nodes) };
}

function featuresOf(computation: Computation, nodes: readonly Node<'trees'>[]): number {
  const origins = originsOf(computation, TREES);
  const ofInputs = new Set<number>();
  const others = new Map<unknown, Set<number>>();
  for (const node of nodes) {
    const [row, { data }] = node.inputs as readonly [unknown, Tensor];
    const known = origins.get(node);
    const seen = new Uint8Array(treesOf(node).features);
    for (let at = 0; at < data.length; at += NODE_FIELDS) if (data[at] >= 0) seen[data[at]] = 1;
    for (const [feature, isSeen] of seen.entries()) {
      if (isSeen === 0) continue;
      const origin = known instanceof Int32Array ? known[feature] : known === undefined ? -1 : known.first + feature;
      if (origin >= 0) {
        ofInputs.add(origin);
        continue;
      }
      const own = others.get(row) ?? new Set<number>();
      others.set(row, own.add(feature));
    }
  }
  return [...others.values()].reduce((sum, { size }) => sum + size, ofInputs.size);
}
