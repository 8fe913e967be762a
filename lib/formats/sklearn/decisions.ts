/** How scikit-learn's classifiers convert scores to probabilities and labels. */
import type { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import type { Label, Labels, Outcome, RowVector } from './outcome.ts';

/** [1 − p, p]. */
export function pair(emitter: Emitter, p: RowVector): RowVector {
  return emitter.affine(emitter.gather(p, [0, 0]), Float64Array.of(-1, 1), Float64Array.of(1, 0));
}

/** [−s, s]. */
export function opposites(emitter: Emitter, s: RowVector): RowVector {
  return emitter.affine(emitter.gather(s, [0, 0]), Float64Array.of(-1, 1), -0);
}

/** Non-negative scores divided by their sum; equal shares if that is 0. */
export function normalised(emitter: Emitter, scores: RowVector): RowVector {
  const isZero = emitter.unary(emitter.reduce(scores, 'sum'), 'not');
  return emitter.normalize(emitter.binary('add', scores, isZero), 'l1');
}

/** The logistic function of each score; for several classes, divided by their sum. */
export function oneVersusRest(emitter: Emitter, scores: RowVector): RowVector {
  const each = emitter.unary(scores, 'sigmoid');
  return scores.width === 1 ? pair(emitter, each) : normalised(emitter, each);
}

/** The labels of a linear classifier: from one score, positive for the second of two classes, or one for each class. */
export function labelsByScore(
  estimator: Estimator,
  classes: readonly Label[],
  scores: RowVector,
  probabilities?: RowVector,
): Labels {
  const expected = classes.length === 2 && scores.width === 1 ? 1 : classes.length;
  if (scores.width !== expected) {
    throw estimator.error('SHAPE', `expected scores for ${classes.length} classes, found ${scores.width}`);
  }
  return { kind: 'labels', classes, scores, decider: scores, ...(probabilities && { probabilities }) };
}

/** The labels of a classifier that decides only by probabilities. */
export function labelsByProbability(estimator: Estimator, classes: readonly Label[], probabilities: RowVector): Labels {
  if (probabilities.width !== classes.length) {
    const found = `expected probabilities of ${classes.length} classes, found ${probabilities.width}`;
    throw estimator.error('SHAPE', found);
  }
  return { kind: 'labels', classes, probabilities, decider: probabilities };
}

/** The prediction of an inner estimator, which must be labels. */
export function predictLabels(emitter: Emitter, estimator: Estimator, x: RowVector): Labels {
  const outcome = emitter.predict(estimator, x);
  if (outcome.kind === 'labels') return outcome;
  throw estimator.error('UNSUPPORTED_OP', `expected a classifier of one target, found ${describeOutcome(outcome)}`);
}

/** The same for values. */
export function predictValues(emitter: Emitter, estimator: Estimator, x: RowVector): RowVector {
  const outcome = emitter.predict(estimator, x);
  if (outcome.kind === 'values') return outcome.values;
  throw estimator.error('UNSUPPORTED_OP', `expected a regressor, found ${describeOutcome(outcome)}`);
}

function describeOutcome({ kind }: Outcome): string {
  const words = {
    values: 'a regressor',
    labels: 'a classifier',
    multilabel: 'a classifier of many labels',
    targets: 'a classifier of several targets',
    neighbours: 'a nearest-neighbours search',
  };
  return words[kind];
}

/** The index of the predicted class, as a number in the row. */
export function classIndex(emitter: Emitter, { decider, threshold = 0 }: Labels): RowVector {
  return decider.width === 1 ? emitter.binary('greater', decider, threshold) : emitter.reduce(decider, 'arg_max');
}

/** The predicted class, as a number in the row: for estimators that use other predictions as features. */
export function predictedClass(estimator: Estimator, emitter: Emitter, labels: Labels): RowVector {
  const { classes } = labels;
  if (!classes.every((label) => typeof label === 'number')) {
    throw estimator.error('UNSUPPORTED_OP', 'predictions that are words cannot be features of another estimator');
  }
  return labelOf(emitter, classes, classIndex(emitter, labels));
}

/** The class at the index. */
export function labelOf(emitter: Emitter, classes: readonly number[], index: RowVector): RowVector {
  if (classes.every((label, i) => label === i)) return index;
  const table = { shape: [classes.length, 1], data: Float64Array.from(classes) };
  return emitter.flat(emitter.emit('embedding', [index.operand, table], { wrap: false }), 1);
}

/** 1 at the index of the predicted class, 0 for the other classes. */
export function oneHot(emitter: Emitter, labels: Labels): RowVector {
  return onAt(emitter, classIndex(emitter, labels), labels.classes.length);
}

/** 1 at that index, 0 elsewhere, for `depth` elements. */
export function onAt(emitter: Emitter, index: RowVector, depth: number): RowVector {
  const operand = emitter.emit('one_hot', [index.operand], { depth, on: 1, off: 0, axis: 1, wrap: false });
  return emitter.flat(operand, depth);
}

/** decision_function if there is one, else the probability of the second class: one number. */
export function binaryScore(estimator: Estimator, emitter: Emitter, { scores, probabilities }: Labels): RowVector {
  if (scores?.width === 1) return scores;
  if (probabilities?.width === 2) return emitter.gather(probabilities, [1]);
  throw estimator.error('SHAPE', 'expected a classifier of two classes');
}
