/** Classifiers of several classes or labels, made from binary classifiers. */
import type { Matrix } from '../arrays.ts';
import { binaryScore, classIndex, pair } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { like, single } from '../single.ts';
import { distances } from './distances.ts';
import { constantRow } from './dummy.ts';

/** The result of one binary classifier: its score, and its probability of the second class. */
interface Member {
  /** decision_function, or the prediction of a regressor. */
  readonly score?: RowVector;
  readonly probability?: RowVector;
  /** The score, or else the probability, that decides. */
  readonly decider: RowVector;
  /** Above this value of the decider, the second class is predicted. */
  readonly threshold: number;
  /** 1 if it predicts the second class, otherwise 0. */
  readonly prediction: RowVector;
}

function member(emitter: Emitter, estimator: Estimator, x: RowVector): Member {
  const outcome = emitter.predict(estimator, x);
  if (outcome.kind === 'values' && outcome.values.width === 1) {
    const value = outcome.values;
    return { decider: value, threshold: 0.5, prediction: value };
  }
  if (outcome.kind !== 'labels') {
    throw estimator.error('UNSUPPORTED_OP', 'expected a classifier of two classes, or a regressor of one target');
  }
  const { scores, probabilities } = outcome;
  const score = scores?.width === 1 ? scores : undefined;
  const probability = probabilities?.width === 2 ? emitter.gather(probabilities, [1]) : undefined;
  return {
    ...(score && { score }),
    ...(probability && { probability }),
    decider: binaryScore(estimator, emitter, outcome),
    threshold: score === undefined ? 0.5 : 0,
    prediction: classIndex(emitter, outcome),
  };
}

/** Replaces the classifier of a class that all rows had, or none. */
const constantPredictor: Predict = (estimator, emitter) => {
  const [value] = estimator.numbers('y_').data;
  const scores = constantRow(emitter, [value]);
  return { kind: 'labels', classes: [0, 1], scores, probabilities: pair(emitter, scores), decider: scores };
};

function all(rows: readonly (RowVector | undefined)[]): readonly RowVector[] | undefined {
  return rows.every((row) => row !== undefined) ? rows : undefined;
}

const oneVersusRest: Predict = (estimator, emitter, x) => {
  const members = estimator.estimators('estimators_').map((each) => member(emitter, each, x));
  if (members.length === 0) throw estimator.error('MALFORMED', 'expected at least one estimator', 'estimators_');
  const [{ threshold }] = members;
  const binarizer = estimator.estimator('label_binarizer_');
  const decider = emitter.concat(members.map((each) => each.decider));
  const scores = all(members.map(({ score }) => score));
  const each = all(members.map(({ probability }) => probability));
  const probabilities = each && emitter.concat(each);
  const known = { ...(scores && { scores: emitter.concat(scores) }) };
  if (binarizer.text('y_type_').startsWith('multilabel')) {
    return { kind: 'multilabel', ...known, ...(probabilities && { probabilities }), decider, threshold };
  }
  const classes = binarizer.labels('classes_');
  if (members.length === 1) {
    const both = probabilities && { probabilities: like(emitter, probabilities, pair(emitter, probabilities)) };
    return { kind: 'labels', classes, ...known, ...both, decider, threshold };
  }
  if (members.length !== classes.length) {
    throw estimator.error('SHAPE', `expected ${classes.length} estimators, found ${members.length}`, 'estimators_');
  }
  const shares = probabilities && { probabilities: shared(emitter, probabilities) };
  return {
    kind: 'labels',
    classes,
    ...known,
    ...shares,
    decider: firstWins(estimator, emitter, decider),
  };
};

/** Divided by the sum, unless that is 0. */
function shared(emitter: Emitter, probabilities: RowVector): RowVector {
  if (!probabilities.single) return emitter.normalize(probabilities, 'l1');
  const sum = emitter.reduce(probabilities, 'sum_float32');
  const divisor = emitter.binary('add', sum, emitter.unary(sum, 'not'));
  return single(emitter, emitter.binary('div', probabilities, divisor));
}

/** Before 1.8, the last of equal scores won. */
function firstWins(estimator: Estimator, emitter: Emitter, decider: RowVector): RowVector {
  if (estimator.since(1, 8)) return decider;
  const depth = decider.width;
  const last = emitter.reduce(decider, 'arg_max_last');
  const operand = emitter.emit('one_hot', [last.operand], { depth, on: 1, off: 0, axis: 1, wrap: false });
  return emitter.flat(operand, depth);
}

