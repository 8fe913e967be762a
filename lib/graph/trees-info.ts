/** What people want to know of a model's trees. */
import { type Boosting, NODE_FIELDS, type Node, type Op, type Tensor } from './graph.ts';
import { treesOf } from './ops/trees.ts';
import { type Computation, originsOf } from './origins.ts';

/** The decision trees of a model, as far as they are used. */
export interface TreesInfo {
  /** How many trees there are. */
  readonly count: number;
  /** Of all trees together. */
  readonly leaves: number;
  /** The most splits on the way to a leaf of any tree. */
  readonly depth: number;
  /** How many of the row's features some split looks at; where steps before mix them, how many of what these give. */
  readonly features: number;
  /** The boosted models among them, of which some may be in others. */
  readonly boosting?: readonly Boosting[];
}

const TREES: ReadonlySet<Op> = new Set<Op>(['trees']);

/** Undefined where there are no trees. */
export function treesInfo(computation: Computation): TreesInfo | undefined {
  const nodes = computation.nodes.filter((node): node is Node<'trees'> => node.op === 'trees');
  let [count, leaves, depth] = [0, 0, 0];
  for (const node of nodes) {
    const { helpers = 0 } = node.attributes;
    const trees = treesOf(node);
    const own = trees.roots.length - 1 - helpers;
    if (own === 0) continue;
    count += own;
    // A helper beside trees of the model's is only a leaf.
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
