/** Decision trees and forests. Files contain the nodes of `sklearn.tree._tree.Tree`, by the names of their fields. */
import { floorFloat } from '../../../graph/float32.ts';
import { PickleArray, PickleRecords, pickleKind, type RecordColumn } from '../../containers/pickle/values.ts';
import { type FileTree, Forest } from '../../trees.ts';
import { type NumberArray, numpySum } from '../arrays.ts';
import { labelsByProbability } from '../decisions.ts';
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Labels, Outcome, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { itemsOf, labelsOf } from '../values.ts';

/** Writes the values of a leaf: one output after another, each padded to the maximum number of classes. */
export type LeafValues = (node: number, to: Float64Array) => void;

/** The `tree_` of a decision tree. Its values are [nodes, outputs, classes]. */
export class StoredTree {
  readonly place: string;
  readonly size: number;
  readonly values: NumberArray;
  readonly #tree: Estimator;
  readonly #nodes: PickleRecords;
  readonly #left: RecordColumn;
  readonly #right: RecordColumn;
  readonly #feature: RecordColumn;
  readonly #threshold: RecordColumn;
  /** Since scikit-learn 1.3. */
  readonly #nanLeft: RecordColumn | undefined;

  constructor(estimator: Estimator) {
    const tree = estimator.estimator('tree_');
    this.place = tree.title;
    const nodes = tree.value('nodes');
    if (!(nodes instanceof PickleRecords)) {
      throw tree.error('MALFORMED', `expected records, found ${pickleKind(nodes)}`, 'nodes');
    }
    this.values = tree.numbers('values');
    chargeRepeated(nodes, this.values.data.length, tree);
    this.#tree = tree;
    this.#nodes = nodes;
    this.size = nodes.count;
    this.#left = this.column('left_child');
    this.#right = this.column('right_child');
    this.#feature = this.column('feature');
    this.#threshold = this.column('threshold');
    this.#nanLeft = nodes.column('missing_go_to_left');
    const { shape } = this.values;
    if (shape.length !== 3 || shape[0] !== this.size || this.size === 0) {
      throw tree.error('SHAPE', `expected [${this.size}, outputs, classes], found [${shape.join(', ')}]`, 'values');
    }
  }

  /** A number for each node, by field name. */
  column(name: string): RecordColumn {
    const column = this.#nodes.column(name);
    if (column !== undefined) return column;
    throw this.#tree.error('MALFORMED', `expected records with a number '${name}'`, 'nodes');
  }

  get knowsNan(): boolean {
    return this.#nanLeft !== undefined;
  }

