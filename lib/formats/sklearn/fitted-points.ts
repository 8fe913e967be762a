/** The distances of a row from the rows that neighbours were fitted on (`_fit_X`), by the estimator's metric. */
import type { OpAttributes } from '../../graph/graph.ts';
import { PickleDict, PickleObject, type PickleValue } from '../containers/pickle/values.ts';
import { mapped } from '../mapped.ts';
import type { Matrix, Vector } from './arrays.ts';
import type { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import type { RowVector } from './outcome.ts';
import { isNone, noSuchOption, plainScalar } from './values.ts';

/** scikit-learn compares values that are faster to compute than distances, and converts only some to distances. */
export interface Far {
  /** For each point: the value that is compared. */
  readonly compared: RowVector;
  /** Converts compared values to distances. */
  readonly distances: (compared: RowVector) => RowVector;
  /** Converts a distance to a compared value. */
  readonly limit: (radius: number) => number;
}

type Metric = (emitter: Emitter, x: RowVector, points: Matrix, settings: Settings) => RowVector;

interface Settings {
  readonly estimator: Estimator;
  /** Whether Σ d² may be computed as |x|² − 2·x·y + |y|². */
  readonly expanded: boolean;
  readonly parameters: PickleDict | undefined;
}

type DistancesAttributes = OpAttributes['distances'];

function plain(metric: DistancesAttributes['metric']): Metric {
  return (emitter, x, points) => emitter.distances(x, points, { metric });
}

const euclidean: Metric = (emitter, x, points) => emitter.distances(x, points, { metric: 'sum_square' });

const bestEuclidean: Metric = (emitter, x, points, { expanded }) =>
  emitter.distances(x, points, { metric: 'sum_square', ...(expanded && { expanded }) });

/** Σ w·|d|^p */
const minkowski: Metric = (emitter, x, points, settings) => {
  const weights = weightsOf(settings, 'w', x.width);
  const exponent = exponentOf(settings);
  if (weights === undefined) {
    if (exponent === 1) return emitter.distances(x, points, { metric: 'l1' });
    if (exponent === 2) return bestEuclidean(emitter, x, points, settings);
    if (exponent === Infinity) return emitter.distances(x, points, { metric: 'max' });
  }
  return emitter.distances(x, points, { metric: 'power', exponent }, weights);
};

function exponentOf({ estimator, parameters }: Settings): number {
  const own = parameters?.get('p');
  const value = plainScalar(isNone(own) ? estimator.value('p', 2) : (own as PickleValue));
  if (typeof value === 'number' && value > 0) return value;
  throw estimator.error('MALFORMED', 'expected a number above 0', 'p');
}

/** Σ d²/V */
const standardised: Metric = (emitter, x, points, settings) => {
  const variances = weightsOf(settings, 'V', x.width);
  if (variances === undefined) {
    const message = 'has no variances (V), which scikit-learn would then compute from the rows of each call';
    throw settings.estimator.error('UNSUPPORTED_OP', message, 'metric_params');
  }
  const weights = Float64Array.from(variances, (value) => 1 / value);
  return emitter.distances(x, points, { metric: 'power', exponent: 2 }, weights);
};

function weightsOf({ estimator, parameters }: Settings, key: string, width: number): Vector | undefined {
  const value = parameters?.get(key);
  if (isNone(value)) return undefined;
  const { shape, data } = estimator.numbersIn(value as PickleValue, `effective_metric_params_.${key}`);
  if (shape.length === 1 && data.length === width && data.every((each) => Number.isFinite(each) && each >= 0))
    return data;
  throw estimator.error(
    'SHAPE',
    `expected ${width} weights that are finite and not negative`,
    `effective_metric_params_.${key}`,
  );
}

/** The share of features that differ. */
const hamming: Metric = (emitter, x, points) =>
  emitter.binary('div', emitter.distances(x, points, { metric: 'different' }), x.width);

/** Σ|x − y|/(Σ|x| + Σ|y|), 0 where both are 0. */
const brayCurtis: Metric = (emitter, x, points) => {
  const differences = emitter.distances(x, points, { metric: 'l1' });
  const size = emitter.reduce(x, 'l1');
  const sizes = Float64Array.from({ length: points.rows }, (_, n) => normOf(points, n, Math.abs));
  const both = emitter.binary('add', size, sizes);
  return emitter.select(both, emitter.binary('div', differences, both), 0);
};

/** 1 − the cosine of the angle; rows shorter than 10·2⁻⁵² are not normalised. */
const cosine: Metric = (emitter, x, points) => {
  const length = emitter.unary(emitter.reduce(x, 'sum_square'), 'sqrt');
  const own = emitter.select(emitter.binary('less', length, SHORT), 1, length);
  const lengths = Float64Array.from({ length: points.rows }, (_, n) => {
    const norm = Math.sqrt(normOf(points, n, (value) => value * value));
    return norm < SHORT ? 1 : norm;
  });
  const data = mapped(Float64Array.from(points.data), (value, at) => -value / lengths[Math.floor(at / points.columns)]);
  const negative = emitter.dense(emitter.binary('div', x, own), { ...points, data });
  return emitter.unary(emitter.binary('add', negative, 1), 'clip', 0, 2);
};

const SHORT = 10 * 2 ** -52;

/** The sum of `of` over a point's numbers. */
function normOf({ data, columns }: Matrix, n: number, of: (value: number) => number): number {
  let sum = 0;
  for (let k = n * columns; k < (n + 1) * columns; k++) sum += of(data[k]);
  return sum;
}

/** √(Σ d²·K/n) over the n features that are not missing in both; NaN if there are none. */
const nanEuclidean: Metric = (emitter, x, points) => {
  const squares = emitter.distances(x, points, { metric: 'known_sum_square' });
  const isThere = mapped(Float64Array.from(points.data), (value) => Number(!Number.isNaN(value)));
  const counts = emitter.dense(emitter.unary(emitter.unary(x, 'is_nan'), 'not'), { ...points, data: isThere });
  return emitter.binary('mul', emitter.binary('div', squares, counts), x.width);
};

/** On a sphere of radius 1, for latitudes and longitudes. */
const haversine: Metric = (emitter, x, points, { estimator }) => {
  if (x.width !== 2) throw estimator.error('SHAPE', `haversine needs 2 features, found ${x.width}`);
  const [latitudes, longitudes] = [0, 1].map((axis) =>
    Float64Array.from({ length: points.rows }, (_, n) => points.data[2 * n + axis]),
  );
  const half = (row: RowVector) => emitter.unary(emitter.unary(emitter.binary('mul', row, 0.5), 'sin'), 'square');
  const [latitude, longitude] = [emitter.gather(x, [0]), emitter.gather(x, [1])];
  const across = half(emitter.binary('sub', longitude, longitudes));
  const cosines = emitter.binary('mul', emitter.unary(latitude, 'cos'), latitudes.map(Math.cos));
  const up = half(emitter.binary('sub', latitude, latitudes));
  return emitter.binary('add', up, emitter.binary('mul', cosines, across));
};

interface Known {
  readonly metric: Metric;
  /** Converts compared values to distances; by default they are equal. */
  readonly distances?: (emitter: Emitter, compared: RowVector, exponent: number) => RowVector;
  readonly limit?: (radius: number, exponent: number) => number;
}

const root: Pick<Known, 'distances' | 'limit'> = {
  distances: (emitter, compared) => emitter.unary(compared, 'sqrt'),
  limit: (radius) => radius * radius,
};

const minkowskiOf: Known = {
  metric: minkowski,
  distances: (emitter, compared, exponent) => {
    if (exponent === 1 || exponent === Infinity) return compared;
    return exponent === 2 ? emitter.unary(compared, 'sqrt') : emitter.binary('pow', compared, 1 / exponent);
  },
  limit: (radius, exponent) => (exponent === Infinity ? radius : radius ** exponent),
};

const METRICS: Readonly<Record<string, Known>> = {
  euclidean: { metric: bestEuclidean, ...root },
  l2: { metric: euclidean, ...root },
  sqeuclidean: { metric: bestEuclidean },
  minkowski: minkowskiOf,
  p: minkowskiOf,
  manhattan: { metric: plain('l1') },
  cityblock: { metric: plain('l1') },
  l1: { metric: plain('l1') },
  chebyshev: { metric: plain('max') },
  infinity: { metric: plain('max') },
  seuclidean: { metric: standardised, ...root },
  hamming: { metric: hamming },
  canberra: { metric: plain('canberra') },
  braycurtis: { metric: brayCurtis },
  cosine: { metric: cosine },
  nan_euclidean: { metric: nanEuclidean, ...root },
  haversine: {
    metric: haversine,
    distances: (emitter, compared) => emitter.binary('mul', emitter.unary(emitter.unary(compared, 'sqrt'), 'asin'), 2),
    limit: (radius) => Math.sin(radius / 2) ** 2,
  },
};
export function farFromPoints(estimator: Estimator, emitter: Emitter, x: RowVector): Far {
  const name = metricName(estimator);
  if (!Object.hasOwn(METRICS, name)) throw unknownMetric(estimator, name);
  const parameters = estimator.value('effective_metric_params_');
  const settings: Settings = {
    estimator,
    expanded: hasNoTree(estimator),
    parameters: parameters instanceof PickleDict ? parameters : undefined,
  };
  const { metric, distances, limit } = METRICS[name];
  const takesMissing = name === 'nan_euclidean';
  const points = pointsOf(estimator, x.width, takesMissing);
  if (takesMissing) emitter.cells.takesMissing = true;
  const exponent = METRICS[name] === minkowskiOf ? exponentOf(settings) : 2;
  const compared = metric(emitter, emitter.requireFinite(x, takesMissing), points, settings);
  return {
    compared,
    distances: (row) => distances?.(emitter, row, exponent) ?? row,
    limit: (radius) => limit?.(radius, exponent) ?? radius,
  };
}

/** Whether scikit-learn compares a row with all rows that the estimator was fitted on. */
export function hasNoTree(estimator: Estimator): boolean {
  return estimator.text('_fit_method', 'brute') === 'brute';
}

export function metricName(estimator: Estimator): string {
  const attribute = estimator.has('effective_metric_') ? 'effective_metric_' : 'metric';
  const value = plainScalar(estimator.value(attribute, 'minkowski'));
  if (typeof value === 'string') return value;
  const found = value instanceof PickleObject ? `an object of ${value.callable}` : 'a function';
  throw estimator.error('UNSUPPORTED_OP', `${found} is not supported; expected one of ${KNOWN}`, 'metric');
}

const KNOWN = `the metrics ${Object.keys(METRICS).join(', ')}`;

function unknownMetric(estimator: Estimator, name: string) {
  if (name === 'precomputed') {
    const message =
      'takes distances from the rows that it was fitted on (metric="precomputed"), not features; fit it with another metric';
    return estimator.error('UNSUPPORTED_OP', message, 'metric');
  }
  return estimator.error('UNSUPPORTED_OP', noSuchOption('the metric', name, Object.keys(METRICS)), 'metric');
}

/** `_fit_X`, converted to dense if it is sparse. */
function pointsOf(estimator: Estimator, width: number, takesMissing: boolean): Matrix {
  if (!takesMissing) return atLeastOne(estimator, estimator.matrix('_fit_X', undefined, width));
  const { shape, data } = estimator.numbersIn(estimator.value('_fit_X'), '_fit_X');
  const [rows, columns] = shape;
  if (shape.length !== 2 || columns !== width) {
    throw estimator.error('SHAPE', `expected rows of ${width} features, found [${shape}]`, '_fit_X');
  }
  const stray = data.findIndex((value) => Math.abs(value) === Infinity);
  if (stray >= 0) throw estimator.error('MALFORMED', `expected no infinity, found one at position ${stray}`, '_fit_X');
  return atLeastOne(estimator, { rows, columns, data });
}

function atLeastOne(estimator: Estimator, points: Matrix): Matrix {
  if (points.rows > 0) return points;
  throw estimator.error('SHAPE', 'expected at least one row', '_fit_X');
}

/** The targets of each fitted point: [N] or [N, T], as numbers. */
export function targetsOf(estimator: Estimator, count: number): Matrix {
  const { shape, data } = estimator.numbers('_y');
  const [rows, columns = 1] = shape;
  if (shape.length < 1 || shape.length > 2 || rows !== count || columns < 1) {
    throw estimator.error('SHAPE', `expected a target for each of ${count} rows, found [${shape}]`, '_y');
  }
  return { rows, columns, data };
}

export function columnOf({ rows, columns, data }: Matrix, column: number): Vector {
  return columns === 1 ? data : Float64Array.from({ length: rows }, (_, row) => data[row * columns + column]);
}

const WEIGHTS = ['uniform', 'distance'];

/** Whether neighbours are weighted by the inverse of their distance. */
export function weighsByDistance(estimator: Estimator): boolean {
  const value = plainScalar(estimator.value('weights', 'uniform'));
  if (value === null) return false;
  if (typeof value === 'string' && WEIGHTS.includes(value)) return value === 'distance';
  const found = typeof value === 'string' ? value : 'a function';
  throw estimator.error('UNSUPPORTED_OP', noSuchOption('the weights', found, WEIGHTS), 'weights');
}
