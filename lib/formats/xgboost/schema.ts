/** The JSON of a model, from 1.0 to 3.x; UBJSON has the same structure. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { describe } from '../../messages.ts';
import { type Fields, fields, list, refuse, text } from '../containers/checks.ts';
import { categoriesIn } from './categories.ts';
import type { Linear, Trees, XgboostModel, XgboostTree } from './model.ts';
import { numbers } from './numbers.ts';

export function fromSchema(value: unknown, budget: Budget, statistics = false): XgboostModel {
  const root = fields(value, 'the file');
  // A pickle contains the configuration beside the model.
  const file = Object.hasOwn(root, 'Model') ? fields(root.Model, 'Model') : root;
  const learner = fields(file.learner, 'learner');
  const parameters = fields(learner.learner_model_param, 'learner.learner_model_param');
  const parameter = (name: string, fallback?: number) =>
    numeral(parameters[name], `learner.learner_model_param.${name}`, fallback);
  const classes = parameter('num_class', 0);
  const names = strings(learner.feature_names, 'learner.feature_names');
  const features = parameter('num_feature');
  const gradientBooster = fields(learner.gradient_booster, BOOSTER);
  const categories = columnCategories(gradientBooster, features, budget);
  return {
    objective: text(fields(learner.objective, 'learner.objective').name, 'learner.objective.name'),
    features,
    outputs: Math.max(classes, parameter('num_target', 1), 1),
    isMulticlass: classes > 1,
    baseScore: scores(parameters.base_score, 'learner.learner_model_param.base_score'),
    version: versionOf(file.version),
    ...(names.length === features && names.length > 0 && { featureNames: names }),
    attributes: attributesOf(learner.attributes),
    ...(categories.size > 0 && { categories }),
    booster: boosterOf(gradientBooster, budget, statistics),
  };
}

const BOOSTER = 'learner.gradient_booster';

/** Three numbers; before 1.0 there was no JSON. */
function versionOf(value: unknown): XgboostModel['version'] {
  const [major, minor] = Array.isArray(value) ? value : ArrayBuffer.isView(value) ? (value as Int32Array) : [];
  return [major, minor].every(Number.isInteger) ? [major, minor] : [1, 0];
}

function boosterOf(booster: Fields, budget: Budget, statistics: boolean): Trees | Linear {
  const name = text(booster.name, `${BOOSTER}.name`);
  if (name === 'gblinear') {
    const model = fields(booster.model, `${BOOSTER}.model`);
    return { kind: 'linear', weights: numbers(model.weights, `${BOOSTER}.model.weights`) };
  }
  if (name !== 'gbtree' && name !== 'dart') {
    throw new ForwardpassError('UNSUPPORTED_OP', `the booster '${name}' is not supported`, BOOSTER);
  }
  const [model, place] = treeModel(booster);
  const trees = treesOf(model, place, budget, statistics);
  // Beside the trees of dart; since 3.3, when dart became part of gbtree, in the booster, and since 3.4 with its trees.
  const [weights, at] = model.weight_drop === undefined ? [booster.weight_drop, BOOSTER] : [model.weight_drop, place];
  const found = weights === undefined && name === 'gbtree' ? [] : numbers(weights, `${at}.weight_drop`);
  return name === 'gbtree' && found.length === 0 ? trees : { ...trees, weights: found };
}

/** The trees of a booster, and their place. */
function treeModel(booster: Fields): readonly [model: Fields, place: string] {
  const inner = booster.gbtree === undefined ? booster : fields(booster.gbtree, `${BOOSTER}.gbtree`);
  const place = booster.gbtree === undefined ? `${BOOSTER}.model` : `${BOOSTER}.gbtree.model`;
  return [fields(inner.model, place), place];
}

function columnCategories(booster: Fields, features: number, budget: Budget) {
  if (booster.name === 'gblinear') return NO_COLUMNS;
  const [{ cats }, place] = treeModel(booster);
  return cats === undefined || cats === null ? NO_COLUMNS : categoriesIn(cats, features, budget, `${place}.cats`);
}

const NO_COLUMNS: ReadonlyMap<number, readonly string[]> = new Map();

