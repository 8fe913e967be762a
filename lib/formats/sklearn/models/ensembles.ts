/** Several estimators on the same row: votes, averages, and an estimator on the predictions of others. */
import { labelsByProbability, oneHot, predictedClass, predictLabels, predictValues } from '../decisions.ts';
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Label, Labels, Outcome, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { single } from '../single.ts';
import { itemsOf, noSuchOption } from '../values.ts';

/** Σ weight·row/Σ weight; without weights the mean. */
export function average(emitter: Emitter, rows: readonly RowVector[], weights?: readonly number[]): RowVector {
  // With weights NumPy computes in float64.
  if (weights === undefined && rows.every((row) => row.single)) {
    const total = rows.reduce((sum, row) => single(emitter, emitter.binary('add', sum, row)));
    return single(emitter, emitter.divided(total, rows.length));
  }
  const total = weighted(emitter, rows, weights);
  const divisor = weights?.reduce((sum, weight) => sum + weight, 0) ?? rows.length;
  return divisor === 1 ? total : emitter.divided(total, divisor);
}

function weighted(emitter: Emitter, rows: readonly RowVector[], weights?: readonly number[]): RowVector {
  const terms = weights === undefined ? rows : rows.map((row, i) => emitter.binary('mul', row, weights[i]));
  return terms.reduce((sum, term) => emitter.binary('add', sum, term));
}

/** The weights of the estimators that were not dropped. */
function weightsOf(estimator: Estimator, count: number): readonly number[] | undefined {
  if (!estimator.has('weights')) return undefined;
  const weights = estimator.vector('weights');
  const kept = estimator.list('estimators').flatMap((pair, i) => {
    const [, value] = itemsOf(pair) ?? [];
    return value === 'drop' || value === null ? [] : [weights[i] ?? Number.NaN];
  });
  if (kept.length === count && kept.every(Number.isFinite)) return kept;
  throw estimator.error('SHAPE', `expected ${count} weights, found ${kept.length}`, 'weights');
}

function members(estimator: Estimator): readonly Estimator[] {
  const estimators = estimator.estimators('estimators_');
  if (estimators.length > 0) return estimators;
  throw estimator.error('MALFORMED', 'expected at least one estimator', 'estimators_');
}

/** Inside an ensemble, classes are indices into the ensemble's own classes. */
function positionsOf(estimator: Estimator, classes: readonly Label[], count: number): readonly number[] {
  return classes.map((label) => {
    if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < count) return label;
    throw estimator.error('MALFORMED', `expected classes that are indices below ${count}, found ${label}`);
  });
}

/** Extends values for some of the classes to all classes, with 0 for the others. */
function scattered(emitter: Emitter, row: RowVector, positions: readonly number[], width: number): RowVector {
  if (positions.length === width && positions.every((position, i) => position === i)) return row;
  const padded = emitter.emit('concat', [row.operand, { shape: [1], data: new Float64Array(1) }], { axis: 0 });
  const indices = new Array<number>(width).fill(row.width);
  // If a class occurs twice, the first one counts.
  for (let at = positions.length - 1; at >= 0; at--) indices[positions[at]] = at;
  return emitter.gather({ operand: padded, width: row.width + 1 }, indices);
}

function probabilitiesOf(estimator: Estimator, { probabilities }: Labels): RowVector {
  if (probabilities !== undefined) return probabilities;
  throw estimator.error('UNSUPPORTED_OP', `the ${estimator.className} gives no probabilities, which are averaged here`);
}

const votingClassifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const estimators = members(estimator);
  const weights = weightsOf(estimator, estimators.length);
  const voting = estimator.text('voting', 'hard');
  const say = (each: Estimator) => {
    const labels = predictLabels(emitter, each, x);
    const row = voting === 'soft' ? probabilitiesOf(each, labels) : oneHot(emitter, labels);
    return scattered(emitter, row, positionsOf(each, labels.classes, classes.length), classes.length);
  };
  const rows = estimators.map(say);
  if (voting === 'soft') return labelsByProbability(estimator, classes, average(emitter, rows, weights));
  if (voting !== 'hard') {
    throw estimator.error('UNSUPPORTED_OP', noSuchOption('voting', voting, ['hard', 'soft']), 'voting');
  }
  const votes = weighted(emitter, rows, weights);
  return { kind: 'labels', classes, decider: votes };
};

const votes: Transform = (estimator, emitter, x) => {
  const isSoft = estimator.text('voting', 'hard') === 'soft';
  const say = (each: Estimator) => {
    const labels = predictLabels(emitter, each, x);
    return isSoft ? probabilitiesOf(each, labels) : predictedClass(each, emitter, labels);
  };
  return emitter.concat(members(estimator).map(say));
};

