/** KNNImputer: a missing value becomes the mean over the nearest fitted rows that have the feature. */
import { mapped } from '../../mapped.ts';
import type { Matrix, NumberArray } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { noSuchOption, plainScalar } from '../values.ts';
import { Missing } from './imputers.ts';

const WEIGHTS = ['uniform', 'distance'];

export function neighboursImputer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const weights = plainScalar(estimator.value('weights', 'uniform'));
  if (typeof weights !== 'string' || !WEIGHTS.includes(weights)) {
    const found = typeof weights === 'string' ? weights : 'a function';
    throw estimator.error('UNSUPPORTED_OP', noSuchOption('the weights', found, WEIGHTS), 'weights');
  }
  const metric = plainScalar(estimator.value('metric', 'nan_euclidean'));
  if (metric !== 'nan_euclidean') throw estimator.error('UNSUPPORTED_OP', "expected 'nan_euclidean'", 'metric');
  const every = Array.from({ length: x.width }, (_, i) => i);
  const missing = new Missing(estimator, emitter, x, { fills: every.map(() => 0), makesFloats: true });
  const known = missing.filled(every, 0);
  const isMissing = missing.indicator(every);
  const points = pointsOf(estimator, x.width);
  const far = distancesOf(emitter, known, isMissing, points);
  const keepsEmpty = estimator.boolean('keep_empty_features', false);
  const parts = every.flatMap((column) => {
    const donors = donorsOf(points, column);
    if (donors.length === 0) return keepsEmpty ? [emitter.affine(emitter.gather(known, [column]), 0, 0)] : [];
    const filled = meanOfNearest(estimator, emitter, far, { points, donors, column }, weights === 'distance');
    return [emitter.select(emitter.gather(isMissing, [column]), filled, emitter.gather(known, [column]))];
  });
  if (estimator.boolean('add_indicator', false)) {
    const features = Array.from(estimator.estimator('indicator_').vector('features_'));
    if (features.length > 0) parts.push(missing.indicator(features));
  }
  return emitter.concat(parts);
}

/** The fitted rows, with NaN for missing values, and which values exist. */
interface Points {
  readonly values: Matrix;
  readonly isThere: Float64Array;
}

function pointsOf(estimator: Estimator, width: number): Points {
  const fitted = estimator.numbersIn(estimator.value('_fit_X'), '_fit_X');
  const mask = estimator.numbersIn(estimator.value('_mask_fit_X'), '_mask_fit_X');
  const isTable = ({ shape }: NumberArray) => shape.length === 2 && shape[0] === fitted.shape[0] && shape[1] === width;
  if (!isTable(fitted) || !isTable(mask) || fitted.shape[0] === 0) {
    throw estimator.error(
      'SHAPE',
      `expected rows of ${width}, and a mask of missing values of the same size`,
      '_fit_X',
    );
  }
  estimator.budget.buildElements(2 * fitted.data.length, estimator.title);
  const isThere = mapped(mask.data, (each) => Number(each === 0));
  const data = mapped(fitted.data, (value, at) => (isThere[at] === 1 ? value : Number.NaN));
  // Already charged.
  for (const made of [data, isThere]) estimator.budget.isNew(made);
  const stray = data.findIndex((value, at) => isThere[at] === 1 && !Number.isFinite(value));
  if (stray >= 0) throw estimator.error('MALFORMED', `expected finite numbers, found ${data[stray]}`, '_fit_X');
  return { values: { rows: fitted.shape[0], columns: width, data }, isThere };
}

/** The mean squared difference over the features that both have; NaN if there are none. */
function distancesOf(emitter: Emitter, known: RowVector, isMissing: RowVector, { values, isThere }: Points): RowVector {
  const x = emitter.select(isMissing, Number.NaN, known);
  const squares = emitter.distances(x, values, { metric: 'known_sum_square' });
  // 0/0 is NaN.
  return emitter.binary('div', squares, emitter.dense(emitter.unary(isMissing, 'not'), { ...values, data: isThere }));
}

/** The fitted rows that have the feature. */
function donorsOf({ values, isThere }: Points, column: number): number[] {
  const donors: number[] = [];
  for (let row = 0; row < values.rows; row++) if (isThere[row * values.columns + column] === 1) donors.push(row);
  return donors;
}

interface Donors {
  readonly points: Points;
  readonly donors: readonly number[];
  readonly column: number;
}

/** The weighted mean over the nearest rows; if no distance is known, over all rows. */
function meanOfNearest(
  estimator: Estimator,
  emitter: Emitter,
  far: RowVector,
  { points: { values }, donors, column }: Donors,
  isWeighted: boolean,
): RowVector {
  const own = Float64Array.from(donors, (row) => values.data[row * values.columns + column]);
  const count = Math.min(estimator.number('n_neighbors', 5), donors.length);
  const candidates = emitter.gather(far, donors);
  const [near, places] = (['values', 'places'] as const).map((result) => ({
    operand: emitter.emit('sort', [candidates.operand], { axis: 0, count, descending: false, result }),
    width: count,
  }));
  const table = { shape: [own.length, 1], data: own };
  const found = emitter.flat(emitter.emit('embedding', [places.operand, table], { wrap: false }), count);
  const isFar = emitter.unary(near, 'is_nan');
  const weight = isWeighted
    ? emitter.select(isFar, 0, inverse(emitter, emitter.unary(near, 'sqrt')))
    : emitter.unary(isFar, 'not');
  const total = emitter.reduce(weight, 'sum');
  const mean = emitter.binary('div', emitter.reduce(emitter.binary('mul', found, weight), 'sum'), total);
  const whole = own.reduce((sum, value) => sum + value, 0) / own.length;
  return emitter.select(total, mean, whole);
}

/** 1/d; if some distances are 0, 1 for these and 0 for the others. */
function inverse(emitter: Emitter, near: RowVector): RowVector {
  const isHere = emitter.binary('equal', near, 0);
  return emitter.select(emitter.reduce(isHere, 'max'), isHere, emitter.unary(near, 'reciprocal'));
}
