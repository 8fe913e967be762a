/**
 * Decision trees, one after another in preorder: a split is followed by what is on its left, then by what is on its right. So
 * a tree can have no cycle and no node of two parents, whatever a file says, and needs no indices.
 */
import { NODE_FIELDS, type Node, SET_BITS, SPLITS, type Tensor, TREE_SUMS } from '../graph.ts';
import { OPCODES } from '../plan-format.ts';
import { elementCount, formatShape, type Shape } from '../shapes.ts';
import { checkNumber, type OpDefinition, refuse, type Values } from './definition.ts';

/** What is known of trees once they have been gone through. */
export interface Trees {
  /** Where each begins, in nodes; then their number. */
  readonly roots: Int32Array;
  /** Of each node, where what is on its right begins; of a leaf −1 − its number. */
  readonly next: Int32Array;
  readonly leafCount: number;
  /** Nodes from a root to a leaf, at the most; a leaf alone is 1. */
  readonly depth: number;
  /** Features that splits look at, and one more than the greatest. */
  readonly features: number;
}

/** Why nodes are no trees. */
class NoTrees extends Error {}

const known = new WeakMap<Values, Trees>();

/** The trees of a node's constant. Throws `MALFORMED` where its nodes are none. */
export function treesOf(node: Node<'trees'>): Trees {
  const { data } = node.inputs[1] as Tensor;
  let trees = known.get(data);
  if (trees === undefined) {
    try {
      trees = walk(data);
    } catch (error) {
      if (error instanceof NoTrees) refuse(node, 'MALFORMED', error.message);
      throw error;
    }
    known.set(data, trees);
  }
  return trees;
}

function walk(nodes: Values): Trees {
  const count = nodes.length / NODE_FIELDS;
  const next = new Int32Array(count);
  const roots: number[] = [];
  /** Splits whose left side is being gone through, or whose right side is: −1 − the split. */
  const open: number[] = [];
  let [leafCount, depth, features] = [0, 0, 0];
  for (let at = 0; at < count; at++) {
    if (open.length === 0) roots.push(at);
    depth = Math.max(depth, open.length + 1);
    const feature = nodes[NODE_FIELDS * at];
    if (feature !== -1) {
      if (!(Number.isInteger(feature) && feature >= 0)) throw new NoTrees(`node ${at} splits by feature ${feature}`);
      features = Math.max(features, feature + 1);
      open.push(at);
      continue;
    }
    next[at] = -1 - leafCount++;
    for (let split = open.pop(); split !== undefined; split = open.pop()) {
      if (split < 0) continue;
      next[split] = at + 1;
      open.push(-1 - split);
      break;
    }
  }
  if (open.length > 0) throw new NoTrees(`the last tree ends where ${open.length} of its splits are open`);
  roots.push(count);
  return { roots: Int32Array.from(roots), next, leafCount, depth, features };
}

/** That what splits compare with can be compared with: thresholds that are numbers, sets that are there. */
function checkSplits(node: Node<'trees'>): void {
  const [, { data }, , sets] = node.inputs as readonly Tensor[];
  for (let at = 0; at < data.length; at += NODE_FIELDS) {
    if (data[at] === -1) continue;
    const [threshold, kind] = [data[at + 1], data[at + 2]];
    const isSet = kind === SPLITS.in_set || kind === SPLITS.in_set_or_nan;
    if (!isSet && kind !== SPLITS.at_most && kind !== SPLITS.at_most_or_nan) {
      refuse(node, 'MALFORMED', `node ${at / NODE_FIELDS} is a split of kind ${kind}`);
    }
    if (Number.isNaN(threshold)) refuse(node, 'MALFORMED', `the threshold of node ${at / NODE_FIELDS} is NaN`);
    const length = isSet ? sets?.data[threshold] : 0;
    if (length === undefined || !(length >= 0 && threshold + length < (sets?.data.length ?? 1))) {
      if (isSet) refuse(node, 'MALFORMED', `the set of node ${at / NODE_FIELDS} is not among the sets`);
    }
  }
}

const checked = new WeakSet<Values>();

