/** Linear models. Results are float32, as in onnxruntime. */
import { formatShape } from '../../../../graph/shapes.ts';
import { quote } from '../../../../messages.ts';
import { constant, literal, type Row, type Value } from '../../../tensors/value.ts';
import { Vocabulary } from '../../../tensors/vocabulary.ts';
import type { OnnxCall, Translations } from '../../call.ts';

export function requiredFloats(call: OnnxCall, name: string): number[] {
  const values = call.floats(name);
  if (values?.length) return values;
  throw call.error('MALFORMED', `attribute ${name} is missing`);
}

/** x·coefficientsᵀ + intercepts for `count` results; both attributes are float32. */
function linear(call: OnnxCall, count: number): Row {
  const { build } = call;
  const x = build.asRow(build.cast(call.input(0), 'float32'));
  const coefficients = requiredFloats(call, 'coefficients');
  const [features] = x.shape;
  if (x.shape.length !== 1 || coefficients.length !== count * features) {
    const found = `${coefficients.length} for rows of ${formatShape(x.shape)}`;
    throw call.error('SHAPE', `expected coefficients for ${count} results, found ${found}`);
  }
  const weight = constant('float32', [count, features], Float32Array.from(coefficients));
  const intercepts = call.floats('intercepts') ?? [];
  if (intercepts.length !== 0 && intercepts.length !== count) {
    throw call.error('SHAPE', `expected ${count} intercepts, found ${intercepts.length}`);
  }
  const bias = intercepts.length === 0 ? undefined : literal('float32', intercepts, [count]);
  return build.dense(x, weight, 'out-in', bias) as Row;
}

const TRANSFORMS = ['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO', 'PROBIT'] as const;
export type Transform = (typeof TRANSFORMS)[number];

export function transformOf(call: OnnxCall): Transform {
  const name = call.string('post_transform', 'NONE');
  const known = TRANSFORMS.find((transform) => transform === name);
  if (known) return known;
  throw call.error('MALFORMED', `expected the post_transform ${TRANSFORMS.join(', ')}, found ${quote(name)}`);
}

export function transformed(call: OnnxCall, scores: Row, transform: Transform): Value {
  switch (transform) {
    case 'NONE':
      return scores;
    case 'LOGISTIC':
      return call.build.unary(scores, 'sigmoid');
    case 'SOFTMAX':
      return call.build.softmax(scores, -1, false);
    case 'SOFTMAX_ZERO': {
      const shares = softmaxBesideZeros(call, scores);
      if (shares.kind === 'row' && typeof shares.operand === 'string') call.build.probabilities.add(shares.operand);
      return shares;
    }
    case 'PROBIT':
      return probit(call, scores);
  }
}

/** A softmax of the scores that are not close to 0; the others are scaled as if they were exponentials. */
function softmaxBesideZeros(call: OnnxCall, scores: Row): Value {
  const { build } = call;
  const isCounted = build.binary('greater', build.unary(scores, 'abs'), build.scalar(scores, 1e-7));
  const greatest = build.reduce(scores, 'max', [-1], true);
  const powers = build.unary(build.binary('sub', scores, greatest), 'exp');
  const small = build.binary('mul', scores, build.unary(build.unary(greatest, 'neg'), 'exp'));
  const counted = build.select(isCounted, powers, build.scalar(scores, 0));
  const sum = build.reduce(counted, 'sum', [-1], true);
  return build.binary('div', build.select(isCounted, powers, small), sum);
}

/**
 * The quantile of the normal distribution, √2·erf⁻¹(2p − 1), by Winitzki's formula with the digits of onnxruntime:
 * https://en.wikipedia.org/wiki/Error_function#Approximation_with_elementary_functions
 */
