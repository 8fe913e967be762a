/** All fitted rows within a radius: their labels, or their values. */
import type { Matrix, Vector } from '../arrays.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { columnOf, farFromPoints, hasNoTree, metricName, targetsOf, weighsByDistance } from '../fitted-points.ts';
import type { Label, Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { itemsOf, labelsOf, plainScalar } from '../values.ts';
import { checkTargets, classLists } from './neighbours.ts';

/** The weight of each row in `_fit_X`: 0 outside of the radius. */
function weightsWithin(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const byDistance = weighsByDistance(estimator);
  const { compared, distances, limit } = farFromPoints(estimator, emitter, x);
  const within = emitter.binary('less_equal', compared, limit(estimator.number('radius', 1)));
  if (!byDistance) return within;
  const far = distances(compared);
  const isHere = emitter.binary('and', within, emitter.binary('equal', far, 0));
  const each = emitter.select(within, emitter.unary(far, 'reciprocal'), 0);
  return emitter.select(emitter.reduce(isHere, 'max'), isHere, each);
}

const classifier: Predict = (estimator, emitter, x) => {
  const classes = classLists(estimator);
  const isAlone = !estimator.boolean('outputs_2d_', false);
  const weights = weightsWithin(estimator, emitter, x);
  const targets = targetsOf(estimator, weights.width);
  checkTargets(estimator, targets, classes);
  const outliers = outlierLabels(estimator, classes.length);
  const isByPosition = isAlone && comparesPairs(estimator);
  const outcomes = classes.map((own, t) => {
    const votes = emitter.dense(weights, codesOf(columnOf(targets, t), own.length), undefined, 'in-out');
    const label = outliers?.[t];
    if (label === undefined) return withoutOutliers(emitter, own, votes);
    return withOutliers(emitter, own, votes, { label, column: outlierColumn(estimator, own, label, isByPosition) });
  });
  return isAlone ? outcomes[0] : { kind: 'targets', targets: outcomes };
};

/** Metrics for which scikit-learn compares a row with all rows in another way. */
const UNPAIRED: ReadonlySet<string> = new Set(['euclidean', 'sqeuclidean', 'hamming', 'cosine', 'nan_euclidean']);

/** Whether scikit-learn counts the classes while it iterates over pairs of rows. */
function comparesPairs(estimator: Estimator): boolean {
  const isPlain = !weighsByDistance(estimator) && hasNoTree(estimator) && estimator.since(1, 4);
  return isPlain && !UNPAIRED.has(metricName(estimator));
}

/** 1 in the column of each row's class. */
function codesOf(positions: Vector, depth: number): Matrix {
  const data = new Float64Array(positions.length * depth);
  for (const [row, position] of positions.entries()) data[row * depth + position] = 1;
  return { rows: positions.length, columns: depth, data };
}

/** The label of a row without neighbours, for each target; undefined if such a row is refused. */
function outlierLabels(estimator: Estimator, count: number): readonly Label[] | undefined {
  if (!estimator.has('outlier_label_')) return undefined;
  const labels = labelsOf(estimator.value('outlier_label_'), estimator.placeOf('outlier_label_'));
  if (labels.length === count) return labels;
  throw estimator.error('SHAPE', `expected ${count} labels, found ${labels.length}`, 'outlier_label_');
}

/**
 * The column of the outlier label, −1 for none. If scikit-learn counts while iterating (`isByPosition`), it uses the
 * label itself as a column, and does not support the automatic label.
 */
function outlierColumn(estimator: Estimator, classes: readonly Label[], label: Label, isByPosition: boolean): number {
  if (!isByPosition) return classes.indexOf(label);
  const value = estimator.value('outlier_label');
  const given = plainScalar(itemsOf(value)?.[0] ?? value);
  const column = typeof given === 'boolean' ? Number(given) : given;
  return typeof column === 'number' && Number.isInteger(column) && column >= 0 && column < classes.length ? column : -1;
}

/** A row without neighbours has probabilities of 0/0, which stops the run. */
function withoutOutliers(emitter: Emitter, classes: readonly Label[], votes: RowVector): Labels {
  const total = emitter.reduce(votes, 'sum');
  const probabilities = emitter.requireFinite(emitter.binary('div', votes, total));
  return { kind: 'labels', classes, probabilities, decider: probabilities };
}

interface Outlier {
  readonly label: Label;
  readonly column: number;
}

/** An outlier label that is not a class has no probability: it decides like an additional class. */
function withOutliers(
  emitter: Emitter,
  classes: readonly Label[],
  votes: RowVector,
  { label, column }: Outlier,
): Labels {
  const total = emitter.reduce(votes, 'sum');
  const isOutlier = emitter.unary(total, 'not');
  const own = Float64Array.from(classes, (_, at) => Number(at === column));
  const found = emitter.binary('div', votes, emitter.binary('add', total, isOutlier));
  const probabilities = column < 0 ? found : emitter.select(isOutlier, own, found);
  if (column >= 0) return { kind: 'labels', classes, probabilities, decider: probabilities };
  const known = classes.indexOf(label);
  if (known >= 0) {
    const chosen = Float64Array.from(classes, (_, at) => Number(at === known));
    return { kind: 'labels', classes, probabilities, decider: emitter.select(isOutlier, chosen, found) };
  }
  return { kind: 'labels', classes: [...classes, label], probabilities, decider: emitter.concat([found, isOutlier]) };
}

const regressor: Predict = (estimator, emitter, x) => {
  const weights = weightsWithin(estimator, emitter, x);
  const { rows, columns, data } = targetsOf(estimator, weights.width);
  const sums = emitter.dense(weights, { rows, columns, data }, undefined, 'in-out');
  // A row without neighbours gives 0/0.
  return { kind: 'values', values: emitter.binary('div', sums, emitter.reduce(weights, 'sum')) };
};

export const RADIUS_NEIGHBOURS: Table = {
  RadiusNeighborsClassifier: { predict: classifier },
  RadiusNeighborsRegressor: { predict: regressor },
};
