/** HistGradientBoosting: trees on float64, with categories and missing values. */
import type { Budget } from '../../../graph/budget.ts';
import { PickleRecords, type PickleValue, pickleKind, type RecordColumn } from '../../containers/pickle/values.ts';
import { iterationsUsed } from '../../iterations.ts';
import { type FileTree, Forest } from '../../trees.ts';
import { numbersOf } from '../arrays.ts';
import { pair } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { itemsOf } from '../values.ts';
import { lossOf } from './boosting.ts';
import { chargeRepeated } from './trees.ts';

/** Categories are bytes. */
const CATEGORIES = 256;
const WORD_BITS = 32;

/** The baseline plus the sum of the trees of each class. */
function raw(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const given = estimator.has('_preprocessor') ? emitter.transform(estimator.estimator('_preprocessor'), x) : x;
  emitter.cells.takesMissing = true;
  const row = asCategories(estimator, emitter, given);
  const known = knownCategories(estimator);
  const outputs = estimator.number('n_trees_per_iteration_');
  const baseline = [...estimator.numbers('_baseline_prediction').data];
  if (baseline.length !== outputs || outputs < 1) {
    throw estimator.error('SHAPE', `expected ${outputs} numbers, found ${baseline.length}`, '_baseline_prediction');
  }
  const forest = new Forest(emitter.budget, row.width, 1);
  for (const [k, value] of baseline.entries()) forest.begin([value], k);
  const all = estimator.list('_predictors');
  const count = iterationsUsed(emitter.askedOf(estimator), all.length);
  emitter.boosted(lossOf(estimator), count, all.length);
  for (const [i, iteration] of all.slice(0, count).entries()) {
    const place = estimator.placeOf(`_predictors[${i}]`);
    const trees = itemsOf(iteration) ?? [];
    if (trees.length !== outputs) {
      throw estimator.error('SHAPE', `expected ${outputs} trees, found ${trees.length}`, `_predictors[${i}]`);
    }
    for (const [k, tree] of trees.entries()) forest.add(treeOf(tree, `${place}[${k}]`, known, emitter.budget), k);
  }
  return emitter.trees(row, forest, 'float64', outputs);
}

/** Columns of categories: negative values are missing, and values from 256 wrap around like a byte. */
function asCategories(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  // There were no categories before 0.24.
  if (!estimator.has('_bin_mapper')) return x;
  const mapper = estimator.estimator('_bin_mapper');
  if (!mapper.has('is_categorical_')) return x;
  const isCategory = mapper.vector('is_categorical_', x.width);
  if (isCategory.every((is) => is === 0)) return x;
  const isNegative = emitter.binary('and', emitter.binary('less', x, 0), Float64Array.from(isCategory));
  const positive = emitter.select(isNegative, Number.NaN, x);
  const isMissing = emitter.unary(positive, 'is_nan');
  const isByte = emitter.binary('and', emitter.unary(isMissing, 'not'), Float64Array.from(isCategory));
  // Only other features may be infinite: which byte infinity becomes depends on scikit-learn's processor.
  const categories = emitter.requireFinite(emitter.select(isByte, positive, 0));
  const bytes = emitter.unary(categories, 'wrap', 0, CATEGORIES);
  return emitter.select(isByte, bytes, positive);
}

/** For each categorical feature, the categories seen in training: others are treated like missing ones. */
function knownCategories(estimator: Estimator): readonly (ReadonlySet<number> | undefined)[] {
  if (!estimator.has('_bin_mapper')) return [];
  const mapper = estimator.estimator('_bin_mapper');
  if (!mapper.has('is_categorical_')) return [];
  const isCategory = mapper.vector('is_categorical_');
  const thresholds = mapper.list('bin_thresholds_');
  return Array.from(isCategory, (is, feature) => {
    if (is === 0) return undefined;
    const place = mapper.placeOf(`bin_thresholds_[${feature}]`);
    return new Set(numbersOf(thresholds[feature] ?? null, mapper.budget, place).data);
  });
}

