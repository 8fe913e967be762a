/** Models based on distances between a row and points: nearest centroids, discriminants, clusters. */
import { mapped } from '../../mapped.ts';
import { type Matrix, sum, type Vector } from '../arrays.ts';
import { labelsByScore, pair } from '../decisions.ts';
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Label, Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { noSuchOption } from '../values.ts';

/** From each row of a matrix: the sum of squared or absolute differences. */
export function distances(
  emitter: Emitter,
  x: RowVector,
  points: Matrix,
  kind: 'sum_square' | 'l1' = 'sum_square',
): RowVector {
  const row = emitter.reshape(x, [1, x.width]);
  const tensor = { shape: [points.rows, points.columns], data: points.data };
  const difference = emitter.emit('binary', [row, tensor], { fn: 'sub' });
  const operand = emitter.emit('reduce', [difference], { fn: kind, axes: [1], keepDims: false });
  return { operand, width: points.rows };
}

/** Labels by each class's log posterior; the softmax gives the probabilities. */
function labelsByPosterior(estimator: Estimator, emitter: Emitter, posterior: RowVector): Labels {
  const classes = estimator.labels('classes_');
  if (posterior.width !== classes.length) {
    throw estimator.error('SHAPE', `expected ${classes.length} scores, one for each class, found ${posterior.width}`);
  }
  const difference = () => emitter.binary('sub', emitter.gather(posterior, [1]), emitter.gather(posterior, [0]));
  const scores = classes.length === 2 ? difference() : posterior;
  return { kind: 'labels', classes, scores, probabilities: emitter.softmax(posterior), decider: posterior };
}

const linearDiscriminant: Predict = (estimator, emitter, x) => {
  const matrix = estimator.matrix('coef_', undefined, x.width);
  const scores = emitter.dense(emitter.requireFinite(x), matrix, estimator.vector('intercept_', matrix.rows));
  const probabilities = scores.width === 1 ? pair(emitter, emitter.unary(scores, 'sigmoid')) : emitter.softmax(scores);
  return labelsByScore(estimator, estimator.labels('classes_'), scores, probabilities);
};

/** Projects onto the directions that separate the classes. */
const linearDiscriminantAxes: Transform = (estimator, emitter, x) => {
  const solver = estimator.text('solver', 'svd');
  if (solver !== 'svd' && solver !== 'eigen') {
    throw estimator.error('UNSUPPORTED_OP', `with the solver '${solver}' it has no transform`, 'solver');
  }
  const scalings = estimator.matrix('scalings_', x.width);
  const count = Math.min(estimator.number('_max_components', scalings.columns), scalings.columns);
  const centred = solver === 'svd' ? minus(emitter, x, estimator.vector('xbar_', x.width)) : x;
  const projected = emitter.dense(emitter.requireFinite(centred), scalings, undefined, 'in-out');
  return emitter.gather(
    projected,
    Array.from({ length: count }, (_, i) => i),
  );
};

function minus(emitter: Emitter, x: RowVector, centre: Vector): RowVector {
  return emitter.affine(
    emitter.requireFinite(x),
    1,
    centre.map((value) => -value),
  );
}

/** −½(‖(x − mean)·R·S^(−½)‖² + Σ log S) + log P for each class. */
const quadraticDiscriminant: Predict = (estimator, emitter, x) => {
  const means = estimator.matrix('means_', undefined, x.width);
  const priors = estimator.vector('priors_', means.rows);
  const parts = ['rotations_', 'scalings_'].map((attribute) => estimator.list(attribute));
  if (parts.some(({ length }) => length !== means.rows)) {
    throw estimator.error('SHAPE', `expected rotations and scalings of ${means.rows} classes`, 'rotations_');
  }
  const row = emitter.requireFinite(x);
  const norms: RowVector[] = [];
  const constants = new Float64Array(means.rows);
  for (let i = 0; i < means.rows; i++) {
    const rotation = estimator.numbersIn(parts[0][i], `rotations_[${i}]`);
    const scaling = estimator.numbersIn(parts[1][i], `scalings_[${i}]`).data;
    const [inputs, count] = rotation.shape;
    if (rotation.shape.length !== 2 || inputs !== x.width || scaling.length !== count) {
      throw estimator.error(
        'SHAPE',
        `expected a matrix of ${x.width} rows and as many scalings as columns`,
        `rotations_[${i}]`,
      );
    }
    const data = mapped(rotation.data, (value, at) => value * scaling[at % count] ** -0.5);
    const centred = minus(emitter, row, means.data.subarray(i * x.width, (i + 1) * x.width));
    norms.push(
      emitter.reduce(emitter.dense(centred, { rows: inputs, columns: count, data }, undefined, 'in-out'), 'sum_square'),
    );
    constants[i] = -0.5 * sum(scaling.map((value) => Math.log(value))) + Math.log(priors[i]);
  }
  return labelsByPosterior(estimator, emitter, emitter.affine(emitter.concat(norms), -0.5, constants));
};

