/** Regressors with a transformed target: the inverse transformation is applied to their predictions. */

import type { Vector } from '../arrays.ts';
import { predictValues } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { applyFunction } from '../functions/functions.ts';
import type { RowVector } from '../outcome.ts';
import { isOwn } from '../own/classes.ts';
import { ownMethod } from '../own/step.ts';
import type { Table } from '../reading.ts';
import { refusal } from '../refusals.ts';
import { like, single } from '../single.ts';
import { quantileInverse } from '../steps/quantiles.ts';
import { itemsOf, noSuchOption } from '../values.ts';

type Inverse = (estimator: Estimator, emitter: Emitter, y: RowVector) => RowVector;

/** y·scale + centre; each is optional. */
function rescale(scale: string, centre: string): Inverse {
  return (estimator, emitter, y) => {
    const [scales, centres] = [scale, centre].map((name) =>
      estimator.has(name) ? estimator.vector(name, y.width) : undefined,
    );
    if (!y.single) return emitter.affine(y, scales ?? 1, centres ?? -0);
    const of = (values: Vector) => (areSingle(estimator) ? Float64Array.from(values, Math.fround) : values);
    const scaled = scales === undefined ? y : single(emitter, emitter.binary('mul', y, of(scales)));
    return centres === undefined ? scaled : single(emitter, emitter.binary('add', scaled, of(centres)));
  };
}

/**
 * Whether the scaler casts its own numbers to float32 for float32 input: since it supports array libraries other than
 * NumPy.
 */
function areSingle(estimator: Estimator): boolean {
  return estimator.className === 'StandardScaler' && estimator.since(1, 8);
}

const minMax: Inverse = (estimator, emitter, y) => {
  const shifted = like(emitter, y, emitter.binary('sub', y, estimator.vector('min_', y.width)));
  return like(emitter, y, emitter.binary('div', shifted, estimator.vector('scale_', y.width)));
};

const power: Inverse = (estimator, emitter, y) => {
  const lambdas = estimator.vector('lambdas_', y.width);
  const method = estimator.text('method', 'yeo-johnson');
  if (method !== 'yeo-johnson' && method !== 'box-cox') {
    throw estimator.error('UNSUPPORTED_OP', noSuchOption('the method', method, ['yeo-johnson', 'box-cox']), 'method');
  }
  const standardised = estimator.boolean('standardize', true);
  const row = standardised ? invert(estimator.estimator('_scaler'), emitter, y) : y;
  const inverse = method === 'box-cox' ? boxCox : yeoJohnson;
  return emitter.concat(Array.from(lambdas).map((lambda, i) => inverse(emitter, emitter.gather(row, [i]), lambda)));
};

/** (λy + 1)^(1/λ), and e^y for λ = 0. */
function boxCox(emitter: Emitter, y: RowVector, lambda: number): RowVector {
  if (lambda === 0) return emitter.unary(y, 'exp');
  return emitter.binary('pow', emitter.affine(y, lambda, 1), 1 / lambda);
}

/** Box–Cox minus 1 for y ≥ 0; its mirror image, with 2 − λ in place of λ, for y < 0. */
function yeoJohnson(emitter: Emitter, y: RowVector, lambda: number): RowVector {
  const branch = (value: RowVector, exponent: number) =>
    exponent === 0 ? emitter.unary(value, 'expm1') : emitter.affine(boxCox(emitter, value, exponent), 1, -1);
  const above = branch(emitter.binary('max', y, 0), lambda);
  const below = emitter.unary(branch(emitter.binary('max', emitter.unary(y, 'neg'), 0), 2 - lambda), 'neg');
  return emitter.select(emitter.binary('greater_equal', y, 0), above, below);
}

const pipeline: Inverse = (estimator, emitter, y) =>
  estimator.list('steps').reduceRight<RowVector>((row, step, i) => {
    const [, value] = itemsOf(step) ?? [];
    if (value === 'passthrough' || value === null) return row;
    return invert(estimator.inside(value, `steps[${i}]`), emitter, row);
  }, y);

const INVERSES: Readonly<Record<string, Inverse>> = {
  FunctionTransformer: (estimator, emitter, y) =>
    like(emitter, y, applyFunction(estimator, 'inverse_func', emitter, y, 'inv_kw_args')),
  MaxAbsScaler: rescale('scale_', 'no centre'),
  MinMaxScaler: minMax,
  Pipeline: pipeline,
  PowerTransformer: power,
  QuantileTransformer: quantileInverse,
  RobustScaler: rescale('scale_', 'center_'),
  StandardScaler: rescale('scale_', 'mean_'),
};

const OWN_INVERSE = ownMethod(refusal, 'inverse_transform');

function invert(estimator: Estimator, emitter: Emitter, y: RowVector): RowVector {
  const { className, module } = estimator;
  if (module.startsWith('sklearn.') && Object.hasOwn(INVERSES, className)) {
    return emitter.within(estimator, () => INVERSES[className](estimator, emitter, y));
  }
  if (isOwn(estimator.object.callable)) {
    return emitter.within(estimator, () => OWN_INVERSE(estimator, emitter, y));
  }
  const known = Object.keys(INVERSES).join(', ');
  throw estimator.error(
    'UNSUPPORTED_OP',
    `the inverse of a ${className} of the target is not supported; expected one of ${known}`,
  );
}

const transformedTarget: Predict = (estimator, emitter, x) => {
  const predicted = predictValues(emitter, estimator.estimator('regressor_'), x);
  return { kind: 'values', values: invert(estimator.estimator('transformer_'), emitter, predicted) };
};

export const TARGETS: Table = {
  TransformedTargetRegressor: { predict: transformedTarget, inner: (estimator) => estimator.estimator('regressor_') },
};