function treeOf(
  value: PickleValue,
  place: string,
  known: readonly (ReadonlySet<number> | undefined)[],
  budget: Budget,
): FileTree {
  const tree = Estimator.of(value, place, budget);
  const nodes = tree.value('nodes');
  if (!(nodes instanceof PickleRecords)) {
    throw tree.error('MALFORMED', `expected records, found ${pickleKind(nodes)}`, 'nodes');
  }
  chargeRepeated(nodes, 0, tree);
  const column = (name: string) => {
    const found = nodes.column(name);
    if (found !== undefined) return found;
    throw tree.error('MALFORMED', `expected records with a number '${name}'`, 'nodes');
  };
  const [values, isLeaf, left, right] = ['value', 'is_leaf', 'left', 'right'].map(column);
  const [feature, threshold, nanLeft] = [nodes.names.has('num_threshold') ? 'num_threshold' : 'threshold'].flatMap(
    (name) => [column('feature_idx'), column(name), column('missing_go_to_left')],
  );
  const isCategory = nodes.names.has('is_categorical') ? column('is_categorical') : undefined;
  const hasSets = isCategory !== undefined && hasAny(isCategory, nodes.count);
  const sets = hasSets ? tree.matrix('raw_left_cat_bitsets', undefined, CATEGORIES / WORD_BITS) : undefined;
  const setOf = hasSets ? column('bitset_idx') : undefined;
  const leftSet = (node: number): readonly number[] => {
    const at = setOf?.(node) ?? 0;
    if (sets === undefined || !(at >= 0 && at < sets.rows)) {
      throw tree.error(
        'MALFORMED',
        `node ${node} uses set ${at} of ${sets?.rows ?? 0}, which does not exist`,
        'raw_left_cat_bitsets',
      );
    }
    const seen = known[feature(node)];
    return Array.from({ length: CATEGORIES }, (_, category) => category).filter((category) => {
      const word = sets.data[at * sets.columns + Math.floor(category / WORD_BITS)];
      const isLeft = Math.floor(word / 2 ** (category % WORD_BITS)) % 2 === 1;
      return isLeft || (nanLeft(node) !== 0 && !(seen?.has(category) ?? false));
    });
  };
  return {
    place: tree.title,
    size: nodes.count,
    root: 0,
    isLeaf: (node) => isLeaf(node) !== 0,
    split: (node) => ({
      feature: feature(node),
      threshold: threshold(node),
      nanLeft: nanLeft(node) !== 0,
      ...(isCategory !== undefined && isCategory(node) !== 0 && { set: leftSet(node) }),
    }),
    left,
    right,
    leaf(node, to) {
      to[0] = values(node);
    },
  };
}

function hasAny(column: RecordColumn, count: number): boolean {
  for (let record = 0; record < count; record++) if (column(record) !== 0) return true;
  return false;
}

/** The class of the loss's link, such as `LogLink`; before 1.1 that of the loss itself. */
function linkOf(estimator: Estimator): string {
  const loss = estimator.estimator(estimator.has('loss_') ? 'loss_' : '_loss');
  return loss.has('link') ? loss.estimator('link').className : loss.className;
}

const LOGARITHMS = ['LogLink', 'Poisson'];
const OF_VALUES = ['IdentityLink', 'LeastSquares', 'LeastAbsoluteDeviation'];

const regressor: Predict = (estimator, emitter, x) => {
  const link = linkOf(estimator);
  const values = raw(estimator, emitter, x);
  if (LOGARITHMS.includes(link)) return { kind: 'values', values: emitter.unary(values, 'exp') };
  if (OF_VALUES.includes(link)) return { kind: 'values', values };
  throw estimator.error('UNSUPPORTED_OP', `the link ${link} is not supported`, '_loss');
};

const classifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const scores = raw(estimator, emitter, x);
  if (scores.width === 1) {
    const probabilities = pair(emitter, emitter.unary(scores, 'sigmoid'));
    return { kind: 'labels', classes, scores, probabilities, decider: scores };
  }
  return { kind: 'labels', classes, scores, probabilities: emitter.softmax(scores), decider: scores };
};

export const HISTOGRAM_BOOSTING: Table = {
  HistGradientBoostingRegressor: { predict: regressor, isBoosted: true },
  HistGradientBoostingClassifier: { predict: classifier, isBoosted: true },
};
