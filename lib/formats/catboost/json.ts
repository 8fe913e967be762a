/** The JSON form of a model (`save_model(…, format='json')`), in which every field has a name. */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { describe } from '../../messages.ts';
import { latin1, utf8 } from '../../platform/text.ts';
import { count, type Fields, fields, list, number, oneOf, refuse, text, truth, whole } from '../containers/checks.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import type { FileTree } from '../trees.ts';
import { checkDimensions, type FileFeature, hashesOf, rowOf } from './features.ts';
import { infoOf } from './info.ts';
import type { CatboostModel } from './model.ts';
import { ctrRefused, estimatedRefused, type FloatFeature, type OneHotFeature, Splits } from './splits.ts';
import { anyShape, leavesOf, symmetric } from './trees.ts';

export function fromJson(bytes: Uint8Array, budget: Budget, place: string): CatboostModel {
  const root = fields(parse(bytes, budget, place), place);
  const info = fields(root.model_info ?? {}, 'model_info');
  const { all, splits } = featuresOf(fields(root.features_info, 'features_info'));
  const isSymmetric = Object.hasOwn(root, 'oblivious_trees');
  const name = isSymmetric ? 'oblivious_trees' : 'trees';
  const trees = list(fields)(root[name] ?? [], name);
  const dimensions = trees.length === 0 ? 1 : isSymmetric ? symmetricWidth(trees[0]) : widthOf(trees[0]);
  checkDimensions(dimensions, budget, name);
  return {
    ...rowOf(all, budget),
    splits,
    dimensions,
    ...scaleAndBias(root.scale_and_bias),
    info: infoOf((key) => (Object.hasOwn(info, key) ? info[key] : undefined), dimensions, budget),
    treeCount: trees.length,
    trees: (coded) => (isSymmetric ? symmetricTrees : treesOfAnyShape)(trees, coded, dimensions),
  };
}

