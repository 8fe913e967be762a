/**
 * Decision trees, one after another in preorder: a split is followed by its left subtree, then by its right subtree. So
 * trees need no indices, and cannot contain cycles or nodes with two parents, whatever a file says.
 */
import { NODE_FIELDS, type Node, SET_BITS, SPLITS, type Tensor } from '../graph.ts';
import { TREE_SUM, TREE_SUMS } from '../operations/choices.ts';
import { OPCODES } from '../plan-format.ts';
import { elementCount, formatShape, type Shape } from '../shapes.ts';
import { checkNumber, type OpDefinition, refuse, type Values } from './definition.ts';

/** What is known of trees after one pass over them. */
export interface Trees {
  /** The node where each tree begins; then the number of nodes. */
  readonly roots: Int32Array;
  readonly leafCount: number;
  /** The greatest number of splits on a path to a leaf. */
  readonly depth: number;
  /** One more than the greatest feature that a split uses. */
  readonly features: number;
  /** The sets that the splits were checked against; undefined if there are none. */
  readonly sets: Values | undefined;
}

const known = new WeakMap<Values, Trees>();

/**
 * The trees in a node's constants. Checks nodes and splits: thresholds must be numbers, and sets must exist. Throws
 * `MALFORMED`. The result is cached for each constant.
 */
export function treesOf(node: Node<'trees'>): Trees {
  const [, { data }, , sets] = node.inputs as readonly Tensor[];
  let trees = known.get(data);
  if (trees === undefined || trees.sets !== sets?.data) {
    trees = check(node, data, sets?.data);
    known.set(data, trees);
  }
  return trees;
}

function check(node: Node<'trees'>, nodes: Values, sets: Values | undefined): Trees {
  const roots: number[] = [];
  /** The depth of the right subtrees that are still to come. */
  const toCome: number[] = [];
  let above = -1;
  let leafCount = 0;
  let depth = 0;
  let features = 0;
  for (let at = 0; at < nodes.length; at += NODE_FIELDS) {
    if (above < 0) {
      roots.push(at / NODE_FIELDS);
      above = 0;
    }
    const feature = nodes[at];
    if (feature === -1) {
      leafCount++;
      above = toCome.pop() ?? -1;
      continue;
    }
    const fault = faultOf(feature, nodes[at + 1], nodes[at + 2], sets);
    if (fault !== undefined) refuse(node, 'MALFORMED', `node ${at / NODE_FIELDS} ${fault}`);
    if (feature >= features) features = feature + 1;
    toCome.push(++above);
    if (above > depth) depth = above;
  }
  if (above >= 0)
    refuse(node, 'MALFORMED', `the last tree has no leaf after its node ${nodes.length / NODE_FIELDS - 1}`);
  roots.push(nodes.length / NODE_FIELDS);
  return { roots: Int32Array.from(roots), leafCount, depth, features, sets };
}

/** What is wrong with a split; undefined if it is valid. */
function faultOf(feature: number, threshold: number, kind: number, sets: Values | undefined): string | undefined {
  if (!(Number.isInteger(feature) && feature >= 0)) return `splits by feature ${feature}`;
  if (Number.isNaN(threshold)) return 'has the threshold NaN';
  if (kind === SPLITS.at_most || kind === SPLITS.at_most_or_nan) return undefined;
  if (kind !== SPLITS.in_set && kind !== SPLITS.in_set_or_nan) return `is a split of kind ${kind}`;
  const length = sets?.[threshold] ?? -1;
  const isThere = length >= 0 && threshold + length < (sets?.length ?? 0);
  return isThere ? undefined : 'refers to a set that does not exist';
}

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
  const count = roots.length - 1;
  if (!(Number.isInteger(helpers) && helpers >= 0 && helpers <= count)) {
    refuse(node, 'MALFORMED', `expected at most ${count} helpers, found ${helpers}`);
  }
  if (features > x[0]) refuse(node, 'SHAPE', `splits use feature ${features - 1} of only ${x[0]} features`);
  if (leafCount !== leaves[0]) refuse(node, 'SHAPE', `expected ${leafCount} leaves, found ${formatShape(leaves)}`);
  const width = leaves[1];
  if (sum === 'none') return [count, width];
  if (targets.length !== count)
    refuse(node, 'SHAPE', `expected a target for each of ${count} trees, found ${targets.length}`);
  const isWithin = (target: number) => Number.isInteger(target) && target >= 0 && target + width <= outputs;
  if (!targets.every(isWithin)) refuse(node, 'SHAPE', `a tree's ${width} values go past the ${outputs} outputs`);
  return [outputs];
}

const knownWays = new WeakMap<Values, Int32Array>();

/** For each split, where its right subtree begins; for each leaf, −1 − its number. */
function waysOf(nodes: Values): Int32Array {
  const ways = knownWays.get(nodes) ?? findWays(nodes);
  knownWays.set(nodes, ways);
  return ways;
}

function findWays(nodes: Values): Int32Array {
  const next = new Int32Array(nodes.length / NODE_FIELDS);
  /** Splits whose left subtree is being visited. */
  const open: number[] = [];
  let leafCount = 0;
  for (let at = 0; at < next.length; at++) {
    if (nodes[NODE_FIELDS * at] !== -1) {
      open.push(at);
      continue;
    }
    next[at] = -1 - leafCount++;
    const split = open.pop();
    if (split !== undefined) next[split] = at + 1;
  }
  return next;
}

/** The number of the leaf that a row reaches in the tree that begins at `at`. */
function leafOf(nodes: Values, sets: Values | undefined, next: Int32Array, x: Values, at: number): number {
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
    const next = waysOf(nodes.data);
    const { roots } = treesOf(node);
    const width = leaves.shape[1];
    const result = new Float64Array(elementCount(shape));
    for (let tree = 0; tree + 1 < roots.length; tree++) {
      const leaf = leafOf(nodes.data, sets?.data, next, x.data, roots[tree]);
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
      plan.number(TREE_SUM[sum]),
      plan.parameter((nodes as Tensor).data),
      plan.parameter((leaves as Tensor).data),
      sets === undefined ? -1 : plan.parameter((sets as Tensor).data),
      divisor === 1 ? -1 : plan.numbers([divisor]),
    ];
    return plan.instruction(OPCODES.trees, shape, fields, sum === 'none' ? undefined : targets);
  },
};
