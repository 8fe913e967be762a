/** Pickled results of statsmodels: their `predict` for new rows. */
import { PickleArray, PickleObject, type PickleValue } from '../containers/pickle/values.ts';
import type { Vector } from '../sklearn/arrays.ts';
import type { Emitter, Predict } from '../sklearn/emitter.ts';
import type { Estimator } from '../sklearn/estimator.ts';
import type { Features } from '../sklearn/features.ts';
import { constantRow } from '../sklearn/models/dummy.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import type { Table } from '../sklearn/reading.ts';
import { columnsOf, Design, INTERCEPT } from './design.ts';
import { Frame, indexItems } from './frame.ts';
import { distributionOf, type Inverse, inverseOf, normal } from './links.ts';

/** Results, their model, and the model's data. */
interface Fitted {
  readonly results: Estimator;
  readonly model: Estimator;
  readonly data: Estimator;
}

/** Wrappers contain the results, which are otherwise equal. */
function fittedOf(estimator: Estimator): Fitted {
  const results = estimator.has('_results') ? estimator.estimator('_results') : estimator;
  const model = results.estimator('model');
  return { results, model, data: model.estimator('data') };
}

/** For a design made by a formula. */
interface Formula {
  readonly frame: Frame;
  /** The columns of the design. */
  readonly names: readonly string[];
  /** The columns of the frame that the design uses. */
  readonly columns: readonly string[];
}

const REMOVED =
  "the data that it was fitted on is not in the file (remove_data), which is needed for a formula's categories; save it with its data, or fit the model on arrays";

const known = new WeakMap<PickleObject, Formula>();

function formulaOf(estimator: Estimator): Formula | undefined {
  const { model, data } = fittedOf(estimator);
  if (!data.has('formula') && !model.has('formula')) return undefined;
  const before = known.get(data.object);
  if (before !== undefined) return before;
  const frame = Frame.of(data.value('frame'), data);
  const names = Frame.of(data.value('orig_exog'), data)?.names;
  if (frame === undefined || names === undefined) throw data.error('UNSUPPORTED_OP', REMOVED);
  const formula = { frame, names, columns: columnsOf(data, names, frame) };
  if (formula.columns.length === 0) {
    throw data.error('UNSUPPORTED_OP', 'the formula uses no column, so the result is the same for every row');
  }
  known.set(data.object, formula);
  return formula;
}

function features(estimator: Estimator): Features | undefined {
  const formula = formulaOf(estimator);
  if (formula !== undefined) return { width: formula.columns.length, names: formula.columns };
  const { results, model, data } = fittedOf(estimator);
  const names = Frame.of(data.value('orig_exog'), data)?.names;
  const given = widthOf(model.value('exog')) ?? widthOf(data.value('exog')) ?? names?.length;
  const width = given ?? parametersOf(results).rows - (model.has('k_extra') ? model.number('k_extra') : 0);
  return { width, ...(names?.length === width && { names }) };
}

function widthOf(value: PickleValue): number | undefined {
  if (!(value instanceof PickleArray)) return undefined;
  return value.shape.length === 1 ? 1 : value.shape[1];
}

/** `params`: a number for each column of the design, or a column for each class except the first. */
function parametersOf(results: Estimator): { rows: number; columns: number; data: Vector } {
  const value = results.value('params');
  // Older versions store a pandas Series.
  const held = value instanceof PickleObject ? (indexItems(value, results) as PickleValue | undefined) : value;
  const { shape, data } = results.numbersIn(held ?? value, 'params');
  const stray = data.findIndex((number) => !Number.isFinite(number));
  if (stray >= 0) throw results.error('MALFORMED', `expected finite numbers, found ${data[stray]}`, 'params');
  if (shape.length === 1) return { rows: shape[0], columns: 1, data };
  if (shape.length === 2) return { rows: shape[0], columns: shape[1], data };
  throw results.error('SHAPE', `expected one axis or two, found [${shape.join(', ')}]`, 'params');
}

/**
 * The product of the design of a row and the parameters: one number, or one for each of their columns. The first `used`
 * rows of the parameters belong to the design.
 */