function treesOf(model: Fields, place: string, budget: Budget, statistics: boolean): Trees {
  const parameters = fields(model.gbtree_model_param, `${place}.gbtree_model_param`);
  const trees = list((tree, at) => treeOf(fields(tree, at), at, budget, statistics))(model.trees, `${place}.trees`);
  const { iteration_indptr: rounds } = model;
  return {
    kind: 'trees',
    trees,
    groups: numbers(model.tree_info, `${place}.tree_info`),
    parallel: numeral(parameters.num_parallel_tree, `${place}.gbtree_model_param.num_parallel_tree`, 1),
    ...(rounds !== undefined && { rounds: numbers(rounds, `${place}.iteration_indptr`) }),
  };
}

function treeOf(tree: Fields, place: string, budget: Budget, statistics: boolean): XgboostTree {
  const parameters = fields(tree.tree_param, `${place}.tree_param`);
  const width = numeral(parameters.size_leaf_vector, `${place}.tree_param.size_leaf_vector`, 0);
  if (width > 1 || tree.leaf_weights !== undefined) {
    const message =
      'the leaves of the trees contain several values (multi_strategy="multi_output_tree"), which is not supported; ' +
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
  const known = statistics ? { gains: column('loss_changes'), covers: column('sum_hessian') } : undefined;
  for (const [name, { length }] of Object.entries({ ...columns, ...known })) {
    if (length !== left.length) refuse(place, `has ${left.length} nodes, but ${length} of '${name}'`);
  }
  const categories = categoriesOf(tree, left.length, place, budget);
  return { place, ...columns, categories, ...(known && { statistics: known }) };
}

/** For trees without categories; never modified. */
const NO_CATEGORIES = new Map<number, readonly number[]>();

function categoriesOf(tree: Fields, size: number, place: string, budget: Budget): XgboostTree['categories'] {
  const optional = (name: string) => (tree[name] === undefined ? [] : numbers(tree[name], `${place}.${name}`));
  const nodes = optional('categories_nodes');
  const isCategorical = optional('split_type');
  const [all, starts, sizes] = ['categories', 'categories_segments', 'categories_sizes'].map(optional);
  if (starts.length !== nodes.length || sizes.length !== nodes.length) {
    refuse(
      place,
      `has ${nodes.length} nodes with categories, but ${starts.length} starts and ${sizes.length} sizes of them`,
    );
  }
  const found = nodes.length === 0 ? NO_CATEGORIES : new Map<number, readonly number[]>();
  for (let i = 0; i < nodes.length; i++) {
    const [node, start, count] = [nodes[i], starts[i], sizes[i]];
    const isWithin = Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 0;
    if (!isWithin || start + count > all.length) {
      refuse(place, `the categories of node ${node} are outside of the ${all.length} of the tree`);
    }
    if (!(Number.isInteger(node) && node >= 0 && node < size) || found.has(node)) {
      refuse(place, `has categories for node ${node} of ${size}, which does not exist or occurs twice`);
    }
    // Several nodes may refer to the same part of the list.
    budget.buildElements(count, place);
    found.set(
      node,
      Array.from({ length: count }, (_, k) => category(all[start + k], place)),
    );
  }
  for (let node = 0; node < isCategorical.length; node++) {
    const isSplit = isCategorical[node] === 1;
    if (isSplit && !found.has(node)) refuse(place, `node ${node} splits by categories, but the tree has none for it`);
  }
  return found;
}

function category(value: number, place: string): number {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 24
    ? value
    : refuse(place, `has the invalid category ${value}`);
}

function attributesOf(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const entries = Object.entries(fields(value, 'learner.attributes'));
  return new Map(entries.map(([key, item]) => [key, text(item, `learner.attributes.${key}`)]));
}

function strings(value: unknown, place: string): readonly string[] {
  return value === undefined || value === null || ArrayBuffer.isView(value) ? [] : list(text)(value, place);
}

/** A number written as a string or as a number. */
function numeral(value: unknown, place: string, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  return refuse(place, `expected an integer of 0 or more, found ${describe(value)}`);
}

/** "5E-1"; since 3.1 "[5E-1]", or one number for each output. */
function scores(value: unknown, place: string): readonly number[] {
  const words = typeof value === 'number' ? String(value) : text(value, place);
  const isList = words.startsWith('[') && words.endsWith(']');
  const found = (isList ? words.slice(1, -1).split(',') : [words]).map((word) => Math.fround(Number(word)));
  const isRight = words.trim() !== '' && found.every(Number.isFinite);
  return isRight ? found : refuse(place, `expected a number or a list of them, found ${describe(value)}`);
}
