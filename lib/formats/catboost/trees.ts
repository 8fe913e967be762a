/** The trees of a file, of either shape, as all formats have them. */
import { refuse } from '../containers/checks.ts';
import type { FileTree } from '../trees.ts';
import type { Comparison, Splits } from './splits.ts';

/** Deeper ones have more leaves than any file. */
const MOST_LEVELS = 30;

/**
 * A symmetric tree: all nodes of a level compare the same, and the results of all levels are the digits of the leaf's
 * number, the first level's the lowest. `leaf` writes the values of a leaf.
 */
export function symmetric(place: string, splits: Splits, numbers: readonly number[], leaf: FileTree['leaf']): FileTree {
  const levels = numbers.map((number) => splits.at(number, place));
  const levelOf = (node: number) => 31 - Math.clz32(node + 1);
  const leaves = 1 << levels.length;
  // Node 0 is the root; level k begins at 2^k − 1, and within it nodes are numbered as leaves are, by their lowest k digits.
  const child = (node: number, isAbove: boolean) => {
    const level = levelOf(node);
    return node + (1 << (isAbove === levels[level].isSwapped ? level : level + 1));
  };
  return {
    place,
    size: 2 * leaves - 1,
    root: 0,
    isLeaf: (node) => node >= leaves - 1,
    split: (node) => levels[levelOf(node)].split,
    left: (node) => child(node, false),
    right: (node) => child(node, true),
    leaf(node, to) {
      leaf(node - (leaves - 1), to);
      checkFinite(to, place);
    },
  };
}

/** How many leaves a symmetric tree of so many levels has. */
export function leavesOf(levels: number, place: string): number {
  if (levels >= 0 && levels <= MOST_LEVELS) return 2 ** levels;
  return refuse(place, `has ${levels} levels; ${MOST_LEVELS} are read`);
}

/** Nodes of a tree of any shape: for each its split, and its children, which are −1 for the node's own values. */
export interface Nodes {
  readonly count: number;
  /** The number of a node's split. */
  split(node: number): number;
  left(node: number): number;
  right(node: number): number;
  /** Writes the values of a node, which is a leaf, or half of one. */
  values(node: number, to: Float64Array): void;
}

export function anyShape(place: string, splits: Splits, nodes: Nodes): FileTree {
  const { count } = nodes;
  let [current, comparison] = [-1, undefined as Comparison | undefined];
  const at = (node: number) => {
    if (node !== current || comparison === undefined) comparison = splits.at(nodes.split(node), place);
    current = node;
    return comparison;
  };
  // Numbers from `count` on are the nodes' values.
  const child = (node: number, isAbove: boolean) => {
    const found = isAbove !== at(node).isSwapped ? nodes.right(node) : nodes.left(node);
    return found < 0 ? count + node : found;
  };
  return {
    place,
    size: 2 * count,
    root: 0,
    isLeaf: (node) => node >= count || (nodes.left(node) < 0 && nodes.right(node) < 0),
    split: (node) => at(node).split,
    left: (node) => child(node, false),
    right: (node) => child(node, true),
    leaf(node, to) {
      nodes.values(node < count ? node : node - count, to);
      checkFinite(to, place);
    },
  };
}

function checkFinite(values: Float64Array, place: string): void {
  for (const value of values)
    if (!Number.isFinite(value)) refuse(place, `expected finite values of leaves; one is ${value}`);
}
