/** How scikit-learn's classifiers turn scores into probabilities and labels. */
import type { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import type { Label, Labels, Outcome, RowVector } from './outcome.ts';

/** [1 − p, p] of p. */
export function pair(emitter: Emitter, p: RowVector): RowVector {
  return emitter.affine(emitter.gather(p, [0, 0]), Float64Array.of(-1, 1), Float64Array.of(1, 0));
}

/** [−s, s] of s. */
export function opposites(emitter: Emitter, s: RowVector): RowVector {
  return emitter.affine(emitter.gather(s, [0, 0]), Float64Array.of(-1, 1), -0);
}

/** Scores that are not negative, divided by their sum; where that is 0, all the same. */
export function normalised(emitter: Emitter, scores: RowVector): RowVector {
  const isZero = emitter.unary(emitter.reduce(scores, 'sum'), 'not');
  return emitter.normalize(emitter.binary('add', scores, isZero), 'l1');
}

/** The logistic function of each score; of several classes, divided by their sum. */
export function oneVersusRest(emitter: Emitter, scores: RowVector): RowVector {
  const each = emitter.unary(scores, 'sigmoid');
  return scores.width === 1 ? pair(emitter, each) : normalised(emitter, each);
}

/** Labels of a linear classifier: one score, positive for the second of two classes, or one for each class. */
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

/** Labels of a classifier of which nothing but the probabilities decides. */
export function labelsByProbability(estimator: Estimator, classes: readonly Label[], probabilities: RowVector): Labels {
  if (probabilities.width !== classes.length) {
    const found = `expected probabilities of ${classes.length} classes, found ${probabilities.width}`;
    throw estimator.error('SHAPE', found);
  }
  return { kind: 'labels', classes, probabilities, decider: probabilities };
}

/** What an estimator inside another predicts, which must be labels. */
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
    neighbours: 'a search for neighbours',
  };
  return words[kind];
}

/** The position of the class that is predicted, as a number in the row. */
export function classIndex(emitter: Emitter, { decider, threshold = 0 }: Labels): RowVector {
  return decider.width === 1 ? emitter.binary('greater', decider, threshold) : emitter.reduce(decider, 'arg_max');
}

/** The class that is predicted, as a number in the row: for estimators that take others' predictions as features. */
export function predictedClass(estimator: Estimator, emitter: Emitter, labels: Labels): RowVector {
  const { classes } = labels;
  if (!classes.every((label) => typeof label === 'number')) {
    throw estimator.error('UNSUPPORTED_OP', 'predictions that are words cannot be the features of another estimator');
  }
  return labelOf(emitter, classes, classIndex(emitter, labels));
}

/** The class at the position. */
export function labelOf(emitter: Emitter, classes: readonly number[], index: RowVector): RowVector {
  if (classes.every((label, i) => label === i)) return index;
  const table = { shape: [classes.length, 1], data: Float64Array.from(classes) };
  return emitter.flat(emitter.emit('embedding', [index.operand, table], { wrap: false }), 1);
}

/** On in the position of the predicted class, of all classes. */
export function oneHot(emitter: Emitter, labels: Labels): RowVector {
  return onAt(emitter, classIndex(emitter, labels), labels.classes.length);
}

/** On in that position of so many. */
export function onAt(emitter: Emitter, index: RowVector, depth: number): RowVector {
  const operand = emitter.emit('one_hot', [index.operand], { depth, on: 1, off: 0, axis: 1, wrap: false });
  return emitter.flat(operand, depth);
}

/** decision_function where there is one, else the probability of the second class: one number. */
export function binaryScore(estimator: Estimator, emitter: Emitter, { scores, probabilities }: Labels): RowVector {
  if (scores?.width === 1) return scores;
  if (probabilities?.width === 2) return emitter.gather(probabilities, [1]);
  throw estimator.error('SHAPE', 'expected a classifier of two classes');
}
