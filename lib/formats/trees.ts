/** Decision trees in the order in which files store them, converted to the nodes of a graph: see `OpAttributes.trees`. */
import { ForwardpassError } from '../errors.ts';
import type { Budget } from '../graph/budget.ts';
import { NODE_FIELDS, type Operand, SET_BITS, SPLITS, type Tensor, type TreeSum } from '../graph/graph.ts';

/** One tree of a file. Nodes are numbers; those that cannot be reached from the root do not count. */
export interface FileTree {
  /** For messages. */
  readonly place: string;
  /** The number of nodes; each node's number is below it. */
  readonly size: number;
  readonly root: number;
  /** Which nodes were visited, if trees share node numbers. */
  readonly met?: Uint8Array;
  isLeaf(node: number): boolean;
  /** What a split compares; for a split by a set, the set. */
  split(node: number): Split;
  left(node: number): number;
  right(node: number): number;
  /** Writes the values of a leaf. */
  leaf(node: number, to: Float64Array): void;
}

export interface Split {
  readonly feature: number;
  readonly threshold: number;
  readonly nanLeft: boolean;
  /** Members of the set that goes left; `threshold` is then ignored. */
  readonly set?: readonly number[];
  /** The same as words of {@link SET_BITS} bits, lowest first; the last word is not 0. */
  readonly setWords?: readonly number[];
}

/** The size of a part while nodes are collected. */
const [FIRST_PART, LARGEST_PART] = [2 ** 10, 2 ** 17];

/** The memory of a number in a set: in the set, among all sets, and in the key by which equal sets are found. */
const WORD_BYTES = 32;

export class Forest {
  readonly #budget: Budget;
  readonly #width: number;
  readonly #features: number;
  readonly #isLinear: boolean;
  readonly #nodes = new Growing();
  readonly #leaves = new Growing();
  readonly #sets: number[] = [];
  readonly #setPlaces = new Map<string, number>();
  /** Sets that several splits share. */
  readonly #metSets = new WeakMap<readonly number[], number>();
  readonly #targets: number[] = [];
  #leafCount = 0;
  #helpers = 0;

  /**
   * Trees on `features` features, with `width` values for each leaf. `isLinear`: each leaf has its own numbers in the
   * file, a few bytes for it and its split, so that what is made from them is not charged.
   */
  constructor(budget: Budget, features: number, width: number, isLinear = false) {
    this.#budget = budget;
    this.#features = features;
    this.#width = width;
    this.#isLinear = isLinear;
  }

  /**
   * Reserves memory for these trees and `leavesAlone` single leaves, which avoids copies. Must be called before they
   * are added.
   */
  expect(trees: readonly Pick<FileTree, 'size'>[], leavesAlone = 0): void {
    let [nodes, leaves] = [leavesAlone, leavesAlone];
    for (const { size } of trees) {
      nodes += size;
      // One more leaf than there are splits.
      leaves += (size + 1) >> 1;
    }
    this.#nodes.expect(NODE_FIELDS * nodes);
    this.#leaves.expect(this.#width * leaves);
  }

  /**
   * The start values of the outputs, as a single leaf that is not a tree of the file. Must be called before trees are
   * added.
   */
  begin(values: readonly number[], target = 0): void {
    this.#helpers++;
    this.addLeaf(values, target);
  }

  /** A tree of only a leaf, with these values. */
  addLeaf(values: readonly number[], target = 0): void {
    this.#targets.push(target);
    this.#nodes.pushNode(-1, 0, 0);
    this.#leafCount++;
    for (const value of values) this.#leaves.push(value);
  }

  /** A tree whose values are added to the outputs from `target` on. Throws `MALFORMED` if it is not a valid tree. */
  add(tree: FileTree, target = 0): void {
    this.#targets.push(target);
    const seen = tree.met ?? new Uint8Array(tree.size);
    const values = new Float64Array(this.#width);
    const stack = [tree.root];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (!(Number.isInteger(node) && node >= 0 && node < tree.size)) {
        throw malformed(tree, `a split refers to node ${node} of ${tree.size}, which does not exist`);
      }
      if (seen[node] !== 0) throw malformed(tree, `two paths lead to node ${node}`);
      seen[node] = 1;
      if (!tree.isLeaf(node)) {
        this.#addSplit(tree, node);
        stack.push(tree.right(node), tree.left(node));
        continue;
      }
      tree.leaf(node, values);
      this.#nodes.pushNode(-1, 0, 0);
      this.#leafCount++;
      for (let k = 0; k < values.length; k++) this.#leaves.push(values[k]);
    }
  }

