/** Partial least squares: a linear map of centred and scaled features. The content of `coef_` depends on the version. */
import type { Matrix } from '../arrays.ts';
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';

/** An attribute that had a private name before 0.24. */
function named(estimator: Estimator, name: string): string {
  return estimator.has(`_${name}`) ? `_${name}` : `${name}_`;
}

function centred(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const mean = estimator.vector(named(estimator, 'x_mean'), x.width);
  return emitter.affine(
    emitter.requireFinite(x),
    1,
    mean.map((value) => -value),
  );
}

function standardised(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const deviation = estimator.vector(named(estimator, 'x_std'), x.width);
  return emitter.binary('div', centred(estimator, emitter, x), deviation);
}

/**
 * Since 1.5 `coef_` applies to centred features, before also divided by their deviations; since 1.3 it is [targets,
 * features], before [features, targets], except that 1.2 stores it as `_coef_`, [targets, features]. `intercept_`
 * exists since 1.1 and is the mean of the targets.
 */
const predict: Predict = (estimator, emitter, x) => {
  const row = (estimator.since(1, 5) ? centred : standardised)(estimator, emitter, x);
  const isHidden = estimator.has('_coef_');
  const matrix: Matrix = estimator.matrix(isHidden ? '_coef_' : 'coef_');
  const layout = isHidden || estimator.since(1, 3) ? 'out-in' : 'in-out';
  const intercept = estimator.vector(estimator.has('intercept_') ? 'intercept_' : named(estimator, 'y_mean'));
  return { kind: 'values', values: emitter.dense(row, matrix, intercept, layout) };
};

const transform: Transform = (estimator, emitter, x) =>
  emitter.dense(standardised(estimator, emitter, x), estimator.matrix('x_rotations_', x.width), undefined, 'in-out');

/** The rotations are the weights. */
const transformBySvd: Transform = (estimator, emitter, x) =>
  emitter.dense(standardised(estimator, emitter, x), estimator.matrix('x_weights_', x.width), undefined, 'in-out');

export const PLS: Table = {
  PLSRegression: { predict, transform },
  PLSCanonical: { predict, transform },
  CCA: { predict, transform },
  PLSSVD: { transform: transformBySvd },
};