function parse(bytes: Uint8Array, budget: Budget, place: string): unknown {
  spendOnJson(latin1(bytes), budget, place, 'common');
  try {
    return JSON.parse(utf8(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ForwardpassError('MALFORMED', `is not the JSON of a model: ${reason}`, place);
  }
}

/** CatBoost writes null for an empty list. */
function listOf<T>(check: (value: unknown, place: string) => T): (value: unknown, place: string) => readonly T[] {
  return (value, place) => (value === undefined || value === null ? [] : list(check)(value, place));
}

function featuresOf(info: Fields) {
  const at = (name: string) => `features_info.${name}`;
  const floats = listOf(floatFeature)(info.float_features, at('float_features'));
  const categorical = listOf(categoricalFeature)(info.categorical_features, at('categorical_features'));
  const others = ['text_features', 'embedding_features'].flatMap((name) => listOf(feature)(info[name], at(name)));
  const all: readonly FileFeature[] = [...floats, ...categorical, ...others];
  return { all, splits: new Splits(floats, categorical) };
}

function feature(value: unknown, place: string): FileFeature & { readonly index: number } {
  const known = fields(value, place);
  // The feature's number in the training data, or else its name there.
  const names = [known.feature_id, known.feature_name].filter((name) => name !== undefined && name !== '');
  return {
    place,
    index: count(known.feature_index, `${place}.feature_index`),
    column: count(known.flat_feature_index, `${place}.flat_feature_index`),
    name: names.length === 0 ? '' : text(names[0], `${place}.feature_id`),
  };
}

function floatFeature(value: unknown, place: string): FloatFeature & FileFeature {
  const known = fields(value, place);
  const { nan_value_treatment: nan = 'AsIs', has_nans: hasNan = false } = known;
  const treatment = oneOf(['AsIs', 'AsFalse', 'AsTrue'])(nan, `${place}.nan_value_treatment`);
  return {
    ...feature(value, place),
    borders: listOf(number)(known.borders, `${place}.borders`),
    isNanAbove: truth(hasNan, `${place}.has_nans`) && treatment === 'AsTrue',
  };
}

function categoricalFeature(value: unknown, place: string): OneHotFeature & FileFeature {
  const values = listOf(whole)(fields(value, place).values, `${place}.values`);
  return { ...feature(value, place), hashes: hashesOf(values, `${place}.values`) };
}

function scaleAndBias(value: unknown): { readonly scale: number; readonly bias: readonly number[] } {
  // Before CatBoost 0.24, sums had no scale and bias.
  if (value === undefined) return { scale: 1, bias: [] };
  const place = 'scale_and_bias';
  if (!Array.isArray(value) || value.length !== 2) {
    return refuse(place, `expected a scale and a bias, found ${describe(value)}`);
  }
  const [scale, bias]: unknown[] = value;
  const biases = typeof bias === 'number' ? [bias] : listOf(number)(bias, `${place}[1]`);
  return { scale: number(scale, `${place}[0]`), bias: biases };
}

function symmetricWidth(tree: Fields): number {
  const place = 'oblivious_trees[0]';
  const levels = listOf(fields)(tree.splits, `${place}.splits`).length;
  const width = listOf(number)(tree.leaf_values, `${place}.leaf_values`).length / leavesOf(levels, place);
  return Number.isInteger(width) && width > 0
    ? width
    : refuse(place, `has ${levels} levels, but not values for each leaf`);
}

function* symmetricTrees(trees: readonly Fields[], splits: Splits, dimensions: number): Iterable<FileTree> {
  for (const [i, tree] of trees.entries()) {
    const place = `oblivious_trees[${i}]`;
    const numbers = listOf((split, at) => numberOf(split, splits, at))(tree.splits, `${place}.splits`);
    const values = listOf(number)(tree.leaf_values, `${place}.leaf_values`);
    const expected = dimensions * leavesOf(numbers.length, place);
    if (values.length !== expected) refuse(place, `expected ${expected} values of leaves, found ${values.length}`);
    yield symmetric(place, splits, numbers, (leaf, to) => {
      for (let k = 0; k < dimensions; k++) to[k] = values[dimensions * leaf + k];
    });
  }
}

/** The number of a split, which is all that CatBoost itself uses. The split's other fields must agree with it. */
function numberOf(value: unknown, splits: Splits, place: string): number {
  const split = fields(value, place);
  const type = text(split.split_type, `${place}.split_type`);
  if (type === 'OnlineCtr') throw ctrRefused(place);
  if (type === 'EstimatedFeature') throw estimatedRefused(place);
  const found = count(split.split_index, `${place}.split_index`);
  if (!splits.says(found, split)) {
    refuse(
      place,
      `is split ${found}, but features_info describes a different split with that number: the file contradicts itself`,
    );
  }
  return found;
}

/** A nested tree: a leaf, or a split with its two subtrees. */
interface Nested {
  readonly numbers: number[];
  readonly left: number[];
  readonly right: number[];
  /** The values of leaves; undefined for splits. */
  readonly values: (readonly number[] | undefined)[];
}

function widthOf(tree: Fields): number {
  let [node, place] = [tree, 'trees[0]'];
  while (!Object.hasOwn(node, 'value')) {
    place = 'a leaf of trees[0]';
    node = fields(node.left, place);
  }
  return leafValues(node.value, place).length;
}

function leafValues(value: unknown, place: string): readonly number[] {
  const values = typeof value === 'number' ? [value] : list(number)(value, `${place}.value`);
  return values.length > 0 ? values : refuse(place, 'has a leaf without values');
}

function* treesOfAnyShape(trees: readonly Fields[], splits: Splits, dimensions: number): Iterable<FileTree> {
  for (const [i, tree] of trees.entries()) {
    const place = `trees[${i}]`;
    const { numbers, left, right, values } = unnested(tree, splits, dimensions, place);
    yield anyShape(place, splits, {
      count: numbers.length,
      split: (node) => numbers[node],
      left: (node) => left[node],
      right: (node) => right[node],
      values: (node, to) => {
        const own = values[node] ?? refuse(place, `node ${node} is not a leaf`);
        for (let k = 0; k < dimensions; k++) to[k] = own[k];
      },
    });
  }
}

function unnested(tree: Fields, splits: Splits, dimensions: number, place: string): Nested {
  const nested: Nested = { numbers: [], left: [], right: [], values: [] };
  const { numbers, left, right, values } = nested;
  const stack: { node: Fields; children?: number[]; parent: number }[] = [{ node: tree, parent: -1 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, children, parent } = next;
    const own = numbers.length;
    const at = own === 0 ? place : `${place}, node ${own}`;
    if (children !== undefined) children[parent] = own;
    left.push(-1);
    right.push(-1);
    if (Object.hasOwn(node, 'value')) {
      const found = leafValues(node.value, at);
      if (found.length !== dimensions) refuse(at, `expected ${dimensions} values of a leaf, found ${found.length}`);
      numbers.push(0);
      values.push(found);
      continue;
    }
    numbers.push(numberOf(node.split, splits, at));
    values.push(undefined);
    stack.push({ node: fields(node.right, `${at}.right`), children: right, parent: own });
    stack.push({ node: fields(node.left, `${at}.left`), children: left, parent: own });
  }
  return nested;
}
