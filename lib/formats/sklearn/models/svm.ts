/** Support vector machines: a weighted sum of the kernel between the row and each support vector. */
import { type Matrix, sum, type Vector } from '../arrays.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { type KernelName, kernelName, kernelOf } from '../kernels.ts';
import type { Labels, RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { noSuchOption } from '../values.ts';
import { confidencesOfPairs, votesOfPairs } from './multiclass.ts';

const KERNELS: readonly KernelName[] = ['linear', 'poly', 'rbf', 'sigmoid'];

/** The kernel between the row and each support vector. */
function kernel(estimator: Estimator, emitter: Emitter, x: RowVector, vectors: Matrix): RowVector {
  const name = kernelName(estimator, 'kernel', 'rbf', KERNELS);
  return kernelOf(emitter, emitter.requireFinite(x), vectors, name, {
    gamma: name === 'linear' ? 1 : estimator.number('_gamma'),
    coef0: estimator.number('coef0', 0),
    degree: estimator.number('degree', 3),
  });
}

/** The weighted sum of an estimator that has only one. */
function expansion(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const vectors = estimator.matrix('support_vectors_', undefined, x.width);
  const weights = estimator.matrix('dual_coef_', 1, vectors.rows);
  return emitter.dense(kernel(estimator, emitter, x, vectors), weights, estimator.vector('intercept_', 1));
}

const regressor: Predict = (estimator, emitter, x) => ({ kind: 'values', values: expansion(estimator, emitter, x) });

/** −1, an outlier, if the score is not positive. */
const oneClass: Predict = (estimator, emitter, x) => {
  const scores = expansion(estimator, emitter, x);
  return { kind: 'labels', classes: [-1, 1], scores, decider: scores };
};

/** Each pair of classes is separated by the support vectors of the two; for two classes, 0 gives the second. */
const classifier: Predict = (estimator, emitter, x) => {
  const classes = estimator.labels('classes_');
  const vectors = estimator.matrix('support_vectors_', undefined, x.width);
  const weights = estimator.matrix('dual_coef_', classes.length - 1, vectors.rows);
  const pairs = (classes.length * (classes.length - 1)) / 2;
  const intercepts = estimator.vector('intercept_', pairs);
  const values = kernel(estimator, emitter, x, vectors);
  if (classes.length === 2) {
    const scores = emitter.dense(values, weights, intercepts);
    const probabilities = coupled(estimator, emitter, emitter.unary(scores, 'neg'));
    return { kind: 'labels', classes, scores, ...probabilities, decider: scores, threshold: -Number.MIN_VALUE };
  }
  const counts = Array.from(
    estimator.vector(estimator.has('_n_support') ? '_n_support' : 'n_support_', classes.length),
  );
  const margins = marginsOfPairs(estimator, emitter, values, weights, counts, intercepts);
  // A positive margin is a vote for the first of a pair; libsvm and scikit-learn differ for a margin of 0.
  const votes = (second: 'less' | 'less_equal') =>
    votesOfPairs(emitter, emitter.binary(second, margins, 0), classes.length);
  const probabilities = coupled(estimator, emitter, margins);
  const breaksTies = estimator.boolean('break_ties', false);
  if (isByPairs(estimator)) {
    if (breaksTies) {
      const message = "is True, with which scikit-learn does not predict where decision_function_shape is 'ovo'";
      throw estimator.error('UNSUPPORTED_OP', message, 'break_ties');
    }
    return { kind: 'labels', classes, scores: margins, ...probabilities, decider: votes('less_equal') };
  }
  const confidences = confidencesOfPairs(emitter, emitter.unary(margins, 'neg'), classes.length);
  const scores = emitter.binary('add', votes('less'), confidences);
  return { kind: 'labels', classes, scores, ...probabilities, decider: breaksTies ? scores : votes('less_equal') };
};

function isByPairs(estimator: Estimator): boolean {
  const shape = estimator.value('decision_function_shape', 'ovr');
  // Before 0.19, None meant 'ovo'.
  if (shape === null || shape === 'ovo') return true;
  if (shape === 'ovr') return false;
  const message = noSuchOption('the shape', estimator.text('decision_function_shape'), ['ovr', 'ovo']);
  throw estimator.error('MALFORMED', message, 'decision_function_shape');
}

/** libsvm's minimum probability of a class within a pair. */
const LEAST_PROBABILITY = 1e-7;

/** The probabilities of an estimator fitted with them: a logistic function of each pair's margin, then coupled. */
function coupled(estimator: Estimator, emitter: Emitter, margins: RowVector): Pick<Labels, 'probabilities'> {
  // The underscores moved in 0.22; since 1.8 the parameter may be 'deprecated', which is False.
  const [a, b] = ['A', 'B'].map((end) => (estimator.has(`_prob${end}`) ? `_prob${end}` : `prob${end}_`));
  const asked = estimator.value('_effective_probability', estimator.value('probability', true));
  if (asked === false || !estimator.has(a) || estimator.numbers(a).data.length === 0) return {};
  const negated = (attribute: string) => estimator.vector(attribute, margins.width).map((value) => -value);
  const each = emitter.unary(emitter.affine(margins, negated(a), negated(b)), 'sigmoid');
  const pairs = emitter.unary(each, 'clip', LEAST_PROBABILITY, 1 - LEAST_PROBABILITY);
  const classes = (1 + Math.sqrt(1 + 8 * margins.width)) / 2;
  return { probabilities: { operand: emitter.emit('couple', [pairs.operand], {}), width: classes } };
}

/** For each pair of classes: the sum over the support vectors of both, weighted against the other class. */
function marginsOfPairs(
  estimator: Estimator,
  emitter: Emitter,
  values: RowVector,
  weights: Matrix,
  counts: readonly number[],
  intercepts: Vector,
): RowVector {
  if (!counts.every((count) => Number.isInteger(count) && count >= 0) || sum(counts) !== weights.columns) {
    throw estimator.error(
      'SHAPE',
      `expected ${weights.columns} support vectors in all, found ${sum(counts)}`,
      '_n_support',
    );
  }
  const isSmall = intercepts.length * weights.columns <= LARGEST_PAIR_WEIGHTS || counts.includes(0);
  if (isSmall) return emitter.dense(values, pairWeights(estimator, weights, counts, intercepts.length), intercepts);
  emitter.budget.build(PAIR_BYTES * intercepts.length, estimator.title);
  const sums = emitter.concat(sumsOfClasses(emitter, values, weights, counts));
  const [ofFirst, ofSecond]: [number[], number[]] = [[], []];
  const others = counts.length - 1;
  for (let i = 0; i < counts.length; i++) {
    for (let j = i + 1; j < counts.length; j++) {
      ofFirst.push(i * others + j - 1);
      ofSecond.push(j * others + i);
    }
  }
  const margins = emitter.binary('add', emitter.gather(sums, ofFirst), emitter.gather(sums, ofSecond));
  return emitter.binary('add', margins, intercepts);
}

/** The memory of the two indices of a pair. */
const PAIR_BYTES = 32;
/** The maximum number of elements in a matrix of pairs and vectors, which is mostly zeros. */
const LARGEST_PAIR_WEIGHTS = 2 ** 20;

/** For each class the sums over its own vectors, weighted against each other class. */
function sumsOfClasses(
  emitter: Emitter,
  values: RowVector,
  { rows, columns, data }: Matrix,
  counts: readonly number[],
): RowVector[] {
  let start = 0;
  return counts.map((count) => {
    const own = new Float64Array(rows * count);
    for (let row = 0; row < rows; row++) {
      own.set(data.subarray(row * columns + start, row * columns + start + count), row * count);
    }
    const positions = Array.from({ length: count }, (_, i) => start + i);
    start += count;
    return emitter.dense(emitter.gather(values, positions), { rows, columns: count, data: own });
  });
}

/** [pairs, vectors]: for a pair (i, j), the vectors of i have their weight against j, and those of j theirs against i. */
function pairWeights(estimator: Estimator, weights: Matrix, counts: readonly number[], pairs: number): Matrix {
  const { columns } = weights;
  let end = 0;
  const ends = counts.map((count) => {
    end += count;
    return end;
  });
  estimator.budget.buildElements(pairs * columns, estimator.title);
  const data = new Float64Array(pairs * columns);
  estimator.budget.isNew(data);
  let at = 0;
  const copy = (owner: number, row: number) => {
    for (let vector = ends[owner] - counts[owner]; vector < ends[owner]; vector++) {
      data[at * columns + vector] = weights.data[row * columns + vector];
    }
  };
  for (let i = 0; i < counts.length; i++) {
    for (let j = i + 1; j < counts.length; j++, at++) {
      copy(i, j - 1);
      copy(j, i);
    }
  }
  return { rows: pairs, columns, data };
}

export const SUPPORT_VECTORS: Table = {
  SVC: { predict: classifier },
  NuSVC: { predict: classifier },
  SVR: { predict: regressor },
  NuSVR: { predict: regressor },
  OneClassSVM: { predict: oneClass },
};