function inferTrees(node: Node<'trees'>, [x, nodes, leaves, sets]: readonly Shape[]): Shape {
  const { sum, outputs, targets, divisor, helpers = 0 } = node.attributes;
  if (!TREE_SUMS.includes(sum))
    refuse(node, 'MALFORMED', `sum must be one of ${TREE_SUMS.join(', ')}, found ${String(sum)}`);
  checkNumber(node, 'divisor', divisor);
  if (x.length !== 1) refuse(node, 'SHAPE', `x must have 1 axis, found ${formatShape(x)}`);
  if (nodes.length !== 2 || nodes[1] !== NODE_FIELDS) {
    refuse(node, 'SHAPE', `nodes must be [N, ${NODE_FIELDS}], found ${formatShape(nodes)}`);
  }
  if (leaves.length !== 2 || (sets !== undefined && sets.length !== 1)) {
    refuse(
      node,
      'SHAPE',
      `leaves must be [L, W] and sets [S], found ${formatShape(leaves)} and ${formatShape(sets ?? [0])}`,
    );
  }
  const { roots, leafCount, features } = treesOf(node);
  const { data } = node.inputs[1] as Tensor;
  if (!checked.has(data)) checkSplits(node);
  checked.add(data);
  const count = roots.length - 1;
  if (!(Number.isInteger(helpers) && helpers >= 0 && helpers <= count)) {
    refuse(node, 'MALFORMED', `expected at most ${count} helpers, found ${helpers}`);
  }
  if (features > x[0]) refuse(node, 'SHAPE', `splits look at feature ${features - 1} of ${x[0]}`);
  if (leafCount !== leaves[0]) refuse(node, 'SHAPE', `expected ${leafCount} leaves, found ${formatShape(leaves)}`);
  const width = leaves[1];
  if (sum === 'none') return [count, width];
  if (targets.length !== count)
    refuse(node, 'SHAPE', `expected a target for each of ${count} trees, found ${targets.length}`);
  const isWithin = (target: number) => Number.isInteger(target) && target >= 0 && target + width <= outputs;
  if (!targets.every(isWithin)) refuse(node, 'SHAPE', `a tree's ${width} values go past the ${outputs} outputs`);
  return [outputs];
}

/** The number of the leaf that a row reaches in the tree that begins at `at`. */
function leafOf(nodes: Values, sets: Values | undefined, { next }: Trees, x: Values, at: number): number {
  let node = at;
  while (next[node] >= 0) {
    const [feature, threshold, kind] = nodes.subarray(NODE_FIELDS * node, NODE_FIELDS * (node + 1));
    node = goesLeft(x[feature], threshold, kind, sets) ? node + 1 : next[node];
  }
  return -1 - next[node];
}

function goesLeft(value: number, threshold: number, kind: number, sets: Values | undefined): boolean {
  if (Number.isNaN(value)) return kind === SPLITS.at_most_or_nan || kind === SPLITS.in_set_or_nan;
  if (kind === SPLITS.at_most || kind === SPLITS.at_most_or_nan) return value <= threshold;
  const [member, length] = [Math.trunc(value), sets?.[threshold] ?? 0];
  if (!(member >= 0 && member < SET_BITS * length)) return false;
  return ((sets?.[threshold + 1 + Math.floor(member / SET_BITS)] ?? 0) & (1 << (member % SET_BITS))) !== 0;
}

export const trees: OpDefinition<'trees'> = {
  operands: [3, 4],
  constants: [1, 2, 3],
  infer: inferTrees,

  evaluate(node, [x, nodes, leaves, sets], shape) {
    const { sum, targets } = node.attributes;
    const found = treesOf(node);
    const width = leaves.shape[1];
    const result = new Float64Array(elementCount(shape));
    for (let tree = 0; tree + 1 < found.roots.length; tree++) {
      const leaf = leafOf(nodes.data, sets?.data, found, x.data, found.roots[tree]);
      const values = leaves.data.subarray(leaf * width, (leaf + 1) * width);
      const first = sum === 'none' ? tree * width : targets[tree];
      for (let k = 0; k < width; k++) {
        const total = result[first + k] + values[k];
        result[first + k] = sum === 'float32' ? Math.fround(total) : total;
      }
    }
    const { divisor } = node.attributes;
    if (divisor === 1) return result;
    return result.map((total) => (sum === 'float32' ? Math.fround(total / divisor) : total / divisor));
  },

  lower(node, shape, plan) {
    const [x, nodes, leaves, sets] = node.inputs;
    const { sum, targets, divisor } = node.attributes;
    const fields = [
      plan.row(plan.view(x)),
      (leaves as Tensor).shape[1],
      TREE_SUMS.indexOf(sum),
      plan.parameter((nodes as Tensor).data),
      plan.parameter((leaves as Tensor).data),
      sets === undefined ? -1 : plan.parameter((sets as Tensor).data),
      divisor === 1 ? -1 : plan.numbers([divisor]),
    ];
    return plan.instruction(OPCODES.trees, shape, fields, sum === 'none' ? undefined : targets);
  },
};
