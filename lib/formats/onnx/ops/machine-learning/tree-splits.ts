/** The comparisons of tree nodes, translated to splits of the graph, which are all `x ≤ threshold`. */

import { ForwardpassError } from '../../../../errors.ts';
import type { Budget } from '../../../../graph/budget.ts';
import { latin1 } from '../../../../platform/text.ts';
import { type FileTree, Forest, type Split } from '../../../trees.ts';

/** In the order of TreeEnsemble's numbers. */
export const MODES = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ', 'MEMBER'] as const;
export type Mode = (typeof MODES)[number];

/** `x mode value`; NaN gives true if `nanIsTrue` is set, and otherwise compares like any number. */
export interface Comparison {
  readonly mode: Mode;
  readonly feature: number;
  readonly value: number;
  readonly nanIsTrue: boolean;
  /** For MEMBER, in place of the value. */
  readonly members?: readonly number[];
}

/** The memory of a tree until it is part of a forest. */
export const TREE_BYTES = 1024;

/** One tree of an operator's attributes. */
export interface AttributeTree {
  readonly place: string;
  readonly size: number;
  readonly root: number;
  /** Nodes that were visited, if trees share their node numbers. */
  readonly met?: Uint8Array;
  isLeaf(node: number): boolean;
  /** The leaves reached from the root, possibly with others. */
  leaves(): Iterable<number>;
  comparison(node: number): Comparison;
  whenTrue(node: number): number;
  whenFalse(node: number): number;
  /** Calls `give` with each weight of a leaf and its target. */
  weights(node: number, give: (id: number, weight: number) => void): void;
  /** The lowest and highest target of the weights. */
  readonly ids: readonly [least: number, greatest: number];
}

interface Decided {
  readonly split: Split;
  readonly isTrueLeft: boolean;
}

/** The memory of a set, and of each of its members, for which the engine makes at least two splits. */
const SET_BYTES = 512;
const MEMBER_BYTES = 128;

/** Tests whether values are in a set of numbers: one column for each test, 0 or 1, after the row's own. */
export class Memberships {
  readonly #places = new Map<string, number>();
  readonly #budget: Budget;
  readonly #width: number;
  readonly #isDouble: boolean;
  readonly forest: Forest;

  constructor(budget: Budget, width: number, isDouble: boolean) {
    this.#budget = budget;
    this.#width = width;
    this.#isDouble = isDouble;
    this.forest = new Forest(budget, width, 1);
  }

  get count(): number {
    return this.#places.size;
  }

