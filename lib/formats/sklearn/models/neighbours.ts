/**
 * Nearest neighbours among the rows that an estimator was fitted on: their labels, their values, or the neighbours
 * themselves.
 */
import type { Matrix, Vector } from '../arrays.ts';
import { labelsByProbability } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { columnOf, farFromPoints, targetsOf, weighsByDistance } from '../fitted-points.ts';
import type { Label, Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { labelsOf } from '../values.ts';

interface Neighbours {
  /** In ascending order. */
  readonly distances: RowVector;
  /** Their row numbers in `_fit_X`. */
  readonly places: RowVector;
  /** The number of rows in `_fit_X`. */
  readonly of: number;
}

function nearest(estimator: Estimator, emitter: Emitter, x: RowVector, count: number): Neighbours {
  const { compared, distances } = farFromPoints(estimator, emitter, x);
  const of = compared.width;
  if (!(Number.isInteger(count) && count >= 1 && count <= of)) {
    throw estimator.error(
      'SHAPE',
      `expected between 1 and ${of} neighbours, the number of fitted rows, found ${count}`,
    );
  }
  const { values, places } = emitter.nearest(compared, count);
  return { distances: distances(values), places, of };
}

/** 1/d for each; if some distances are 0, 1 for these and 0 for the others. */
export function inverses(emitter: Emitter, distances: RowVector): RowVector {
  const each = emitter.unary(distances, 'reciprocal');
  const isHere = emitter.unary(each, 'is_inf', 1, 1);
  return emitter.select(emitter.reduce(isHere, 'max'), isHere, each);
}

/** The table's value at each index. */
function lookUp(emitter: Emitter, { operand, width }: RowVector, data: Vector): RowVector {
  const table = { shape: [data.length, 1], data };
  return emitter.flat(emitter.emit('embedding', [operand, table], { wrap: false }), width);
}

/** Adds in order, as NumPy does for few numbers. */
function sumOf(emitter: Emitter, row: RowVector): RowVector {
  return emitter.reduce(row, 'sum_in_order');
}

/** The sum of weights for each class; without weights, the number of neighbours. */
function votes(emitter: Emitter, indices: RowVector, depth: number, weights: RowVector | undefined): RowVector {
  const codes = emitter.emit('one_hot', [indices.operand], { depth, on: 1, off: 0, axis: 0, wrap: false });
  const weighed = weights === undefined ? codes : emitter.emit('binary', [codes, weights.operand], { fn: 'mul' });
  const fn = weights === undefined ? 'sum' : 'sum_in_order';
  return { operand: emitter.emit('reduce', [weighed], { fn, axes: [1], keepDims: false }), width: depth };
}

const classifier: Predict = (estimator, emitter, x) => {
  const byDistance = weighsByDistance(estimator);
  const classes = classLists(estimator);
  const isAlone = !estimator.boolean('outputs_2d_', false);
  const near = nearest(estimator, emitter, x, estimator.number('n_neighbors', 5));
  const weights = byDistance ? inverses(emitter, near.distances) : undefined;
  const targets = targetsOf(estimator, near.of);
  checkTargets(estimator, targets, classes);
  const outcomes = classes.map((own, t): Labels => {
    const each = votes(emitter, lookUp(emitter, near.places, columnOf(targets, t)), own.length, weights);
    if (weights === undefined) {
      return labelsByProbability(estimator, own, emitter.divided(each, near.places.width));
    }
    return {
      kind: 'labels',
      classes: own,
      probabilities: emitter.binary('div', each, sumOf(emitter, each)),
      decider: each,
    };
  });
  return isAlone ? outcomes[0] : { kind: 'targets', targets: outcomes };
};

/** One list of classes for each target. */
export function classLists(estimator: Estimator): readonly (readonly Label[])[] {
  if (!estimator.boolean('outputs_2d_', false)) return [estimator.labels('classes_')];
  const lists = estimator.list('classes_').map((value, i) => labelsOf(value, estimator.placeOf(`classes_[${i}]`)));
  if (lists.length === 0 || lists.some(({ length }) => length === 0)) {
    throw estimator.error('MALFORMED', 'expected classes of at least one target, at least one of each', 'classes_');
  }
  return lists;
}

/** Checks that targets are valid indices of classes. */
export function checkTargets(estimator: Estimator, targets: Matrix, classes: readonly (readonly Label[])[]): void {
  const { columns, data } = targets;
  if (columns !== classes.length) {
    throw estimator.error('SHAPE', `expected ${classes.length} targets, found ${columns}`, '_y');
  }
  const stray = data.findIndex((value, at) => {
    return !(Number.isInteger(value) && value >= 0 && value < classes[at % columns].length);
  });
  if (stray >= 0) throw estimator.error('MALFORMED', `expected indices of classes, found ${data[stray]}`, '_y');
}

const regressor: Predict = (estimator, emitter, x) => {
  const byDistance = weighsByDistance(estimator);
  const near = nearest(estimator, emitter, x, estimator.number('n_neighbors', 5));
  const targets = targetsOf(estimator, near.of);
  const weights = byDistance ? inverses(emitter, near.distances) : undefined;
  const total = weights && sumOf(emitter, weights);
  const values = Array.from({ length: targets.columns }, (_, t) => {
    const found = lookUp(emitter, near.places, columnOf(targets, t));
    if (weights === undefined || total === undefined) {
      return emitter.divided(sumOf(emitter, found), found.width);
    }
    return emitter.binary('div', sumOf(emitter, emitter.binary('mul', found, weights)), total);
  });
  return { kind: 'values', values: emitter.concat(values) };
};

const search: Predict = (estimator, emitter, x) => {
  const { distances, places } = nearest(estimator, emitter, x, estimator.number('n_neighbors', 5));
  return { kind: 'neighbours', distances, places };
};

/** How much lower the density around the row is than around its neighbours. */
const localOutlierFactor: Predict = (estimator, emitter, x) => {
  if (!estimator.boolean('novelty', false)) {
    const message = 'judges only the rows that it was fitted on; fit it with novelty=True to judge others';
    throw estimator.error('UNSUPPORTED_OP', message, 'novelty');
  }
  const count = estimator.number('n_neighbors_');
  const { distances, places, of } = nearest(estimator, emitter, x, count);
  const own = estimator.matrix('_distances_fit_X_', of);
  if (own.columns < count) {
    throw estimator.error(
      'SHAPE',
      `expected ${count} distances of each row, found ${own.columns}`,
      '_distances_fit_X_',
    );
  }
  const reach = lookUp(emitter, places, columnOf(own, count - 1));
  const mean = emitter.reduce(emitter.binary('max', distances, reach), 'mean');
  const density = emitter.unary(emitter.binary('add', mean, 1e-10), 'reciprocal');
  const densities = lookUp(emitter, places, estimator.vector('_lrd', of));
  const ratio = emitter.reduce(emitter.binary('div', densities, density), 'mean');
  const scores = emitter.binary('sub', emitter.unary(ratio, 'neg'), estimator.number('offset_'));
  return { kind: 'labels', classes: [-1, 1], scores, decider: scores, threshold: -Number.MIN_VALUE };
};

export const NEIGHBOURS: Table = {
  KNeighborsClassifier: { predict: classifier },
  KNeighborsRegressor: { predict: regressor },
  NearestNeighbors: { predict: search },
  LocalOutlierFactor: { predict: localOutlierFactor },
};
