/** One tree of a text, with its splits in the form of the graph. */
import type { ForwardpassError } from '../../errors.ts';
import { SET_BITS } from '../../graph/graph.ts';
import type { FileTree, Split } from '../trees.ts';
import { integersIn, numbersIn, thresholdsIn } from './numbers.ts';
import type { Fields } from './text.ts';

/** Numbers up to this far from 0 count as 0: 1e-35 as float32. */
export const ZERO = Math.fround(1e-35);

const IS_CATEGORY = 1;
const IS_DEFAULT_LEFT = 2;
const MISSING = { none: 0, zero: 1, nan: 2 };
const MOST_TYPE = 11;
const WORD_BITS = 32;
/** The maximum length of a set: categories below 2^20. */
const MOST_WORDS = 2 ** 15 - 1;

/** What a tree needs from the row. */
export interface RowPart {
  /** The number of features. */
  readonly width: number;
  /** The column for a feature in which zero means missing, with NaN in place of zeros. */
  zeroed(feature: number): number;
  /** Called if a threshold is so close to 0 that numbers close to 0 must become 0. */
  nearZero(): void;
}

/** The linear model of a leaf. */
export interface LinearLeaf {
  readonly constant: number;
  readonly features: Int32Array;
  readonly coefficients: Float64Array;
}

export class TextTree {
  readonly place: string;
  readonly leafCount: number;
  readonly values: Float64Array;
  readonly linear: readonly LinearLeaf[] | undefined;
  readonly #fields: Fields;

  constructor(fields: Fields) {
    this.#fields = fields;
    const leaves = fields.count('num_leaves');
    this.values = numbersIn(fields.text('leaf_value'), `${fields.place}, leaf_value`);
    if (leaves === 0 || leaves !== this.values.length) {
      throw fields.error(`expected ${leaves} numbers, one for each leaf, found ${this.values.length}`, 'leaf_value');
    }
    this.leafCount = leaves;
    this.place = fields.place;
    this.linear = fields.count('is_linear', 0) === 0 ? undefined : linearLeaves(fields, leaves);
  }

  error(message: string): ForwardpassError {
    return this.#fields.error(message);
  }

  /** The tree, with leaves written by `leaf`. */
  with(row: RowPart, leaf: FileTree['leaf']): FileTree {
    const fields = this.#fields;
    const splits = this.leafCount - 1;
    const read = (key: string) => fields.numbers(key, splits, integersIn);
    const features = read('split_feature');
    const thresholds = fields.numbers('threshold', splits, thresholdsIn);
    const types = read('decision_type');
    const [left, right] = [read('left_child'), read('right_child')];
    const sets = setsOf(fields);
    const child = (to: number) => {
      if (to < 0 ? -to <= this.leafCount : to < splits) return to < 0 ? splits - 1 - to : to;
      throw fields.error(
        to < 0
          ? `a split refers to leaf ${-1 - to} of ${this.leafCount}, which does not exist`
          : `a split refers to split ${to} of ${splits}, which does not exist`,
      );
    };
    const split = (node: number): Split => {
      const [feature, threshold, type] = [features[node], thresholds[node], types[node]];
      if (feature < 0 || feature >= row.width)
        throw fields.error(`node ${node} splits by feature ${feature} of ${row.width}, which does not exist`);
      if (type < 0 || type > MOST_TYPE) throw fields.error(`the decision of node ${node} is of type ${type}`);
      if (type & IS_CATEGORY) return { feature, threshold: 0, nanLeft: false, setWords: sets(threshold) };
      const missing = type >> 2;
      const isDefaultLeft = (type & IS_DEFAULT_LEFT) !== 0;
      if (missing === MISSING.zero) return { feature: row.zeroed(feature), threshold, nanLeft: isDefaultLeft };
      if (threshold >= -ZERO && threshold < ZERO) row.nearZero();
      // If nothing counts as missing, NaN is treated as 0.
      return { feature, threshold, nanLeft: missing === MISSING.nan ? isDefaultLeft : threshold >= 0 };
    };
    return {
      place: fields.place,
      size: splits + this.leafCount,
      root: 0,
      isLeaf: (node) => node >= splits,
      split,
      left: (node) => child(left[node]),
      right: (node) => child(right[node]),
      leaf: (node, to) => leaf(node - splits, to),
    };
  }
}

/** The sets of categories that go left; each is created on first use. */
function setsOf(fields: Fields): (place: number) => readonly number[] {
  const count = fields.count('num_cat', 0);
  if (count === 0) {
    return () => {
      throw fields.error('a split compares categories, but the tree has none');
    };
  }
  const bounds = fields.numbers('cat_boundaries', count + 1, integersIn);
  const words = numbersIn(fields.text('cat_threshold'), `${fields.place}, cat_threshold`);
  const isWithin = bounds.every((bound, i) => bound >= (i === 0 ? 0 : bounds[i - 1]) && bound <= words.length);
  if (!isWithin) throw fields.error(`expected increasing bounds within ${words.length} words`, 'cat_boundaries');
  const stray = words.find((word) => !(Number.isInteger(word) && word >= 0 && word < 2 ** WORD_BITS));
  if (stray !== undefined) throw fields.error(`${stray} is not a word of ${WORD_BITS} bits`, 'cat_threshold');
  const made = new Map<number, readonly number[]>();
  return (place) => {
    if (!(Number.isInteger(place) && place >= 0 && place < count)) {
      throw fields.error(`a split uses set ${place} of ${count}, which does not exist`);
    }
    const length = bounds[place + 1] - bounds[place];
    if (length > MOST_WORDS)
      throw fields.error(`a set has ${length} words of ${WORD_BITS} categories; at most ${MOST_WORDS} are supported`);
    const set = made.get(place) ?? halvesOf(words.subarray(bounds[place], bounds[place + 1]));
    made.set(place, set);
    return set;
  };
}

/** Splits words into halves. */
function halvesOf(words: Float64Array): readonly number[] {
  const halves: number[] = [];
  for (const word of words) halves.push(word % 2 ** SET_BITS, Math.floor(word / 2 ** SET_BITS));
  while (halves.at(-1) === 0) halves.pop();
  return halves;
}

function linearLeaves(fields: Fields, leaves: number): readonly LinearLeaf[] {
  const constants = fields.numbers('leaf_const', leaves, numbersIn);
  const counts = fields.numbers('num_features', leaves, integersIn);
  const total = counts.reduce((sum, count) => sum + Math.abs(count), 0);
  const features = fields.numbers('leaf_features', total, integersIn);
  const coefficients = fields.numbers('leaf_coeff', total, numbersIn);
  if (counts.some((count) => count < 0)) throw fields.error('a count is negative', 'num_features');
  let end = 0;
  return Array.from(constants, (constant, leaf) => {
    const start = end;
    end += counts[leaf];
    return { constant, features: features.subarray(start, end), coefficients: coefficients.subarray(start, end) };
  });
}
