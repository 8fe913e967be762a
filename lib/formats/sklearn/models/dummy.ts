/** Predictions that do not depend on the row. */
import type { Vector } from '../arrays.ts';
import { labelsByProbability } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Label, Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { labelsOf, noSuchOption, plainScalar } from '../values.ts';

/** The same numbers for every row. */
export function constantRow(emitter: Emitter, values: ArrayLike<number>): RowVector {
  const tensor = { shape: [values.length], data: Float64Array.from(values) };
  return { operand: emitter.emit('reshape', [tensor], { shape: [values.length] }), width: values.length };
}

const regressor: Predict = (estimator, emitter) => ({
  kind: 'values',
  values: constantRow(emitter, estimator.numbers('constant_').data),
});

const STRATEGIES = ['most_frequent', 'prior', 'constant'];

const classifier: Predict = (estimator, emitter) => {
  const strategy = estimator.text(estimator.has('_strategy') ? '_strategy' : 'strategy', 'prior');
  if (!STRATEGIES.includes(strategy)) {
    const message = `${noSuchOption('the strategy', strategy, STRATEGIES)}, whose predictions are random`;
    throw estimator.error('UNSUPPORTED_OP', message, 'strategy');
  }
  const count = estimator.number('n_outputs_', 1);
  if (count === 1) {
    const priors = estimator.vector('class_prior_');
    const constant = strategy === 'constant' ? constants(estimator)[0] : undefined;
    return target(estimator, emitter, estimator.labels('classes_'), priors, constant);
  }
  const classes = estimator.list('classes_').map((value, i) => labelsOf(value, estimator.placeOf(`classes_[${i}]`)));
  const priors = estimator
    .list('class_prior_')
    .map((value, i) => estimator.numbersIn(value, `class_prior_[${i}]`).data);
  const chosen = strategy === 'constant' ? constants(estimator) : [];
  if (classes.length !== priors.length || (strategy === 'constant' && chosen.length !== classes.length)) {
    throw estimator.error('SHAPE', `expected priors and constants of ${classes.length} targets`, 'class_prior_');
  }
  const targets = classes.map((own, i) => target(estimator, emitter, own, priors[i], chosen[i]));
  return { kind: 'targets', targets };
};

/** The index of the first maximum. */
function greatest(values: Vector): number {
  let first = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[first]) first = i;
  return first;
}

function target(
  estimator: Estimator,
  emitter: Emitter,
  classes: readonly Label[],
  priors: Vector,
  constant: Label | undefined,
): Labels {
  const best = greatest(priors);
  const chosen = constant === undefined ? best : classes.indexOf(constant);
  const isPrior = constant === undefined && estimator.text('strategy', 'prior') === 'prior';
  const row = isPrior ? priors : classes.map((_, i) => Number(i === chosen));
  return labelsByProbability(estimator, classes, constantRow(emitter, row));
}

/** The attribute `constant`: one, or one for each target. */
function constants(estimator: Estimator): readonly Label[] {
  const value = plainScalar(estimator.value('constant'));
  if (typeof value === 'string' || typeof value === 'number') return [value];
  if (typeof value === 'boolean') return [Number(value)];
  const { shape } = Object(value) as { readonly shape?: readonly number[] };
  const isTable = shape?.length === 2;
  return isTable ? Array.from(estimator.numbers('constant').data) : estimator.labels('constant');
}

export const DUMMIES: Table = { DummyRegressor: { predict: regressor }, DummyClassifier: { predict: classifier } };
