/** The JSON of a model, of 1.0 to 3.x, which is also what UBJSON holds. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { describe } from '../../words.ts';
import { type Fields, fields, list, refuse, text } from '../containers/checks.ts';
import type { Linear, Trees, XgboostModel, XgboostTree } from './model.ts';

export function fromSchema(value: unknown, budget: Budget): XgboostModel {
  const root = fields(value, 'the file');
  // A pickle has the configuration beside the model.
  const file = Object.hasOwn(root, 'Model') ? fields(root.Model, 'Model') : root;
  const learner = fields(file.learner, 'learner');
  const parameters = fields(learner.learner_model_param, 'learner.learner_model_param');
  const parameter = (name: string, fallback?: number) =>
    numeral(parameters[name], `learner.learner_model_param.${name}`, fallback);
  const classes = parameter('num_class', 0);
  const names = strings(learner.feature_names, 'learner.feature_names');
  const features = parameter('num_feature');
  return {
    objective: text(fields(learner.objective, 'learner.objective').name, 'learner.objective.name'),
    features,
    outputs: Math.max(classes, parameter('num_target', 1), 1),
    isMulticlass: classes > 1,
    baseScore: scores(parameters.base_score, 'learner.learner_model_param.base_score'),
    isMargin: false,
    ...(names.length === features && names.length > 0 && { featureNames: names }),
    attributes: attributesOf(learner.attributes),
    booster: boosterOf(fields(learner.gradient_booster, 'learner.gradient_booster'), budget),
  };
}

function boosterOf(booster: Fields, budget: Budget): Trees | Linear {
  const place = 'learner.gradient_booster';
  const name = text(booster.name, `${place}.name`);
  if (name === 'gblinear') {
    const model = fields(booster.model, `${place}.model`);
    return { kind: 'linear', weights: numbers(model.weights, `${place}.model.weights`) };
  }
  if (name === 'gbtree') return treesOf(fields(booster.model, `${place}.model`), `${place}.model`, budget);
  if (name !== 'dart') {
    throw new ForwardpassError('UNSUPPORTED_OP', `the booster '${name}' is not read`, place);
  }
  const inner = fields(booster.gbtree, `${place}.gbtree`);
  const trees = treesOf(fields(inner.model, `${place}.gbtree.model`), `${place}.gbtree.model`, budget);
  return { ...trees, weights: numbers(booster.weight_drop, `${place}.weight_drop`) };
}

function treesOf(model: Fields, place: string, budget: Budget): Trees {
  refuseCategories(model.cats, `${place}.cats`);
  const parameters = fields(model.gbtree_model_param, `${place}.gbtree_model_param`);
  const trees = list((tree, at) => treeOf(fields(tree, at), at, budget))(model.trees, `${place}.trees`);
  const { iteration_indptr: rounds } = model;
  return {
    kind: 'trees',
    trees,
    groups: numbers(model.tree_info, `${place}.tree_info`),
    parallel: numeral(parameters.num_parallel_tree, `${place}.gbtree_model_param.num_parallel_tree`, 1),
    ...(rounds !== undefined && { rounds: numbers(rounds, `${place}.iteration_indptr`) }),
  };
}

/** The categories that columns had when the model was fitted, which rows are coded again by (since 3.1). */
function refuseCategories(value: unknown, place: string): void {
  if (value === undefined || value === null) return;
  const { enc } = fields(value, place);
  if (enc === undefined || (Array.isArray(enc) && enc.length === 0)) return;
  const message =
    'the model holds the categories of its columns (`cats`), which are not read here; fit it on the columns as codes';
  throw new ForwardpassError('UNSUPPORTED_OP', message, place);
}

function treeOf(tree: Fields, place: string, budget: Budget): XgboostTree {
  const parameters = fields(tree.tree_param, `${place}.tree_param`);
  const width = numeral(parameters.size_leaf_vector, `${place}.tree_param.size_leaf_vector`, 0);
  if (width > 1 || tree.leaf_weights !== undefined) {
    const message =
      'the leaves of the trees hold several values (multi_strategy="multi_output_tree"), which are not read here; ' +
      'fit the model with one tree for each output';
    throw new ForwardpassError('UNSUPPORTED_OP', message, place);
  }
  const column = (name: string) => numbers(tree[name], `${place}.${name}`);
  const left = column('left_children');
  const columns = {
    left,
    right: column('right_children'),
    features: column('split_indices'),
    conditions: column('split_conditions'),
    defaultLeft: column('default_left'),
  };
  for (const [name, { length }] of Object.entries(columns)) {
    if (length !== left.length) refuse(place, `has ${left.length} nodes, and '${name}' of ${length}`);
  }
  return { place, ...columns, categories: categoriesOf(tree, left.length, place, budget) };
}