  /** The column of the test whether the feature is one of the members. */
  columnOf(feature: number, members: readonly number[], nanIsMember: boolean, place: string): number {
    const sorted = distinct(members);
    const bytes = latin1(new Uint8Array(sorted.buffer, 0, sorted.byteLength));
    const key = `${feature} ${nanIsMember} ${bytes}`;
    const column = this.#places.get(key) ?? this.#places.size;
    if (column === this.#places.size) {
      this.#budget.build(SET_BYTES + MEMBER_BYTES * sorted.length, place);
      this.#places.set(key, column);
      this.forest.add(membershipTree(feature, sorted, nanIsMember, this.#isDouble, place), column);
    }
    return this.#width + column;
  }
}

/** Sorted and without duplicates; 0 and −0 are equal. */
function distinct(members: readonly number[]): Float64Array {
  const sorted = Float64Array.from(members, (member) => member + 0).sort();
  let count = 0;
  for (const member of sorted) if (count === 0 || member !== sorted[count - 1]) sorted[count++] = member;
  return sorted.slice(0, count);
}

/**
 * A tree that gives 1 for the members and 0 otherwise: its splits bisect the intervals between the members and the
 * numbers just below them.
 */
function membershipTree(
  feature: number,
  sorted: Float64Array,
  nanIsMember: boolean,
  isDouble: boolean,
  place: string,
): FileTree {
  /** Values up to threshold i go to value i; the last value is for everything above. */
  const thresholds = new Float64Array(2 * sorted.length);
  const values = new Uint8Array(2 * sorted.length + 1);
  let count = 0;
  for (const member of sorted) {
    if (member !== -Infinity) thresholds[count++] = below(member, isDouble);
    values[count] = 1;
    thresholds[count++] = member;
  }
  const leaves = count + 1;
  /**
   * The values [first, end) of node 1 and the following nodes. The root, 0, separates NaN, which goes to the last node.
   */
  const firsts = new Int32Array(2 * leaves);
  const ends = new Int32Array(2 * leaves);
  /** The left child; the right one follows it. */
  const children = new Int32Array(2 * leaves);
  ends[1] = leaves;
  for (let node = 1, made = 2; node < made; node++) {
    const [first, end] = [firsts[node], ends[node]];
    children[node] = made;
    if (end - first === 1) continue;
    const middle = (first + end) >> 1;
    [firsts[made], ends[made], firsts[made + 1], ends[made + 1]] = [first, middle, middle, end];
    made += 2;
  }
  const isNan = (node: number) => node === 2 * leaves;
  return {
    place,
    size: 2 * leaves + 1,
    root: 0,
    isLeaf: (node) => isNan(node) || (node > 0 && ends[node] - firsts[node] === 1),
    split(node) {
      const threshold = node === 0 ? Infinity : thresholds[((firsts[node] + ends[node]) >> 1) - 1];
      return { feature, threshold, nanLeft: false };
    },
    left: (node) => (node === 0 ? 1 : children[node]),
    right: (node) => (node === 0 ? 2 * leaves : children[node] + 1),
    leaf(node, to) {
      to[0] = isNan(node) ? Number(nanIsMember) : values[firsts[node]];
    },
  };
}

/** A tree in the form that `Forest` takes, with leaves written by `leaf`. */
export function asFileTree(
  tree: AttributeTree,
  memberships: Memberships,
  features: number,
  isDouble: boolean,
  leaf: FileTree['leaf'],
): FileTree {
  let [known, decided]: [number, Decided | undefined] = [-1, undefined];
  const decide = (node: number): Decided => {
    if (node === known && decided !== undefined) return decided;
    const comparison = tree.comparison(node);
    check(comparison, node, features, tree.place);
    [known, decided] = [node, decisionOf(comparison, isDouble, memberships, tree.place)];
    return decided;
  };
  return {
    place: tree.place,
    size: tree.size,
    root: tree.root,
    met: tree.met,
    isLeaf: tree.isLeaf,
    split: (node) => decide(node).split,
    left: (node) => (decide(node).isTrueLeft ? tree.whenTrue(node) : tree.whenFalse(node)),
    right: (node) => (decide(node).isTrueLeft ? tree.whenFalse(node) : tree.whenTrue(node)),
    leaf,
  };
}

function check({ feature, value, members }: Comparison, node: number, features: number, place: string): void {
  if (!(Number.isInteger(feature) && feature >= 0 && feature < features)) {
    throw new ForwardpassError(
      'MALFORMED',
      `node ${node} compares feature ${feature} of ${features}, which does not exist`,
      place,
    );
  }
  if (members === undefined && Number.isNaN(value)) {
    throw new ForwardpassError('MALFORMED', `node ${node} compares with NaN`, place);
  }
}

function decisionOf(comparison: Comparison, isDouble: boolean, memberships: Memberships, place: string): Decided {
  const { mode, feature, value, nanIsTrue, members = [value] } = comparison;
  const upTo = (threshold: number, isTrueLeft: boolean): Decided => ({
    split: { feature, threshold, nanLeft: nanIsTrue === isTrueLeft },
    isTrueLeft,
  });
  switch (mode) {
    case 'LEQ':
      return upTo(value, true);
    case 'GT':
      return upTo(value, false);
    case 'LT':
      // Nothing is below −∞, and everything is at or below ∞.
      return value === -Infinity ? upTo(Infinity, false) : upTo(below(value, isDouble), true);
    case 'GTE':
      return value === -Infinity ? upTo(Infinity, true) : upTo(below(value, isDouble), false);
    case 'EQ':
    case 'MEMBER': {
      const column = memberships.columnOf(feature, members, nanIsTrue, place);
      return { split: { feature: column, threshold: 0.5, nanLeft: false }, isTrueLeft: false };
    }
    case 'NEQ': {
      // NaN is unequal to everything.
      const column = memberships.columnOf(feature, members, false, place);
      return { split: { feature: column, threshold: 0.5, nanLeft: false }, isTrueLeft: true };
    }
  }
}

const float = new Float32Array(1);
const floatBits = new Int32Array(float.buffer);
const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);

/** The next lower number of the precision. */
function below(value: number, isDouble: boolean): number {
  if (value === 0) return isDouble ? -Number.MIN_VALUE : -(2 ** -149);
  if (isDouble) {
    double[0] = value;
    doubleBits[0] += value > 0 ? -1n : 1n;
    return double[0];
  }
  float[0] = value;
  floatBits[0] += value > 0 ? -1 : 1;
  return float[0];
}
