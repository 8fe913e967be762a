/** The sum of each output for a row, from trees or a linear model: added in order in float32, like in XGBoost. */
import { ForwardpassError } from '../../errors.ts';
import { iterationsUsed, refuseIterations } from '../iterations.ts';
import { absentAsNan } from '../sklearn/absent.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import { single } from '../sklearn/single.ts';
import { type FileTree, Forest } from '../trees.ts';
import { withCodes } from './categories.ts';
import { nextDown } from './float32.ts';
import type { Linear, Trees, XgboostModel, XgboostTree } from './model.ts';
import { isSince, margins } from './objectives.ts';

export interface Rows {
  /** The number that counts as missing, besides NaN. */
  readonly missing?: number;
  /** Whether infinities are compared instead of refused. */
  readonly infinite?: boolean;
  /** How many rounds to use, from the first on; all of them by default. */
  readonly rounds?: number;
  /** Whether prediction is in place, as in XGBoost's scikit-learn classes since 1.4. */
  readonly inPlace?: boolean;
}

/** The sums, as float32 numbers in a graph of float64. */
export function sums(model: XgboostModel, emitter: Emitter, x: RowVector, rows: Rows): RowVector {
  if (x.width !== model.features) {
    throw new ForwardpassError('SHAPE', `expected ${model.features} features, found ${x.width}`, 'num_feature');
  }
  const row = withCodes(model, emitter, x);
  const prepare = (row: RowVector) => inputOf(emitter, row, rows);
  const begin = margins(model);
  const { booster } = model;
  if (booster.kind === 'linear') return linear(booster, model, emitter, prepare(row), begin);
  const all = roundsOf(booster, model.outputs);
  emitter.boosted(model.objective, Math.min(rows.rounds ?? all, all), all);
  const bases = rows.inPlace ? basesOf(model, begin) : undefined;
  return treeSums(booster, emitter, row, prepare, begin, bases, rows.rounds);
}

/** The row as float32, where NaN means missing. */
function inputOf(emitter: Emitter, x: RowVector, { missing = Number.NaN, infinite = false }: Rows): RowVector {
  emitter.cells.takesMissing = true;
  const row = single(emitter, absentAsNan(emitter, x));
  const marker = Math.fround(missing);
  const known = Number.isNaN(marker) ? row : emitter.select(emitter.binary('equal', row, marker), Number.NaN, row);
  return infinite ? known : emitter.requireFinite(known, true);
}

/**
 * In-place prediction of a tree with a weight added the base score and then subtracted it, which in float32 changes the
 * leaf's value. Not since 3.3.
 */
function basesOf({ version }: XgboostModel, begin: readonly number[]): readonly number[] | undefined {
  if (!isSince(version, 1, 4) || isSince(version, 3, 3)) return undefined;
  return isSince(version, 3, 1) ? begin : begin.map(() => begin[0]);
}

function treeSums(
  booster: Trees,
  emitter: Emitter,
  x: RowVector,
  prepare: (row: RowVector) => RowVector,
  begin: readonly number[],
  bases?: readonly number[],
  rounds?: number,
): RowVector {
  const { trees, groups, weights } = booster;
  if (groups.length !== trees.length || (weights !== undefined && weights.length !== trees.length)) {
    const found = `${groups.length} outputs${weights ? ` and ${weights.length} weights` : ''}`;
    throw new ForwardpassError('MALFORMED', `has ${trees.length} trees, but ${found} of them`, 'tree_info');
  }
  const count = rounds === undefined ? trees.length : treesOf(booster, rounds, begin.length);
  const columns = categoryColumns(trees.slice(0, count), x.width);
  const isPlain = columns.size === 0;
  const row = isPlain ? x : withCategories(emitter, prepare(x), columns);
  const forest = new Forest(emitter.budget, row.width, 1);
  for (const [output, margin] of begin.entries()) forest.begin([margin], output);
  for (let t = 0; t < count; t++) {
    const output = groups[t];
    if (!(Number.isInteger(output) && output >= 0 && output < begin.length)) {
      throw new ForwardpassError(
        'MALFORMED',
        `adds to output ${output} of ${begin.length}, which does not exist`,
        trees[t].place,
      );
    }
    const weight = weights === undefined ? undefined : { factor: Math.fround(weights[t]), base: bases?.[output] };
    forest.add(fileTree(trees[t], weight, columns), output);
  }
  return emitter.trees(row, forest, 'float32', begin.length, 1, isPlain ? prepare : undefined);
}

function roundsOf({ trees, parallel, rounds }: Trees, outputs: number): number {
  return rounds === undefined ? Math.ceil(trees.length / (outputs * parallel)) : rounds.length - 1;
}

