/** Multi-layer perceptrons: weights are [inputs, outputs], and the file names both activations. */
import type { Vector } from '../arrays.ts';
import { labelsByProbability, pair } from '../decisions.ts';
import type { Emitter, Predict } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import type { Table } from '../reading.ts';
import { noSuchOption } from '../values.ts';

const ACTIVATIONS: Readonly<Record<string, (emitter: Emitter, x: RowVector) => RowVector>> = {
  identity: (_emitter, x) => x,
  logistic: (emitter, x) => emitter.unary(x, 'sigmoid'),
  tanh: (emitter, x) => emitter.unary(x, 'tanh'),
  relu: (emitter, x) => emitter.unary(x, 'relu'),
  softmax: (emitter, x) => emitter.softmax(x),
  exp: (emitter, x) => emitter.unary(x, 'exp'),
};

function forward(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const weights = estimator.list('coefs_');
  const biases = estimator.list('intercepts_');
  if (weights.length === 0 || weights.length !== biases.length) {
    const found = `found ${weights.length} weights and ${biases.length} intercepts`;
    throw estimator.error('MALFORMED', `expected as many weights as intercepts, at least one; ${found}`, 'coefs_');
  }
  const activations = ['activation', 'out_activation_'].map((attribute) => activation(estimator, attribute));
  let row = emitter.requireFinite(x);
  for (const [layer, weight] of weights.entries()) {
    const place = `coefs_[${layer}]`;
    const { shape, data } = estimator.numbersIn(weight, place);
    if (shape.length !== 2) throw estimator.error('SHAPE', `expected a matrix, found ${shape.length} axes`, place);
    const bias: Vector = estimator.numbersIn(biases[layer], `intercepts_[${layer}]`).data;
    row = emitter.dense(row, { rows: shape[0], columns: shape[1], data }, bias, 'in-out');
    row = activations[layer === weights.length - 1 ? 1 : 0](emitter, row);
  }
  return row;
}

function activation(estimator: Estimator, attribute: string): (emitter: Emitter, x: RowVector) => RowVector {
  const name = estimator.text(attribute);
  if (Object.hasOwn(ACTIVATIONS, name)) return ACTIVATIONS[name];
  throw estimator.error('UNSUPPORTED_OP', noSuchOption(attribute, name, Object.keys(ACTIVATIONS)), attribute);
}

const regressor: Predict = (estimator, emitter, x) => ({ kind: 'values', values: forward(estimator, emitter, x) });

/** One logistic output is for two classes; several are independent labels of a row. */
const classifier: Predict = (estimator, emitter, x) => {
  const row = forward(estimator, emitter, x);
  const binarizer = estimator.estimator('_label_binarizer');
  if (binarizer.text('y_type_').startsWith('multilabel')) {
    return { kind: 'multilabel', probabilities: row, decider: row, threshold: 0.5 };
  }
  const probabilities = row.width === 1 ? pair(emitter, row) : row;
  return labelsByProbability(estimator, binarizer.labels('classes_'), probabilities);
};

export const PERCEPTRONS: Table = {
  MLPRegressor: { predict: regressor },
  MLPClassifier: { predict: classifier },
};