const votingRegressor: Predict = (estimator, emitter, x) => {
  const estimators = members(estimator);
  const rows = estimators.map((each) => predictValues(emitter, each, x));
  return { kind: 'values', values: average(emitter, rows, weightsOf(estimator, rows.length)) };
};

const predictions: Transform = (estimator, emitter, x) =>
  emitter.concat(members(estimator).map((each) => predictValues(emitter, each, x)));

const METHODS = ['predict_proba', 'decision_function', 'predict'];

/** What each estimator gives, by its method in `stack_method_`; for two classes only the second's probability. */
const stack: Transform = (estimator, emitter, x) => {
  const estimators = members(estimator);
  const methods = estimator.texts('stack_method_');
  if (methods.length !== estimators.length) {
    throw estimator.error('SHAPE', `expected ${estimators.length} methods, found ${methods.length}`, 'stack_method_');
  }
  const rows = estimators.map((each, i) => stacked(each, emitter, emitter.predict(each, x), methods[i]));
  return emitter.concat(estimator.boolean('passthrough', false) ? [...rows, x] : rows);
};

function stacked(estimator: Estimator, emitter: Emitter, outcome: Outcome, method: string): RowVector {
  if (!METHODS.includes(method)) {
    throw estimator.error('UNSUPPORTED_OP', noSuchOption('the stacking method', method, METHODS));
  }
  if (outcome.kind === 'values' && method === 'predict') return outcome.values;
  if (outcome.kind === 'labels') {
    if (method === 'predict') return predictedClass(estimator, emitter, outcome);
    if (method === 'decision_function' && outcome.scores !== undefined) return outcome.scores;
    if (method === 'predict_proba') {
      const probabilities = probabilitiesOf(estimator, outcome);
      return probabilities.width === 2 ? emitter.gather(probabilities, [1]) : probabilities;
    }
  }
  throw estimator.error(
    'UNSUPPORTED_OP',
    `the ${estimator.className} does not support '${method}', which is needed here`,
  );
}

const stackingRegressor: Predict = (estimator, emitter, x) =>
  emitter.predict(estimator.estimator('final_estimator_'), stack(estimator, emitter, x));

/** The final estimator's classes are indices into the stack's own. */
const stackingClassifier: Predict = (estimator, emitter, x) => {
  if (itemsOf(estimator.value('_label_encoder')) !== undefined) {
    throw estimator.error('UNSUPPORTED_OP', 'stacks of multilabel classifiers are not supported', '_label_encoder');
  }
  const classes = estimator.labels('classes_');
  const final = estimator.estimator('final_estimator_');
  const labels = predictLabels(emitter, final, stack(estimator, emitter, x));
  const own = positionsOf(final, labels.classes, classes.length).map((position) => classes[position]);
  return { ...labels, classes: own };
};

/** Each estimator of the bag with its features of the row. */
function bagged(estimator: Estimator, emitter: Emitter, x: RowVector): readonly [Estimator, RowVector][] {
  const estimators = members(estimator);
  const features = estimator.list('estimators_features_');
  if (features.length !== estimators.length) {
    const found = `expected features of ${estimators.length} estimators, found ${features.length}`;
    throw estimator.error('SHAPE', found, 'estimators_features_');
  }
  return estimators.map((each, i) => {
    const { data } = estimator.numbersIn(features[i], `estimators_features_[${i}]`);
    return [each, emitter.gather(x, Array.from(data))];
  });
}

const baggingRegressor: Predict = (estimator, emitter, x) => {
  const rows = bagged(estimator, emitter, x).map(([each, row]) => predictValues(emitter, each, row));
  return { kind: 'values', values: average(emitter, rows) };
};

/** Estimators without probabilities vote. Scores are the mean of theirs, but do not decide. */
const baggingClassifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const said = bagged(estimator, emitter, x).map(([each, row]) => [each, predictLabels(emitter, each, row)] as const);
  const rows = said.map(([each, labels]) => {
    const row = labels.probabilities ?? oneHot(emitter, labels);
    // They are added in float64.
    const all = scattered(emitter, row, positionsOf(each, labels.classes, classes.length), classes.length);
    return { ...all, single: false };
  });
  const scores = said.flatMap(([, labels]) => labels.scores ?? []);
  const areScored = scores.length === said.length && scores.every(({ width }) => width === scores[0].width);
  return {
    ...labelsByProbability(estimator, classes, average(emitter, rows)),
    ...(areScored && { scores: average(emitter, scores) }),
  };
};

export const ENSEMBLES = {
  VotingClassifier: { predict: votingClassifier, transform: votes },
  VotingRegressor: { predict: votingRegressor, transform: predictions },
  StackingClassifier: { predict: stackingClassifier, transform: stack },
  StackingRegressor: { predict: stackingRegressor, transform: stack },
  BaggingClassifier: { predict: baggingClassifier },
  BaggingRegressor: { predict: baggingRegressor },
} satisfies Table;
