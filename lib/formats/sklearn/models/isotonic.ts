/** IsotonicRegression: straight lines between points that only increase, or only decrease. */
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { interpolate } from '../interpolation.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { noSuchOption } from '../values.ts';
import { constantRow } from './dummy.ts';

const BOUNDS = ['clip', 'nan', 'raise'];

/** The value of the curve at one number. Before 0.24 its points had other names. */
export function isotonic(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  if (x.width !== 1) throw estimator.error('SHAPE', `needs 1 feature, found ${x.width}`);
  const [at, to] = estimator.has('X_thresholds_')
    ? ['X_thresholds_', 'y_thresholds_']
    : ['_necessary_X_', '_necessary_y_'];
  const xs = estimator.vector(at);
  const ys = estimator.vector(to, xs.length);
  const bounds = estimator.text('out_of_bounds', 'nan');
  if (!BOUNDS.includes(bounds)) throw estimator.error('MALFORMED', noSuchOption('it', bounds, BOUNDS), 'out_of_bounds');
  if (xs.length === 0) throw estimator.error('SHAPE', 'expected at least one point', at);
  const isSingle = xs instanceof Float32Array;
  const input = emitter.requireFinite(isSingle ? emitter.float32(x) : x);
  if (xs.length === 1) return constantRow(emitter, ys);
  const curve = interpolate(emitter, input, xs, ys);
  const value = isSingle ? emitter.float32(curve) : curve;
  if (bounds === 'clip') return value;
  const isInside = emitter.binary(
    'and',
    emitter.binary('greater_equal', input, xs[0]),
    emitter.binary('less_equal', input, xs[xs.length - 1]),
  );
  // Infinite results are refused.
  const beyond = emitter.select(isInside, value, bounds === 'nan' ? Number.NaN : Infinity);
  return bounds === 'nan' ? beyond : emitter.requireFinite(beyond);
}

const predict: Predict = (estimator, emitter, x) => ({ kind: 'values', values: isotonic(estimator, emitter, x) });
const transform: Transform = isotonic;

export const ISOTONIC: Table = {
  IsotonicRegression: { predict, transform, features: () => ({ width: 1 }) },
};