/**
 * The number of rounds that `numIteration` requests, if it is given. Throws `OPTION` if there are fewer, or no rounds.
 */
export function roundsAsked({ booster, outputs }: XgboostModel, asked: number | undefined): number | undefined {
  if (asked === undefined) return undefined;
  if (booster.kind === 'linear')
    throw refuseIterations('only applies to boosted trees; the booster is a linear model (gblinear)');
  return iterationsUsed(asked, roundsOf(booster, outputs));
}

/** The number of trees in the first `count` rounds. */
function treesOf({ trees, parallel, rounds }: Trees, count: number, outputs: number): number {
  const end = rounds === undefined ? count * outputs * parallel : (rounds[count] ?? trees.length);
  if (Number.isInteger(end) && end >= 0) return Math.min(trees.length, end);
  throw new ForwardpassError('MALFORMED', `declares ${end} trees in ${count} rounds`, 'iteration_indptr');
}

/** For each feature that some tree splits by categories, the column that contains its categories. */
type Columns = ReadonlyMap<number, number>;

function categoryColumns(trees: readonly XgboostTree[], width: number): Columns {
  const columns = new Map<number, number>();
  for (const { features, categories } of trees) {
    for (const node of categories.keys()) {
      const feature = features[node];
      if (!columns.has(feature) && feature < width) columns.set(feature, width + columns.size);
    }
  }
  return columns;
}

/** Columns of categories are repeated, with −1 for negative values: −0.5 is not category 0. */
function withCategories(emitter: Emitter, x: RowVector, columns: Columns): RowVector {
  const categories = emitter.gather(x, [...columns.keys()]);
  return emitter.concat([x, emitter.select(emitter.binary('less', categories, 0), -1, categories)]);
}

interface Weight {
  readonly factor: number;
  /** The value that is added to a leaf and then subtracted. */
  readonly base?: number;
}

function fileTree(tree: XgboostTree, weight: Weight | undefined, columns: Columns): FileTree {
  const { left, right, features, conditions, defaultLeft, categories } = tree;
  // Members of a set go left here; in the file they go right.
  const isSet = (node: number) => categories.has(node);
  return {
    place: tree.place,
    size: left.length,
    root: 0,
    isLeaf: (node) => left[node] === -1,
    split(node) {
      const set = categories.get(node);
      const nanLeft = defaultLeft[node] !== 0;
      const [feature, threshold] = [features[node], nextDown(Math.fround(conditions[node]))];
      if (set === undefined) return { feature, threshold, nanLeft };
      return { feature: columns.get(feature) ?? feature, threshold: 0, nanLeft: !nanLeft, set };
    },
    left: (node) => (isSet(node) ? right[node] : left[node]),
    right: (node) => (isSet(node) ? left[node] : right[node]),
    leaf(node, to) {
      to[0] = weighted(Math.fround(conditions[node]), weight);
    },
  };
}

function weighted(leaf: number, weight: Weight | undefined): number {
  if (weight === undefined) return leaf;
  const { factor, base } = weight;
  return Math.fround((base === undefined ? leaf : Math.fround(Math.fround(base + leaf) - base)) * factor);
}

/** Feature by feature, rounding each product and each sum; missing values add nothing. */
function linear(
  { weights }: Linear,
  model: XgboostModel,
  emitter: Emitter,
  x: RowVector,
  begin: readonly number[],
): RowVector {
  const { features, outputs } = model;
  if (weights.length !== (features + 1) * outputs) {
    const message = `expected ${features + 1} weights for each of ${outputs} outputs, found ${weights.length}`;
    throw new ForwardpassError('SHAPE', message, 'weights');
  }
  emitter.budget.buildElements(features * outputs, 'weights');
  const weight = (feature: number, output: number) => Math.fround(weights[feature * outputs + output]);
  const factors = new Float64Array(features * outputs);
  for (let k = 0; k < outputs; k++) for (let f = 0; f < features; f++) factors[k * features + f] = weight(f, k);
  const bias = Float64Array.from(begin, (margin, k) => Math.fround(weight(features, k) + margin));
  const products = emitter.emit('binary', [x.operand, { shape: [outputs, features], data: factors }], { fn: 'mul' });
  const { operand: rounded } = single(emitter, { operand: products, width: features * outputs });
  const isMissing = emitter.unary(x, 'is_nan').operand;
  // Adding −0 changes neither a sum nor its sign.
  const terms = emitter.emit('select', [isMissing, { shape: [], data: Float64Array.of(-0) }, rounded], {});
  const parts = emitter.emit('concat', [{ shape: [outputs, 1], data: bias }, terms], { axis: 1 });
  const sum = emitter.emit('reduce', [parts], { fn: 'sum_float32', axes: [1], keepDims: false });
  return { operand: sum, width: outputs };
}
