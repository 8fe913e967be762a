/** Steps that scale each feature separately, or by a row's length. Scalers pass NaN through, as in scikit-learn. */
import type { NormName } from '../../../graph/graph.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { noSuchOption } from '../values.ts';

/** (x − centre)/scale, if the estimator has these. */
function centredAndScaled(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  centre: string,
  isCentred: boolean,
): RowVector {
  const input = emitter.requireFinite(x, true);
  const centred = isCentred ? emitter.binary('sub', input, estimator.vector(centre, x.width)) : input;
  return estimator.has('scale_') ? emitter.binary('div', centred, estimator.vector('scale_', x.width)) : centred;
}

export function standardScaler(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return centredAndScaled(estimator, emitter, x, 'mean_', estimator.boolean('with_mean', true));
}

export function robustScaler(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return centredAndScaled(estimator, emitter, x, 'center_', estimator.has('center_'));
}

export function minMaxScaler(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const input = emitter.requireFinite(x, true);
  // Rounded twice, as in scikit-learn: a fused product and sum would map the least value to slightly more, or less,
  // than 0.
  const product = emitter.binary('mul', input, estimator.vector('scale_', x.width));
  const scaled = emitter.binary('add', product, estimator.vector('min_', x.width));
  if (!estimator.boolean('clip', false)) return scaled;
  const [low, high] = estimator.vector('feature_range', 2);
  return emitter.unary(scaled, 'clip', low, high);
}

export function maxAbsScaler(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const scaled = emitter.binary('div', emitter.requireFinite(x, true), estimator.vector('scale_', x.width));
  return estimator.boolean('clip', false) ? emitter.unary(scaled, 'clip', -1, 1) : scaled;
}

/** The greatest number below 10·2⁻⁵²: shorter rows are left unchanged. */
const SHORTEST = 10 * 2 ** -52 - 2 ** -101;
const NORMS: readonly NormName[] = ['l1', 'l2', 'max'];

export function normalizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const name = estimator.text('norm', 'l2');
  const norm = NORMS.find((known) => known === name);
  if (norm === undefined) throw estimator.error('MALFORMED', noSuchOption('the norm', name, NORMS), 'norm');
  return emitter.normalize(emitter.requireFinite(x), norm, SHORTEST);
}

export function binarizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return emitter.binary('greater', emitter.requireFinite(x), estimator.number('threshold', 0));
}

export function kernelCenterer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const input = emitter.requireFinite(x);
  const rows = estimator.vector('K_fit_rows_', x.width);
  const mean = emitter.binary('div', emitter.reduce(input, 'sum'), x.width);
  const centred = emitter.binary('sub', emitter.binary('sub', input, rows), mean);
  return emitter.binary('add', centred, estimator.number('K_fit_all_'));
}