function predictor(estimator: Estimator, emitter: Emitter, x: RowVector): { values: RowVector; left: Vector } {
  const { results } = fittedOf(estimator);
  const { rows, columns, data } = parametersOf(results);
  const formula = formulaOf(estimator);
  const names = formula?.names ?? Array.from({ length: x.width }, (_, at) => `${at}`);
  const count = names.length;
  if (count > rows || (columns > 1 && count !== rows)) {
    throw results.error('SHAPE', `expected a number for each of ${count} columns, found ${rows}`, 'params');
  }
  const left = columns === 1 ? data.slice(count) : new Float64Array(0);
  if (formula === undefined) {
    const matrix = { rows: count, columns, data: data.slice(0, count * columns) };
    return { values: emitter.dense(x, matrix, undefined, 'in-out'), left };
  }
  const design = new Design(results, emitter, formula.frame, formula.columns, x);
  const intercept = names.indexOf(INTERCEPT);
  const others = names.flatMap((_, at) => (at === intercept ? [] : [at]));
  const parts = others.map((at) => design.column(names[at]));
  const weights = Float64Array.from(others.flatMap((at) => Array.from(data.slice(at * columns, (at + 1) * columns))));
  const bias = intercept < 0 ? undefined : data.slice(intercept * columns, (intercept + 1) * columns);
  const matrix = { rows: others.length, columns, data: weights };
  return { values: emitter.dense(emitter.concat(parts), matrix, bias, 'in-out'), left };
}

/** Applies a function to the linear predictor. */
function mean(inverse: (model: Estimator) => Inverse): Predict {
  return (estimator, emitter, x) => {
    const { values } = predictor(estimator, emitter, x);
    return { kind: 'values', values: inverse(fittedOf(estimator).model)(emitter, values) };
  };
}

const identity = mean(() => (_emitter, x) => x);
const exponential = mean(() => (emitter, x) => emitter.unary(x, 'exp'));
const logistic = mean(() => (emitter, x) => emitter.unary(x, 'sigmoid'));
const generalised = mean((model) => {
  const family = model.estimator('family');
  return inverseOf(family.estimator(family.has('_link') ? '_link' : 'link'));
});

/** A softmax in which the first class has the score 0. */
const multinomial: Predict = (estimator, emitter, x) => {
  const { values } = predictor(estimator, emitter, x);
  const zero = constantRow(emitter, [0]);
  return { kind: 'values', values: emitter.softmax(emitter.concat([zero, values])) };
};

/**
 * Each class is between two thresholds: the first is stored directly, each other as the logarithm of its distance from
 * the previous one.
 */
const ordered: Predict = (estimator, emitter, x) => {
  const { results, model } = fittedOf(estimator);
  const { values, left } = predictor(estimator, emitter, x);
  const count = model.number('k_levels');
  if (left.length !== count - 1) {
    throw results.error('SHAPE', `expected ${count - 1} thresholds, found ${left.length}`, 'params');
  }
  const inverse = distributionOf(model.estimator('distr'));
  let threshold = 0;
  const thresholds = Float64Array.from(left, (value, at) => {
    threshold = at === 0 ? value : threshold + Math.exp(value);
    return threshold;
  });
  const below = inverse(emitter, emitter.binary('sub', thresholds, values));
  const upper = emitter.concat([below, constantRow(emitter, [1])]);
  const lower = emitter.concat([constantRow(emitter, [0]), below]);
  return { kind: 'values', values: emitter.binary('sub', upper, lower) };
};

/** By the class of the model, for any method of fitting. */
const MODELS: Readonly<Record<string, Predict>> = {
  OLS: identity,
  WLS: identity,
  GLS: identity,
  GLSAR: identity,
  RLM: identity,
  QuantReg: identity,
  GLM: generalised,
  GEE: generalised,
  Logit: logistic,
  Probit: mean(() => normal),
  Poisson: exponential,
  NegativeBinomial: exponential,
  NegativeBinomialP: exponential,
  GeneralizedPoisson: exponential,
  MNLogit: multinomial,
  OrderedModel: ordered,
};

const predict: Predict = (estimator, emitter, x) => {
  const { model } = fittedOf(estimator);
  if (Object.hasOwn(MODELS, model.className)) return MODELS[model.className](estimator, emitter, x);
  const message = `${model.className} is not supported; expected one of ${new Intl.ListFormat('en').format(Object.keys(MODELS))}`;
  throw model.error('UNSUPPORTED_OP', message);
};

/** Classes of results, which may be inside a wrapper with its own class. */
const RESULTS = [
  ...['Regression', 'OLS', 'RLM', 'QuantReg', 'GLM', 'GEE', 'Regularized', 'Binary', 'Logit', 'Probit', 'L1Binary'],
  ...['Count', 'Poisson', 'L1Count', 'L1Poisson', 'NegativeBinomial', 'L1NegativeBinomial', 'NegativeBinomialP'],
  ...['L1NegativeBinomialP', 'GeneralizedPoisson', 'L1GeneralizedPoisson', 'Multinomial', 'L1Multinomial', 'Ordered'],
];

export const STATSMODELS: Table = Object.fromEntries(
  RESULTS.flatMap((name) => [`${name}Results`, `${name}ResultsWrapper`]).map((name) => [name, { predict, features }]),
);
