/** The trees of TreeEnsemble, with splits and leaves in separate lists. */
import { greatest, least } from '../../../../extremes.ts';
import type { Constant } from '../../../tensors/value.ts';
import type { OnnxCall } from '../../call.ts';
import { type AttributeTree, type Comparison, MODES, TREE_BYTES } from './tree-splits.ts';

/** `targets` is the number of targets. */
export function readNodes(call: OnnxCall, targets: number, type: 'float32' | 'float64'): readonly AttributeTree[] {
  const integers = (name: string) => call.integerArray(name) ?? missing(call, name);
  const features = integers('nodes_featureids');
  const sized = <L extends ArrayLike<unknown>>(name: string, list: L, count = features.length) => {
    if (list.length === count) return list;
    throw call.error('MALFORMED', `${name} has ${list.length} elements; expected ${count}`);
  };
  const ids = integers('leaf_targetids');
  const tracks = 'nodes_missing_value_tracks_true';
  const lists = {
    roots: integers('tree_roots'),
    features,
    modes: sized('nodes_modes', tensorOf(call, 'nodes_modes', 'uint8')),
    splits: sized('nodes_splits', tensorOf(call, 'nodes_splits', type)),
    whenTrue: sized('nodes_truenodeids', integers('nodes_truenodeids')),
    isTrueLeaf: sized('nodes_trueleafs', integers('nodes_trueleafs')),
    whenFalse: sized('nodes_falsenodeids', integers('nodes_falsenodeids')),
    isFalseLeaf: sized('nodes_falseleafs', integers('nodes_falseleafs')),
    nanIsTrue: call.integerArray(tracks)?.length ? sized(tracks, integers(tracks)) : [],
    ids,
    weights: sized('leaf_weights', tensorOf(call, 'leaf_weights', type), ids.length),
  };
  for (const id of ids) {
    if (!(id >= 0 && id < targets))
      throw call.error('MALFORMED', `a leaf belongs to target ${id} of ${targets}, which does not exist`);
  }
  if (lists.roots.length === 0) throw call.error('MALFORMED', 'expected at least one tree, found none');
  const sets = setsOf(call, lists.modes);
  return treesOf(call, { ...lists, sets }, targets);
}

interface Lists {
  readonly roots: ArrayLike<number>;
  readonly features: ArrayLike<number>;
  readonly modes: ArrayLike<number>;
  readonly splits: ArrayLike<number>;
  readonly whenTrue: ArrayLike<number>;
  readonly isTrueLeaf: ArrayLike<number>;
  readonly whenFalse: ArrayLike<number>;
  readonly isFalseLeaf: ArrayLike<number>;
  readonly nanIsTrue: ArrayLike<number>;
  readonly ids: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  /** For nodes with the mode MEMBER. */
  readonly sets: ReadonlyMap<number, readonly number[]>;
}

/**
 * Nodes are the splits, then leaves, two for each split: leaves are not numbered by their own index, because several
 * paths may lead to one.
 */