/**
 * The nearest centroid. Since scikit-learn 1.6 there are priors and probabilities, on features divided by their
 * deviations within classes; if the priors are equal, distances without that division still decide.
 */
const nearestCentroid: Predict = (estimator, emitter, x) => {
  const metric = estimator.text('metric', 'euclidean');
  if (metric !== 'euclidean' && metric !== 'manhattan') {
    throw estimator.error('UNSUPPORTED_OP', noSuchOption('the metric', metric, ['euclidean', 'manhattan']), 'metric');
  }
  const kind = metric === 'euclidean' ? 'sum_square' : 'l1';
  const centroids = estimator.matrix('centroids_', undefined, x.width);
  const classes = estimator.labels('classes_');
  const row = emitter.requireFinite(x);
  const nearness = () => emitter.unary(distances(emitter, row, centroids, kind), 'neg');
  if (!estimator.has('class_prior_')) return labelsByNearness(estimator, classes, nearness());

  const priors = estimator.vector('class_prior_', centroids.rows);
  const deviations = estimator.vector('within_class_std_dev_', x.width).map((value) => (value === 0 ? 1 : value));
  const data = mapped(centroids.data, (value, at) => value / deviations[at % x.width]);
  const scaled = distances(emitter, emitter.binary('div', row, deviations), { ...centroids, data }, kind);
  const squares = kind === 'l1' ? emitter.unary(scaled, 'square') : scaled;
  const posterior = emitter.affine(
    squares,
    -1,
    mapped(priors, (prior) => 2 * Math.log(prior)),
  );
  const isUniform = priors.every((prior) => Math.abs(prior - 1 / classes.length) <= 1e-8 + 1e-5 / classes.length);
  const decider = isUniform ? nearness() : posterior;
  if (metric === 'manhattan') return labelsByNearness(estimator, classes, decider);
  return { ...labelsByPosterior(estimator, emitter, posterior), decider };
};

/** Only the nearest class, without scores or probabilities. */
function labelsByNearness(estimator: Estimator, classes: readonly Label[], nearness: RowVector): Labels {
  if (nearness.width === classes.length) return { kind: 'labels', classes, decider: nearness };
  throw estimator.error('SHAPE', `expected ${classes.length} centroids, found ${nearness.width}`, 'centroids_');
}

/** The index of the nearest centre, which is scikit-learn's label. */
const nearestCentre: Predict = (estimator, emitter, x) => {
  const points = estimator.matrix('cluster_centers_', undefined, x.width);
  const nearest = emitter.reduce(distances(emitter, emitter.requireFinite(x), points), 'arg_min');
  return { kind: 'values', values: nearest, dtype: 'int32' };
};

export const centreDistances: Transform = (estimator, emitter, x) => {
  const points = estimator.matrix('cluster_centers_', undefined, x.width);
  return emitter.unary(distances(emitter, emitter.requireFinite(x), points), 'sqrt');
};

export const DISTANCES: Table = {
  LinearDiscriminantAnalysis: { predict: linearDiscriminant, transform: linearDiscriminantAxes },
  QuadraticDiscriminantAnalysis: { predict: quadraticDiscriminant },
  NearestCentroid: { predict: nearestCentroid },
  KMeans: { predict: nearestCentre, transform: centreDistances },
  MiniBatchKMeans: { predict: nearestCentre, transform: centreDistances },
  MeanShift: { predict: nearestCentre },
  AffinityPropagation: { predict: nearestCentre },
};
