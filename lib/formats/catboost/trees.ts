/** The trees of a file, of either shape, in the form that all formats share. */
import { refuse } from '../containers/checks.ts';
import type { FileTree } from '../trees.ts';
import type { Comparison, Splits } from './splits.ts';

/** Deeper trees would have more leaves than any file can hold. */
const MOST_LEVELS = 30;

/**
 * A symmetric tree: all nodes of a level have the same split, and the results of the levels are the binary digits of
 * the leaf's number, lowest first. `leaf` writes the values of a leaf.
 */
export function symmetric(place: string, splits: Splits, numbers: readonly number[], leaf: FileTree['leaf']): FileTree {
  const levels = numbers.map((number) => splits.at(number, place));
  const levelOf = (node: number) => 31 - Math.clz32(node + 1);
  const leaves = 1 << levels.length;
  // Node 0 is the root; level k begins at 2^k − 1, and its nodes are numbered like leaves, by their lowest k digits.
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

/** How many leaves a symmetric tree with this many levels has. */
export function leavesOf(levels: number, place: string): number {
  if (levels >= 0 && levels <= MOST_LEVELS) return 2 ** levels;
  return refuse(place, `has ${levels} levels; at most ${MOST_LEVELS} are supported`);
}

/** Nodes of a tree of any shape: for each its split and its children; a child of −1 is the node's own leaf. */
export interface Nodes {
  readonly count: number;
  /** The number of the node's split. */
  split(node: number): number;
  left(node: number): number;
  right(node: number): number;
  /** Writes the values of a node that is a leaf, or has one in place of a child. */
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
  // Numbers from `count` on refer to the nodes' own values.
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