  /** The tree, with leaves written by `leaf`. Rows are float32, so thresholds may be rounded to float32. */
  with(leaf: LeafValues): FileTree {
    const [left, right, feature, threshold] = [this.#left, this.#right, this.#feature, this.#threshold];
    const nanLeft = this.#nanLeft;
    return {
      place: this.place,
      size: this.size,
      root: 0,
      isLeaf: (node) => left(node) === -1 && right(node) === -1,
      split: (node) => ({
        feature: feature(node),
        threshold: floorFloat(threshold(node)),
        nanLeft: nanLeft !== undefined && nanLeft(node) !== 0,
      }),
      left,
      right,
      leaf,
    };
  }
}

/** The memory of a tree, a node and a value while a forest is built. */
const TREE_BYTES = 2560;
const NODE_BYTES = 160;
const VALUE_BYTES = 16;

/** A tree may occur in several places of forests, and each occurrence is a separate tree. Throws `LIMIT`. */
export function chargeRepeated(nodes: PickleRecords, values: number, tree: Estimator): void {
  if (tree.budget.isNew(nodes.names)) return;
  tree.budget.build(TREE_BYTES + NODE_BYTES * nodes.count + VALUE_BYTES * values, tree.title);
}

/** The row as float32, which trees compare; numbers that are infinite, or become so as float32, are refused. */
export function asFloats(emitter: Emitter, x: RowVector, takesNan: boolean): RowVector {
  if (takesNan) emitter.cells.takesMissing = true;
  return emitter.requireFinite(emitter.float32(x), takesNan);
}

/** For classes, an integer for one output, a list for several. */
function classCounts(estimator: Estimator): readonly number[] {
  const counts = [...estimator.numbers('n_classes_').data];
  if (counts.every((count) => Number.isInteger(count) && count > 0)) return counts;
  throw estimator.error(
    'MALFORMED',
    `expected numbers of classes, found ${counts.slice(0, 10).join(', ')}`,
    'n_classes_',
  );
}

/** Converts a leaf's values to the probabilities of each output's classes, one output after another. */
function probabilitiesOf(tree: StoredTree, counts: readonly number[]): LeafValues {
  const { shape, data } = tree.values;
  const [, outputs, most] = shape;
  // Before 1.4 they are counts; dividing fractions again would change the last bits. If rows had weights, as in
  // AdaBoost, counts add up to at most 1 at the root.
  const isWhole = (node: number) => Math.abs(numpySum(data, node * outputs * most, counts[0]) - 1) <= 1e-6;
  const areFractions = isWhole(0) && isWhole(tree.size - 1);
  return (node, to) => {
    let at = 0;
    for (let output = 0; output < counts.length; output++) {
      const first = (node * outputs + output) * most;
      const total = areFractions ? 1 : numpySum(data, first, counts[output]);
      for (let k = 0; k < counts[output]; k++) to[at++] = data[first + k] / (total === 0 ? 1 : total);
    }
  };
}

/**
 * Since these versions the classes accept NaN, whether or not the training data had any; before 1.9 only with these
 * criteria.
 */
const TAKE_NAN: readonly [name: RegExp, major: number, minor: number][] = [
  [/^DecisionTree/, 1, 3],
  [/^RandomForest/, 1, 4],
  [/^(?:ExtraTree|RandomTreesEmbedding)/, 1, 6],
];
const NAN_CRITERIA = ['gini', 'entropy', 'log_loss', 'squared_error', 'friedman_mse', 'poisson'];

function takesNan(estimator: Estimator, trees: readonly StoredTree[]): boolean {
  return trees.every(({ knowsNan }) => knowsNan) && saysItTakesNan(estimator);
}

/** What scikit-learn reports for an estimator, which need not be fitted. */
export function saysItTakesNan(estimator: Estimator): boolean {
  const [, major, minor] = TAKE_NAN.find(([name]) => name.test(estimator.className)) ?? [undefined, Infinity, 0];
  if (!estimator.since(major, minor)) return false;
  const isOldRandom = estimator.value('splitter', 'best') === 'random' && !estimator.since(1, 6);
  const isKnown = estimator.since(1, 9) || NAN_CRITERIA.includes(estimator.text('criterion', 'gini'));
  return isKnown && !isOldRandom;
}

/** The mean over the trees, for each output's classes or values. */
function mean(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  members: readonly Estimator[],
  counts?: readonly number[],
): RowVector {
  const trees = members.map((member) => new StoredTree(member));
  const width = counts === undefined ? trees[0].values.shape[1] : counts.reduce((total, count) => total + count, 0);
  const forest = new Forest(emitter.budget, x.width, width);
  forest.expect(trees);
  for (const tree of trees) {
    checkValues(tree, estimator, counts, width);
    forest.add(tree.with(counts === undefined ? valuesOf(tree) : probabilitiesOf(tree, counts)));
  }
  return emitter.trees(asFloats(emitter, x, takesNan(estimator, trees)), forest, 'float64', width, trees.length);
}

/** The values of regressors. */
export function valuesOf({ values: { shape, data } }: StoredTree): LeafValues {
  const [, outputs, most] = shape;
  return (node, to) => {
    for (let output = 0; output < outputs; output++) to[output] = data[(node * outputs + output) * most];
  };
}

function checkValues(
  tree: StoredTree,
  estimator: Estimator,
  counts: readonly number[] | undefined,
  width: number,
): void {
  const [, outputs, most] = tree.values.shape;
  if (
    counts === undefined
      ? outputs === width && most > 0
      : outputs === counts.length && counts.every((count) => count <= most)
  )
    return;
  const found = `${outputs} outputs of ${most} values in ${tree.place}`;
  throw estimator.error('SHAPE', `expected ${counts?.length ?? width} outputs, found ${found}`, 'tree_');
}

function membersOf(estimator: Estimator): readonly Estimator[] {
  const members = estimator.estimators('estimators_');
  if (members.length > 0) return members;
  throw estimator.error('MALFORMED', 'expected at least one tree', 'estimators_');
}

const alone = (estimator: Estimator) => [estimator];

function regressor(members: (estimator: Estimator) => readonly Estimator[]): Predict {
  return (estimator, emitter, x) => ({ kind: 'values', values: mean(estimator, emitter, x, members(estimator)) });
}

function classifier(members: (estimator: Estimator) => readonly Estimator[]): Predict {
  return (estimator, emitter, x) => {
    const counts = classCounts(estimator);
    const probabilities = mean(estimator, emitter, x, members(estimator), counts);
    // One target, even if its classes are in a list of one.
    if (counts.length === 1) return labelsByProbability(estimator, classesOf(estimator)[0], probabilities);
    return targetsOf(estimator, emitter, counts, probabilities);
  };
}

/** The classes of each output. */
function classesOf(estimator: Estimator): readonly Labels['classes'][] {
  const value = estimator.value('classes_');
  const isOne = value instanceof PickleArray && !value.dtype.startsWith('O');
  const lists = isOne ? undefined : itemsOf(value);
  const areLists = lists?.every((item) => itemsOf(item) !== undefined) ?? false;
  if (lists === undefined || !areLists) return [estimator.labels('classes_')];
  return lists.map((list, output) => labelsOf(list, estimator.placeOf(`classes_[${output}]`)));
}

function targetsOf(estimator: Estimator, emitter: Emitter, counts: readonly number[], all: RowVector): Outcome {
  const classes = classesOf(estimator);
  let first = 0;
  const targets = counts.map((count, output) => {
    const positions = Array.from({ length: count }, (_, k) => first + k);
    first += count;
    return labelsByProbability(estimator, classes[output] ?? [], emitter.gather(all, positions));
  });
  return { kind: 'targets', targets };
}

/** For each tree, the leaf that the row reaches, one-hot encoded. */
const leavesOf: Transform = (estimator, emitter, x) => {
  const members = membersOf(estimator);
  const categories = estimator.estimator('one_hot_encoder_').list('categories_');
  if (categories.length !== members.length) {
    throw estimator.error('SHAPE', `expected leaves of ${members.length} trees, found ${categories.length}`);
  }
  const forest = new Forest(emitter.budget, x.width, 1);
  /** The tree of each column. */
  const trees: number[] = [];
  const stored = members.map((member) => new StoredTree(member));
  for (const [i, tree] of stored.entries()) {
    const columns = new Map<number, number>();
    for (const node of estimator.numbersIn(categories[i], `one_hot_encoder_.categories_[${i}]`).data) {
      columns.set(node, trees.push(i) - 1);
    }
    forest.add(
      tree.with((node, to) => {
        to[0] = columns.get(node) ?? Number.NaN;
        if (Number.isNaN(to[0])) throw members[i].error('MALFORMED', `leaf ${node} has no column`, 'tree_');
      }),
    );
  }
  const row = asFloats(emitter, x, takesNan(estimator, stored));
  const reached = emitter.trees(row, forest, 'none', members.length);
  const columns = Float64Array.from(trees, (_, column) => column);
  return emitter.binary('equal', emitter.gather(reached, trees), columns);
};

export const TREES = {
  RandomTreesEmbedding: { transform: leavesOf },
  DecisionTreeRegressor: { predict: regressor(alone) },
  ExtraTreeRegressor: { predict: regressor(alone) },
  RandomForestRegressor: { predict: regressor(membersOf) },
  ExtraTreesRegressor: { predict: regressor(membersOf) },
  DecisionTreeClassifier: { predict: classifier(alone) },
  ExtraTreeClassifier: { predict: classifier(alone) },
  RandomForestClassifier: { predict: classifier(membersOf) },
  ExtraTreesClassifier: { predict: classifier(membersOf) },
} satisfies Table;