function treesOf(call: OnnxCall, lists: Lists, targets: number): AttributeTree[] {
  const count = lists.features.length;
  const met = new Uint8Array(3 * count);
  /** A split with the same leaf on both sides is that leaf: trees without splits are written in this way. */
  const isBare = (node: number) =>
    lists.isTrueLeaf[node] !== 0 && lists.isFalseLeaf[node] !== 0 && lists.whenTrue[node] === lists.whenFalse[node];
  const leafOf = (node: number) => {
    if (node < count) return lists.whenTrue[node];
    const split = (node - count) >> 1;
    return ((node - count) & 1) === 0 ? lists.whenTrue[split] : lists.whenFalse[split];
  };
  const child = (to: number, isLeaf: number, leaf: number) => (isLeaf !== 0 ? leaf : inside(to, count));
  const checked = (leaf: number) => {
    if (leaf >= 0 && leaf < lists.ids.length) return leaf;
    throw call.error('MALFORMED', `a split refers to leaf ${leaf} of ${lists.ids.length}, which does not exist`);
  };
  const shared = {
    size: met.length,
    met,
    isLeaf: (node: number) => node >= count || isBare(node),
    comparison: (node: number) => comparisonOf(call, lists, node),
    whenTrue: (node: number) => child(lists.whenTrue[node], lists.isTrueLeaf[node], count + 2 * node),
    whenFalse: (node: number) => child(lists.whenFalse[node], lists.isFalseLeaf[node], count + 2 * node + 1),
    weights(node: number, give: (id: number, weight: number) => void) {
      const leaf = checked(leafOf(node));
      give(lists.ids[leaf], lists.weights[leaf]);
    },
  };
  const looked = new Uint8Array(met.length);
  return Array.from(lists.roots, (given, i) => {
    call.build.budget.build(TREE_BYTES, call.build.place);
    const root = inside(given, count);
    if (looked[root] === 1) throw call.error('MALFORMED', `tree ${i}: two paths lead to node ${root}`);
    const leaves = leavesOf({ ...shared, root }, looked);
    const ids = leaves.map((node) => lists.ids[checked(leafOf(node))]);
    return {
      ...shared,
      place: `${call.build.place}, tree ${i}`,
      root,
      leaves: () => leaves,
      ids: [least(ids, targets), greatest(ids, 0)],
    };
  });
}

type Walked = Pick<AttributeTree, 'root' | 'size' | 'isLeaf' | 'whenTrue' | 'whenFalse'>;

/**
 * The leaves reached from the root; none below nodes that were visited before, since a tree with such nodes is refused.
 */
function leavesOf(tree: Walked, looked: Uint8Array): readonly number[] {
  const leaves: number[] = [];
  const stack = [tree.root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node >= tree.size || looked[node] !== 0) continue;
    looked[node] = 1;
    if (tree.isLeaf(node)) leaves.push(node);
    else stack.push(tree.whenTrue(node), tree.whenFalse(node));
  }
  return leaves;
}

/** The number of a split; anything else becomes a number that no node has. */
function inside(node: number, count: number): number {
  return node >= 0 && node < count ? node : Math.abs(node) + 3 * count;
}

function comparisonOf(call: OnnxCall, lists: Lists, node: number): Comparison {
  const mode = MODES[lists.modes[node]];
  if (mode === undefined) throw call.error('MALFORMED', `node ${node} has the mode ${lists.modes[node]}`);
  return {
    mode,
    feature: lists.features[node],
    value: lists.splits[node],
    nanIsTrue: lists.nanIsTrue[node] === 1,
    members: mode === 'MEMBER' ? lists.sets.get(node) : undefined,
  };
}

/** The sets of MEMBER nodes are consecutive, each terminated by NaN. */
function setsOf(call: OnnxCall, modes: ArrayLike<number>): Map<number, readonly number[]> {
  const sets = new Map<number, readonly number[]>();
  const values = call.tensor('membership_values')?.data ?? [];
  let at = 0;
  for (let node = 0; node < modes.length; node++) {
    if (MODES[modes[node]] !== 'MEMBER') continue;
    if (at >= values.length) throw call.error('MALFORMED', `membership_values have no set for node ${node}`);
    const members: number[] = [];
    for (; at < values.length && !Number.isNaN(values[at]); at++) members.push(values[at]);
    at++;
    sets.set(node, members);
  }
  if (at < values.length)
    throw call.error('MALFORMED', 'membership_values have more sets than nodes of the mode MEMBER');
  return sets;
}

function tensorOf(call: OnnxCall, name: string, type: Constant['type']): ArrayLike<number> {
  const tensor = call.tensor(name) ?? missing(call, name);
  if (tensor.type === type) return tensor.data;
  throw call.error('MALFORMED', `expected ${name} of type ${type}, as the input is, found ${tensor.type}`);
}

function missing(call: OnnxCall, name: string): never {
  throw call.error('MALFORMED', `attribute ${name} is missing`);
}
