/** Probabilities computed from another classifier's scores, and decision thresholds. */

import { PickleDict, PickleObject } from '../../containers/pickle/values.ts';
import { mapped } from '../../mapped.ts';
import { labelsByProbability, normalised, opposites, pair, predictLabels } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { functionName, noSuchOption, plainScalar } from '../values.ts';
import { average } from './ensembles.ts';
import { isotonic } from './isotonic.ts';

const calibrated: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const rows = estimator
    .estimators('calibrated_classifiers_')
    .map((each) => calibratedOne(each, emitter, x, classes.length));
  if (rows.length === 0)
    throw estimator.error('MALFORMED', 'expected at least one classifier', 'calibrated_classifiers_');
  return labelsByProbability(estimator, classes, average(emitter, rows));
};

/** One fold. Its classifier was named `base_estimator` before 1.2; its calibrators had an underscore before 0.24. */
function calibratedOne(estimator: Estimator, emitter: Emitter, x: RowVector, classCount: number): RowVector {
  const inner = estimator.estimator(estimator.has('estimator') ? 'estimator' : 'base_estimator');
  const calibrators = estimator.estimators(estimator.has('calibrators') ? 'calibrators' : 'calibrators_');
  const labels = predictLabels(emitter, inner, x);
  if (labels.classes.length !== classCount) {
    throw inner.error(
      'UNSUPPORTED_OP',
      `a fold with ${labels.classes.length} of ${classCount} classes is not supported`,
    );
  }
  const method = estimator.text('method', 'sigmoid');
  if (method === 'temperature') return temperature(estimator, emitter, labels, calibrators);
  if (method !== 'sigmoid' && method !== 'isotonic') {
    const known = ['sigmoid', 'isotonic', 'temperature'];
    throw estimator.error('UNSUPPORTED_OP', noSuchOption('the method', method, known), 'method');
  }
  const predictions = scoresFor(inner, emitter, labels);
  if (calibrators.length !== predictions.width) {
    throw estimator.error(
      'SHAPE',
      `expected ${predictions.width} calibrators, found ${calibrators.length}`,
      'calibrators',
    );
  }
  if (method === 'isotonic') {
    const rows = calibrators.map((each, i) => isotonic(each, emitter, emitter.gather(predictions, [i])));
    // The sum may exceed 1 in the last bit; then it becomes 1.
    const curves = emitter.binary('min', emitter.concat(rows), 1);
    return curves.width === 1 ? pair(emitter, curves) : normalised(emitter, curves);
  }
  const slopes = mapped(calibrators, (each) => -each.number('a_'));
  const offsets = mapped(calibrators, (each) => -each.number('b_'));
  const each = emitter.unary(emitter.affine(predictions, slopes, offsets), 'sigmoid');
  return each.width === 1 ? pair(emitter, each) : normalised(emitter, each);
}

/** decision_function, or else the probabilities; for two classes that of the second. */
function scoresFor(estimator: Estimator, emitter: Emitter, { scores, probabilities }: Labels): RowVector {
  if (scores !== undefined) return scores;
  if (probabilities === undefined) throw predictsAlone(estimator);
  return probabilities.width === 2 ? emitter.gather(probabilities, [1]) : probabilities;
}

/** Negligibly small, so that 0 has a logarithm. */
const LEAST_PROBABILITY = 1e-12;

function temperature(
  estimator: Estimator,
  emitter: Emitter,
  labels: Labels,
  calibrators: readonly Estimator[],
): RowVector {
  const [calibrator] = calibrators;
  if (calibrator === undefined) throw estimator.error('MALFORMED', 'expected a calibrator, found none', 'calibrators');
  const logits = logitsFor(estimator, emitter, labels);
  const each = logits.width === 1 ? opposites(emitter, logits) : logits;
  return emitter.softmax(emitter.affine(each, calibrator.number('beta_'), -0));
}

function predictsAlone(estimator: Estimator) {
  return estimator.error('UNSUPPORTED_OP', `the ${estimator.className} gives neither probabilities nor scores`);
}

function logitsFor(estimator: Estimator, emitter: Emitter, { scores, probabilities }: Labels): RowVector {
  if (scores !== undefined) return scores;
  if (probabilities === undefined) throw predictsAlone(estimator);
  return emitter.unary(emitter.affine(probabilities, 1, LEAST_PROBABILITY), 'log');
}

/** Scores of scikit-learn whose `pos_label` defaults to 1. */
const OF_POSITIVE_LABEL = /(?:f1|fbeta|precision|recall|jaccard)_score$/;

/** The second class if its score, or probability, is at least the threshold. */
const thresholded: Predict = (estimator, emitter, x) => {
  const inner = estimator.estimator(estimator.has('estimator_') ? 'estimator_' : 'estimator');
  const labels = predictLabels(emitter, inner, x);
  if (labels.classes.length !== 2) {
    throw estimator.error('UNSUPPORTED_OP', `expected a classifier of two classes, found ${labels.classes.length}`);
  }
  const method = estimator.text('response_method', 'auto');
  const { probabilities, scores } = labels;
  const isByProbability = method === 'predict_proba' || (method === 'auto' && probabilities !== undefined);
  const response = isByProbability ? probabilities : scores;
  if (response === undefined) throw inner.error('UNSUPPORTED_OP', `does not support '${method}', which it needs here`);
  const positive = positiveClass(estimator, labels);
  const column = response.width === 2 ? emitter.gather(response, [positive]) : signed(emitter, response, positive);
  const isPositive = emitter.binary('greater_equal', column, thresholdOf(estimator, isByProbability));
  const decider = positive === 1 ? isPositive : emitter.unary(isPositive, 'not');
  return { ...labels, decider, threshold: 0 };
};

function signed(emitter: Emitter, score: RowVector, positive: number): RowVector {
  return positive === 1 ? score : emitter.unary(score, 'neg');
}

function thresholdOf(estimator: Estimator, isByProbability: boolean): number {
  if (estimator.has('best_threshold_')) return estimator.number('best_threshold_');
  const isAuto = plainScalar(estimator.value('threshold', 'auto')) === 'auto';
  return isAuto ? (isByProbability ? 0.5 : 0) : estimator.number('threshold');
}

/** The index of the positive class: `pos_label`, or the default of the tuned score. */
function positiveClass(estimator: Estimator, { classes }: Labels): number {
  const label = plainScalar(estimator.value('pos_label', scorerLabel(estimator)));
  if (label === null) return 1;
  const position = classes.indexOf(typeof label === 'boolean' ? Number(label) : (label as string | number));
  if (position >= 0) return position;
  throw estimator.error('MALFORMED', 'is not one of the classes', 'pos_label');
}

function scorerLabel(estimator: Estimator) {
  const scorer = estimator.value('_curve_scorer');
  if (!(scorer instanceof PickleObject)) return null;
  const given = scorer.attribute('_kwargs');
  const label = given instanceof PickleDict ? given.get('pos_label') : undefined;
  if (label !== undefined) return label;
  const score = functionName(scorer.attribute('_score_func') ?? null) ?? '';
  return OF_POSITIVE_LABEL.test(score) ? 1 : null;
}

export const CALIBRATION: Table = {
  CalibratedClassifierCV: { predict: calibrated },
  FixedThresholdClassifier: { predict: thresholded },
  TunedThresholdClassifierCV: { predict: thresholded },
};