function probit(call: OnnxCall, scores: Row): Value {
  const { build } = call;
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: the digits that onnxruntime has of π
  const [a, pi] = [0.147, 3.14159];
  const times = (x: Value, factor: number) => build.binary('mul', x, build.scalar(x, factor));
  const plus = (x: Value, term: number) => build.binary('add', x, build.scalar(x, term));
  const y = plus(times(scores, 2), -1);
  const log = build.unary(build.binary('mul', plus(times(y, -1), 1), plus(y, 1)), 'log');
  const half = plus(times(log, 0.5), 2 / (pi * a));
  const root = build.unary(build.binary('sub', build.unary(half, 'square'), times(log, 1 / a)), 'sqrt');
  const magnitude = build.unary(build.binary('sub', root, half), 'sqrt');
  const isNegative = build.binary('less', y, build.scalar(y, 0));
  return times(build.select(isNegative, build.unary(magnitude, 'neg'), magnitude), Math.SQRT2);
}

/** onnxruntime does not transform a single target, except for PROBIT. */
function linearRegressor(call: OnnxCall): Value {
  const targets = call.integer('targets', 1);
  if (!(targets >= 1)) throw call.error('MALFORMED', `expected at least one target, found ${targets}`);
  const transform = transformOf(call);
  return transformed(call, linear(call, targets), targets === 1 && transform !== 'PROBIT' ? 'NONE' : transform);
}

/** The labels of a linear classifier or a support vector machine. */
export function labelsOf(call: OnnxCall): readonly (string | number)[] {
  return call.strings('classlabels_strings') ?? call.integers('classlabels_ints') ?? [];
}

/** A label and the scores of its classes. A single score for two classes belongs to the second. */
function linearClassifier(call: OnnxCall): Value[] {
  const { build } = call;
  const labels = labelsOf(call);
  const count = call.floats('intercepts')?.length ?? labels.length;
  if (labels.length < 2 || (count !== labels.length && !(count === 1 && labels.length === 2))) {
    throw call.error('SHAPE', `expected scores of two or more classes, found ${count} for ${labels.length} labels`);
  }
  const scores = linear(call, count);
  const transform = transformOf(call);
  if (count > 1) return [labelOf(call, scores, labels), transformed(call, scores, transform)];
  const both = build.concat([build.unary(scores, 'neg'), scores], 1) as Row;
  return [labelOf(call, both, labels), secondOfTwo(call, scores, both, transform)];
}

/** As in onnxruntime, only LOGISTIC turns a single score into a probability. */
export function secondOfTwo(call: OnnxCall, score: Row, both: Row, transform: Transform): Value {
  const { build } = call;
  if (transform === 'LOGISTIC') return build.unary(both, 'sigmoid');
  if (transform === 'PROBIT') throw call.error('UNSUPPORTED_OP', 'PROBIT of a single score is not supported');
  return build.concat([build.binary('sub', build.scalar(score, 1), score), score], 1);
}

/** The label of the maximum; of equal ones the first. */
export function labelOf(call: OnnxCall, scores: Row, labels: readonly (string | number)[]): Value {
  return labelAt(call, call.build.asRow(call.build.reduce(scores, 'arg_max', [-1], false)), labels);
}

/** The label at a position. */
export function labelAt(call: OnnxCall, index: Row, labels: readonly (string | number)[]): Value {
  const words = labels.filter((label) => typeof label === 'string');
  if (words.length > 0) return { ...index, type: 'string', words: new Vocabulary(words) };
  return call.build.embedding(index, literal('int64', labels as number[], [labels.length]));
}

/** Probabilities stay an array; the classes become those of the model. */
function zipMap(call: OnnxCall): Value {
  const x = call.row(0);
  const classes = call.strings('classlabels_strings') ?? call.integers('classlabels_int64s');
  if (classes && typeof x.operand === 'string') call.build.classesOf.set(x.operand, classes);
  return x;
}

export const estimating: Translations = {
  LinearRegressor: linearRegressor,
  LinearClassifier: linearClassifier,
  ZipMap: zipMap,
};
