/** One estimator for each target, or a chain in which each takes the predictions of the earlier ones. */
import { predictedClass, predictLabels, predictValues } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { noSuchOption } from '../values.ts';

const regressors: Predict = (estimator, emitter, x) => {
  const rows = estimator.estimators('estimators_').map((each) => predictValues(emitter, each, x));
  return { kind: 'values', values: emitter.concat(rows) };
};

/** There are no scores; probabilities are given for all targets or none. */
const classifiers: Predict = (estimator, emitter, x) => {
  const targets = estimator.estimators('estimators_').map((each) => predictLabels(emitter, each, x));
  const areProbable = targets.every(({ probabilities }) => probabilities !== undefined);
  return {
    kind: 'targets',
    targets: targets.map(({ scores: _scores, probabilities, ...labels }) => ({
      ...labels,
      ...(areProbable && { probabilities }),
    })),
  };
};

/** The results of a chain's estimators, in the order of the targets. */
function chain<T>(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  run: (each: Estimator, row: RowVector) => [T, RowVector],
): T[] {
  const estimators = estimator.estimators('estimators_');
  const order = Array.from(estimator.vector('order_', estimators.length));
  if (estimators.length === 0 || order.toSorted((a, b) => a - b).some((target, i) => target !== i)) {
    throw estimator.error(
      'MALFORMED',
      `expected an order of ${estimators.length} targets, found ${order.slice(0, 9)}`,
      'order_',
    );
  }
  const results: T[] = [];
  let row = emitter.requireFinite(x);
  for (const [i, each] of estimators.entries()) {
    const [result, feature] = run(each, row);
    results[order[i]] = result;
    row = emitter.concat([row, feature]);
  }
  return results;
}

const regressorChain: Predict = (estimator, emitter, x) => {
  const rows = chain(estimator, emitter, x, (each, row) => {
    const values = predictValues(emitter, each, row);
    return [values, values];
  });
  return { kind: 'values', values: emitter.concat(rows) };
};

const classifierChain: Predict = (estimator, emitter, x) => {
  const targets = chain(estimator, emitter, x, (each, row) => {
    const labels = predictLabels(emitter, each, row);
    return [labels, chainFeature(estimator, each, emitter, labels)];
  });
  return inOneTensor(emitter, targets) ?? { kind: 'targets', targets };
};

const CHAIN_METHODS = ['predict', 'predict_proba', 'predict_log_proba', 'decision_function'];

/** The feature that the following estimators of the chain get from one estimator. */
function chainFeature(chained: Estimator, estimator: Estimator, emitter: Emitter, labels: Labels): RowVector {
  const method = chained.text('chain_method_', 'predict');
  if (method === 'predict') return predictedClass(estimator, emitter, labels);
  if (method === 'decision_function' && labels.scores?.width === 1) return labels.scores;
  if (labels.probabilities?.width === 2 && method.startsWith('predict_')) {
    const probability = emitter.gather(labels.probabilities, [1]);
    if (method === 'predict_proba') return probability;
    if (method === 'predict_log_proba') return emitter.unary(probability, 'log');
  }
  const message = CHAIN_METHODS.includes(method)
    ? `'${method}' of a ${estimator.className} with ${labels.classes.length} classes is not a single number`
    : noSuchOption('the method', method, CHAIN_METHODS);
  throw chained.error('UNSUPPORTED_OP', message, 'chain_method_');
}

/** Targets of 0 and 1 that are decided in the same way become the labels of one tensor. */
function inOneTensor(emitter: Emitter, targets: readonly Labels[]) {
  const isLabel = ({ classes }: Labels) => classes.length === 2 && classes[0] === 0 && classes[1] === 1;
  if (!targets.every(isLabel)) return undefined;
  const joined = (rows: readonly (RowVector | undefined)[]) =>
    rows.every((row) => row !== undefined) ? emitter.concat(rows) : undefined;
  const second = targets.map(({ probabilities }) => probabilities && emitter.gather(probabilities, [1]));
  const probabilities = joined(second);
  const scores = joined(targets.map(({ scores: row }) => (row?.width === 1 ? row : undefined)));
  const [first] = targets;
  const areScored = targets.every(({ decider, threshold }) => decider.width === 1 && threshold === first.threshold);
  const areProbable = targets.every(({ decider, probabilities: row }) => decider === row);
  if (areScored) {
    const decider = emitter.concat(targets.map((target) => target.decider));
    const { threshold = 0 } = first;
    return {
      kind: 'multilabel' as const,
      scores: scores ?? decider,
      ...(probabilities && { probabilities }),
      decider,
      threshold,
    };
  }
  if (!areProbable || probabilities === undefined) return undefined;
  return { kind: 'multilabel' as const, probabilities, decider: probabilities, threshold: 0.5 };
}

export const MULTIOUTPUT: Table = {
  MultiOutputRegressor: { predict: regressors },
  MultiOutputClassifier: { predict: classifiers },
  RegressorChain: { predict: regressorChain },
  ClassifierChain: { predict: classifierChain },
};
