/** What nodes of trees compare, as splits of the graph: all of those are `x ≤ threshold`. */
import { ForwardpassError } from '../../../../errors.ts';
import type { Budget } from '../../../../graph/budget.ts';
import { type FileTree, Forest, type Split } from '../../../trees.ts';

/** In the order of TreeEnsemble's numbers. */
export const MODES = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ', 'MEMBER'] as const;
export type Mode = (typeof MODES)[number];

/** `x mode value`; NaN makes it true where `nanIsTrue`, and otherwise is compared like any number. */
export interface Comparison {
  readonly mode: Mode;
  readonly feature: number;
  readonly value: number;
  readonly nanIsTrue: boolean;
  /** Of MEMBER, in place of the value. */
  readonly members?: readonly number[];
}

/** One tree of an operator's attributes. */
export interface AttributeTree {
  readonly place: string;
  readonly size: number;
  readonly root: number;
  /** Nodes that were met, where trees share their numbers. */
  readonly met?: Uint8Array;
  isLeaf(node: number): boolean;
  /** Those that the root leads to, and maybe some more. */
  leaves(): Iterable<number>;
  comparison(node: number): Comparison;
  whenTrue(node: number): number;
  whenFalse(node: number): number;
  /** Gives each weight of a leaf, and what it is added to. */
  weights(node: number, give: (id: number, weight: number) => void): void;
  /** The least and the greatest of what its weights are added to. */
  readonly ids: readonly [least: number, greatest: number];
}

interface Decided {
  readonly split: Split;
  readonly isTrueLeft: boolean;
}

/** Whether values are one of some numbers: a column each, 0 or 1, behind the row's own. */
export class Memberships {
  readonly #places = new Map<string, number>();
  readonly #width: number;
  readonly #isDouble: boolean;
  readonly forest: Forest;

  constructor(budget: Budget, width: number, isDouble: boolean) {
    this.#width = width;
    this.#isDouble = isDouble;
    this.forest = new Forest(budget, width, 1);
  }

  get count(): number {
    return this.#places.size;
  }

  /** The column that says whether the feature is one of the members. */
  columnOf(feature: number, members: readonly number[], nanIsMember: boolean, place: string): number {
    const sorted = [...new Set(members)].sort((a, b) => a - b);
    const key = `${feature} ${nanIsMember} ${sorted.join()}`;
    const column = this.#places.get(key) ?? this.#places.size;
    if (column === this.#places.size) {
      this.#places.set(key, column);
      this.forest.add(membershipTree(feature, sorted, nanIsMember, this.#isDouble, place), column);
    }
    return this.#width + column;
  }
}

/**
 * A tree that is 1 for the members and 0 for all else: its splits halve what members, and the numbers just below them, leave
 * between them.
 */
function membershipTree(
  feature: number,
  sorted: readonly number[],
  nanIsMember: boolean,
  isDouble: boolean,
  place: string,
): FileTree {
  /** Up to threshold i goes what has value i; the last value is for what is above all. */
  const [thresholds, values]: [number[], number[]] = [[], []];
  for (const member of sorted) {
    if (member !== -Infinity) {
      thresholds.push(below(member, isDouble));
      values.push(0);
    }
    thresholds.push(member);
    values.push(1);
  }
  const leaves = values.push(0);
  /** Of node 1 and those after it the values [first, end). The root, 0, parts off NaN, which is the last node. */
  const spans: (readonly [first: number, end: number])[] = [
    [0, 0],
    [0, leaves],
  ];
  const children: (readonly [left: number, right: number])[] = [[1, 2 * leaves]];
  for (let node = 1; node < spans.length; node++) {
    const [first, end] = spans[node];
    children.push([spans.length, spans.length + 1]);
    if (end - first === 1) continue;
    const middle = (first + end) >> 1;
    spans.push([first, middle], [middle, end]);
  }
  const isNan = (node: number) => node === 2 * leaves;
  return {
    place,
    size: 2 * leaves + 1,
    root: 0,
    isLeaf: (node) => isNan(node) || (node > 0 && spans[node][1] - spans[node][0] === 1),
    split(node) {
      const [first, end] = spans[node];
      const threshold = node === 0 ? Infinity : thresholds[((first + end) >> 1) - 1];
      return { feature, threshold, nanLeft: false };
    },
    left: (node) => children[node][0],
    right: (node) => children[node][1],
    leaf(node, to) {
      to[0] = isNan(node) ? Number(nanIsMember) : values[spans[node][0]];
    },
  };
}

/** A tree as `Forest` takes it, its leaves as `leaf` writes them. */
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
    throw new ForwardpassError('MALFORMED', `node ${node} compares feature ${feature} of ${features}`, place);
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
      // Nothing is below −∞, and everything is up to ∞.
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

/** The greatest number of the precision that is less. */
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