/** Of most trees; nothing is put into it. */
const NO_CATEGORIES = new Map<number, readonly number[]>();

function categoriesOf(tree: Fields, size: number, place: string, budget: Budget): XgboostTree['categories'] {
  const optional = (name: string) => (tree[name] === undefined ? [] : numbers(tree[name], `${place}.${name}`));
  const nodes = optional('categories_nodes');
  const isCategorical = optional('split_type');
  const [all, starts, sizes] = ['categories', 'categories_segments', 'categories_sizes'].map(optional);
  if (starts.length !== nodes.length || sizes.length !== nodes.length) {
    refuse(place, `has categories of ${nodes.length} nodes, ${starts.length} places and ${sizes.length} sizes of them`);
  }
  const found = nodes.length === 0 ? NO_CATEGORIES : new Map<number, readonly number[]>();
  for (let i = 0; i < nodes.length; i++) {
    const [node, start, count] = [nodes[i], starts[i], sizes[i]];
    const isWithin = Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 0;
    if (!isWithin || start + count > all.length) {
      refuse(place, `the categories of node ${node} are not among the ${all.length} of the tree`);
    }
    if (!(Number.isInteger(node) && node >= 0 && node < size) || found.has(node)) {
      refuse(place, `has categories of node ${node} of ${size}, or has them twice`);
    }
    // Several nodes may claim the same part of the list.
    budget.buildElements(count, place);
    found.set(
      node,
      Array.from({ length: count }, (_, k) => category(all[start + k], place)),
    );
  }
  for (let node = 0; node < isCategorical.length; node++) {
    const isSplit = isCategorical[node] === 1;
    if (isSplit && !found.has(node)) refuse(place, `node ${node} splits by categories, of which there are none`);
  }
  return found;
}

function category(value: number, place: string): number {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 24 ? value : refuse(place, `has the category ${value}`);
}

function attributesOf(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const entries = Object.entries(fields(value, 'learner.attributes'));
  return new Map(entries.map(([key, item]) => [key, text(item, `learner.attributes.${key}`)]));
}

function strings(value: unknown, place: string): readonly string[] {
  return value === undefined || value === null || ArrayBuffer.isView(value) ? [] : list(text)(value, place);
}

/** A number that is written as a string, or as a number. */
function numeral(value: unknown, place: string, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  return refuse(place, `expected a whole number of 0 or more, found ${describe(value)}`);
}

/** "5E-1"; since 3.1 "[5E-1]", or one for each output. */
function scores(value: unknown, place: string): readonly number[] {
  const words = typeof value === 'number' ? String(value) : text(value, place);
  const isList = words.startsWith('[') && words.endsWith(']');
  const found = (isList ? words.slice(1, -1).split(',') : [words]).map((word) => Math.fround(Number(word)));
  const isRight = words.trim() !== '' && found.every(Number.isFinite);
  return isRight ? found : refuse(place, `expected a number or a list of them, found ${describe(value)}`);
}

/** Of UBJSON they are typed mostly. In JSON true and false are 1 and 0, and NaN is the empty string: see non-finite-json.ts. */
function numbers(value: unknown, place: string): ArrayLike<number> {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as unknown as ArrayLike<number>;
  if (!Array.isArray(value)) return refuse(place, `expected an array of numbers, found ${describe(value)}`);
  // Small arrays of their own type for each of many trees would take more room than the numbers.
  if (value.every((item) => typeof item === 'number')) return value;
  const list = new Float64Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i];
    if (typeof item === 'number' || typeof item === 'boolean') list[i] = Number(item);
    else if (item === '') list[i] = Number.NaN;
    else refuse(`${place}[${i}]`, `expected a number, found ${describe(item)}`);
  }
  return list;
}