/** For each class, how many of its pairs it wins: `seconds` is 1 where the second class of a pair wins. */
export function votesOfPairs(emitter: Emitter, seconds: RowVector, classCount: number): RowVector {
  if (classCount > MOST_BY_MATRIX) return sumsOfPairs(emitter, seconds, emitter.affine(seconds, -1, 1), classCount);
  const matrix = pairMatrix(classCount);
  const firsts = Float64Array.from({ length: classCount }, (_, i) => classCount - 1 - i);
  return emitter.dense(seconds, matrix, firsts);
}

/** Each class's sum of confidences, scaled to less than half a vote: it decides between equal numbers of votes. */
export function confidencesOfPairs(emitter: Emitter, confidences: RowVector, classCount: number): RowVector {
  const sums =
    classCount > MOST_BY_MATRIX
      ? sumsOfPairs(emitter, confidences, emitter.unary(confidences, 'neg'), classCount)
      : emitter.dense(confidences, pairMatrix(classCount));
  return emitter.binary('div', sums, emitter.affine(emitter.unary(sums, 'abs'), 3, 3));
}

/** With more classes, the matrix, which is mostly zeros, is larger than the lists of each class's pairs. */
const MOST_BY_MATRIX = 24;

/** For each class, the sum over its pairs, in which it is the second or the first. */
function sumsOfPairs(emitter: Emitter, asSecond: RowVector, asFirst: RowVector, classCount: number): RowVector {
  const pairs = asSecond.width;
  emitter.budget.build(POSITION_BYTES * 2 * pairs, 'the pairs of classes');
  const positions: number[] = [];
  for (let own = 0; own < classCount; own++) {
    for (let other = 0; other < classCount; other++) {
      if (other < own) positions.push(pairAt(other, own, classCount));
      if (other > own) positions.push(pairs + pairAt(own, other, classCount));
    }
  }
  const each = emitter.gather(emitter.concat([asSecond, asFirst]), positions);
  const table = emitter.reshape(each, [classCount, classCount - 1]);
  return { operand: emitter.emit('reduce', [table], { fn: 'sum', axes: [1], keepDims: false }), width: classCount };
}

const POSITION_BYTES = 8;

/** The index of a pair: pairs are sorted by their first class, then by their second. */
export function pairAt(first: number, second: number, classCount: number): number {
  return first * (classCount - 1) - (first * (first - 1)) / 2 + second - first - 1;
}

/** [classes, pairs]: −1 for the first of a pair, 1 for the second. */
function pairMatrix(classCount: number): Matrix {
  const columns = (classCount * (classCount - 1)) / 2;
  const data = new Float64Array(classCount * columns);
  let at = 0;
  for (let i = 0; i < classCount; i++) {
    for (let j = i + 1; j < classCount; j++, at++) {
      data[i * columns + at] = -1;
      data[j * columns + at] = 1;
    }
  }
  return { rows: classCount, columns, data };
}

const oneVersusOne: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const estimators = estimator.estimators('estimators_');
  if (estimators.length !== (classes.length * (classes.length - 1)) / 2) {
    throw estimator.error('SHAPE', `expected an estimator for each pair of ${classes.length} classes`, 'estimators_');
  }
  if (estimator.has('pairwise_indices_')) {
    throw estimator.error(
      'UNSUPPORTED_OP',
      'a precomputed kernel compares rows with each other, which is not supported',
      'pairwise_indices_',
    );
  }
  const members = estimators.map((each) => member(emitter, each, x));
  const predictions = emitter.concat(members.map(({ prediction }) => prediction));
  const confidences = emitter.concat(members.map(({ decider }) => decider));
  const votes = emitter.binary(
    'add',
    votesOfPairs(emitter, predictions, classes.length),
    confidencesOfPairs(emitter, confidences, classes.length),
  );
  if (classes.length > 2) return { kind: 'labels', classes, scores: votes, decider: votes };
  const scores = emitter.gather(votes, [1]);
  return { kind: 'labels', classes, scores, decider: scores, threshold: members[0].threshold };
};

/** The class whose code is nearest to the estimators' results. */
const outputCode: Predict = (estimator, emitter, x): Labels => {
  const classes = estimator.labels('classes_');
  const said = emitter.concat(estimator.estimators('estimators_').map((each) => member(emitter, each, x).decider));
  const codes = estimator.matrix('code_book_', classes.length, said.width);
  return { kind: 'labels', classes, decider: emitter.unary(distances(emitter, said, codes), 'neg') };
};

export const MULTICLASS: Table = {
  OneVsRestClassifier: { predict: oneVersusRest },
  OneVsOneClassifier: { predict: oneVersusOne },
  OutputCodeClassifier: { predict: outputCode },
  _ConstantPredictor: { predict: constantPredictor },
};