  #addSplit(tree: FileTree, node: number): void {
    const { feature, threshold, nanLeft, set, setWords } = tree.split(node);
    if (!(Number.isInteger(feature) && feature >= 0 && feature < this.#features)) {
      throw malformed(tree, `node ${node} splits by feature ${feature} of ${this.#features}, which does not exist`);
    }
    const members = setWords ?? set;
    if (members !== undefined) {
      const place = this.#metSets.get(members) ?? this.#placeOf(setWords ?? this.#wordsOf(members, tree), tree);
      this.#metSets.set(members, place);
      this.#nodes.pushNode(feature, place, nanLeft ? SPLITS.in_set_or_nan : SPLITS.in_set);
      return;
    }
    if (Number.isNaN(threshold)) throw malformed(tree, `the threshold of node ${node} is NaN`);
    this.#nodes.pushNode(feature, threshold, nanLeft ? SPLITS.at_most_or_nan : SPLITS.at_most);
  }

  #wordsOf(members: readonly number[], tree: FileTree): readonly number[] {
    const words: number[] = [];
    for (const member of members) {
      const word = Math.floor(member / SET_BITS);
      while (words.length <= word) {
        this.#budget.build(WORD_BYTES, tree.place);
        words.push(0);
      }
      words[word] |= 1 << (member % SET_BITS);
    }
    return words;
  }

  /** Where the set begins among the sets; equal sets are stored once. */
  #placeOf(words: readonly number[], tree: FileTree): number {
    if (words.length >= 2 ** SET_BITS)
      throw malformed(tree, `a set has the member ${SET_BITS * words.length - 1}, which is too large`);
    const key = words.join();
    let place = this.#setPlaces.get(key);
    if (place === undefined) {
      place = this.#sets.push(words.length) - 1;
      for (const word of words) this.#sets.push(word);
      this.#setPlaces.set(key, place);
    }
    return place;
  }

  /** The number of trees. */
  get count(): number {
    return this.#targets.length;
  }

  /**
   * The operands of the node after the row, and its attributes. `ofFile` says whether the trees include some of the
   * file's.
   */
  build(sum: TreeSum, outputs: number, divisor: number, ofFile = true) {
    const nodes = this.#nodes.array();
    const leaves = this.#leaves.array();
    const sets = Float64Array.from(this.#sets);
    if (this.#isLinear) for (const array of [nodes, leaves]) this.#budget.isNew(array);
    const operands: Operand[] = [
      { shape: [nodes.length / NODE_FIELDS, NODE_FIELDS], data: nodes },
      { shape: [this.#leafCount, this.#width], data: leaves },
    ];
    if (sets.length > 0) operands.push({ shape: [sets.length], data: sets });
    const isSum = sum !== 'none';
    const targets = Int32Array.from(isSum ? this.#targets : []);
    const helpers = ofFile ? this.#helpers : this.count;
    const attributes = { sum, outputs: isSum ? outputs : 0, targets, divisor, ...(helpers > 0 && { helpers }) };
    return { operands, attributes };
  }
}

function malformed(tree: FileTree, message: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, tree.place);
}

/** A growing list of numbers, in parts of which only the last has free space. */
class Growing {
  readonly #full: Float64Array[] = [];
  #last = new Float64Array(FIRST_PART);
  #length = 0;

  /** Reserves memory; must be called while the list is empty. */
  expect(count: number): void {
    this.#last = new Float64Array(Math.max(FIRST_PART, count));
  }

  push(value: number): void {
    if (this.#length === this.#last.length) this.#grow();
    this.#last[this.#length++] = value;
  }

  /** Adds {@link NODE_FIELDS} numbers; an array contains only nodes, or only other numbers. */
  pushNode(feature: number, threshold: number, kind: number): void {
    if (this.#length + NODE_FIELDS > this.#last.length) this.#grow();
    const last = this.#last;
    const at = this.#length;
    last[at] = feature;
    last[at + 1] = threshold;
    last[at + 2] = kind;
    this.#length = at + NODE_FIELDS;
  }

  #grow(): void {
    this.#full.push(this.#last.subarray(0, this.#length));
    this.#last = new Float64Array(Math.min(2 * this.#last.length, LARGEST_PART));
    this.#length = 0;
  }

  array(): Float64Array {
    if (this.#full.length === 0 && this.#length === this.#last.length) return this.#last;
    const all = new Float64Array(this.#full.reduce((sum, part) => sum + part.length, this.#length));
    let at = 0;
    for (const part of this.#full) {
      all.set(part, at);
      at += part.length;
    }
    all.set(this.#last.subarray(0, this.#length), at);
    return all;
  }
}

/** The features that trees use, in order, and the trees for a row of only these. */
export function onUsedFeatures({ shape, data }: Tensor, width: number): { features: number[]; nodes: Tensor } {
  const places = new Int32Array(width).fill(-1);
  for (let at = 0; at < data.length; at += NODE_FIELDS) if (data[at] >= 0) places[data[at]] = 0;
  const features = Array.from(places.keys()).filter((feature) => places[feature] === 0);
  if (features.length === 0) features.push(0);
  for (const [place, feature] of features.entries()) places[feature] = place;
  const moved = data.map((value, at) => (at % NODE_FIELDS === 0 && value >= 0 ? places[value] : value));
  return { features, nodes: { shape, data: moved } };
}
