/** Support vector machines of libsvm, as onnxruntime evaluates them. Results are float32. */
import { formatShape } from '../../../../graph/shapes.ts';
import { quote } from '../../../../messages.ts';
import { constant, literal, type Row, type Value } from '../../../tensors/value.ts';
import type { OnnxCall, Translations } from '../../call.ts';
import { labelAt, labelOf, labelsOf, requiredFloats, secondOfTwo, transformed, transformOf } from './estimators.ts';

const KERNELS = ['LINEAR', 'POLY', 'RBF', 'SIGMOID'] as const;

/** coefficients · kernel(support vectors, x) + rho; without support vectors coefficients · x + rho. */
function svmRegressor(call: OnnxCall): Value {
  const { build } = call;
  const x = build.asRow(build.cast(call.input(0), 'float32'));
  const coefficients = requiredFloats(call, 'coefficients');
  const count = call.integer('n_supports', 0);
  const kernel = count > 0 ? kernelOf(call, x, count) : x;
  if (kernel.shape.length !== 1 || coefficients.length !== kernel.shape[0]) {
    throw call.error('SHAPE', `expected ${kernel.shape[0]} coefficients, found ${coefficients.length}`);
  }
  const weight = literal('float32', coefficients, [1, coefficients.length]);
  const sum = build.dense(kernel, weight, 'out-in', literal('float32', requiredFloats(call, 'rho').slice(0, 1), [1]));
  if (!call.flag('one_class', false)) return sum;
  const isInside = build.binary('greater', sum, build.scalar(sum, 0));
  return build.select(isInside, build.scalar(sum, 1), build.scalar(sum, -1));
}

/** The kernel between the row and each of `count` support vectors: [count]. */
function kernelOf(call: OnnxCall, x: Row, count: number): Row {
  const { build } = call;
  const name = call.string('kernel_type', 'LINEAR');
  const kernel = KERNELS.find((known) => known === name);
  if (kernel === undefined)
    throw call.error('MALFORMED', `expected the kernel ${KERNELS.join(', ')}, found ${quote(name)}`);
  const [gamma = 0, coefficient = 0, degree = 0] = call.floats('kernel_params') ?? [];
  const [features] = x.shape;
  const flat = requiredFloats(call, 'support_vectors');
  if (x.shape.length !== 1 || flat.length !== count * features) {
    throw call.error(
      'SHAPE',
      `expected ${count} support vectors of ${formatShape(x.shape)}, found ${flat.length} numbers`,
    );
  }
  const vectors = constant('float32', [count, features], Float32Array.from(flat));
  if (kernel === 'RBF') {
    const differences = build.binary('sub', build.reshaped(x, [1, features]), vectors);
    const distances = build.reduce(differences, 'sum_square', [-1], false);
    return build.unary(build.binary('mul', distances, build.scalar(distances, -gamma)), 'exp') as Row;
  }
  const products = build.dense(x, vectors, 'out-in') as Row;
  if (kernel === 'LINEAR') return products;
  const scaled = build.binary('mul', products, build.scalar(products, gamma));
  const inner = build.binary('add', scaled, build.scalar(scaled, coefficient));
  if (kernel === 'SIGMOID') return build.unary(inner, 'tanh') as Row;
  return build.binary('pow', inner, build.scalar(inner, degree)) as Row;
}

/**
 * A label and scores. With `vectors_per_class` each pair of classes votes by its margin; the scores are the margins, or
 * with `prob_a` and `prob_b` probabilities of the classes. Otherwise each class has a linear function.
 */
function svmClassifier(call: OnnxCall): Value[] {
  const labels = labelsOf(call);
  if (labels.length < 2) throw call.error('UNSUPPORTED_OP', `expected two or more classes, found ${labels.length}`);
  const x = call.build.asRow(call.build.cast(call.input(0), 'float32'));
  const counts = call.integers('vectors_per_class') ?? [];
  if (counts.length === 0) return linearClassifier(call, x, labels);
  const margins = marginsOf(call, x, counts, labels.length);
  const label = labelOf(call, votesOf(call, margins, labels.length), labels);
  const probabilities = probabilitiesOf(call, margins);
  return [label, probabilities ?? scoresOf(call, margins)];
}

/**
 * For two classes, onnxruntime takes the second if the greatest score is positive, or at least 0.5 if no weight is
 * negative.
 */
function linearClassifier(call: OnnxCall, x: Row, labels: readonly (string | number)[]): Value[] {
  const { build } = call;
  const coefficients = requiredFloats(call, 'coefficients');
  const [features] = x.shape;
  if (x.shape.length !== 1 || coefficients.length !== labels.length * features) {
    const found = `${coefficients.length} for rows of ${formatShape(x.shape)}`;
    throw call.error('SHAPE', `expected coefficients for ${labels.length} classes, found ${found}`);
  }
  const weight = constant('float32', [labels.length, features], Float32Array.from(coefficients));
  const [rho] = requiredFloats(call, 'rho');
  const bias = literal('float32', new Array<number>(labels.length).fill(rho), [labels.length]);
  const scores = build.dense(x, weight, 'out-in', bias) as Row;
  const results = transformed(call, scores, transformOf(call));
  if (labels.length > 2) return [labelOf(call, scores, labels), results];
  const greatest = build.asRow(build.reduce(scores, 'max', [-1], false));
  const isSecond = coefficients.every((weight) => weight >= 0)
    ? build.binary('greater_equal', greatest, build.scalar(greatest, 0.5))
    : build.binary('greater', greatest, build.scalar(greatest, 0));
  const first = build.reduce(scores, 'arg_max', [-1], false);
  const position = build.select(isSecond, build.scalar(first, 1), first) as Row;
  return [labelAt(call, { ...position, below: 2 }, labels), results];
}

/**
 * For each pair of classes i < j, in order: the sum over the vectors of i with their weights against j, plus the sum
 * over the vectors of j with theirs against i, plus rho. `coefficients` has a weight against each other class for each
 * vector.
 */
function marginsOf(call: OnnxCall, x: Row, counts: readonly number[], classes: number): Row {
  const { build } = call;
  const vectors = counts.reduce((sum, count) => sum + count, 0);
  const coefficients = requiredFloats(call, 'coefficients');
  const rho = requiredFloats(call, 'rho');
  const pairs = (classes * (classes - 1)) / 2;
  if (counts.length !== classes || counts.some((count) => !(count >= 1))) {
    throw call.error('SHAPE', `expected a number of support vectors for each of ${classes} classes`);
  }
  if (coefficients.length !== (classes - 1) * vectors || rho.length < pairs) {
    const found = `${coefficients.length} and ${rho.length}`;
    throw call.error('SHAPE', `expected ${(classes - 1) * vectors} coefficients and ${pairs} rho, found ${found}`);
  }
  const kernel = kernelOf(call, x, vectors);
  build.spend(coefficients.length + 4 * pairs);
  let start = 0;
  const sums = counts.map((count) => {
    const own = new Float32Array((classes - 1) * count);
    for (let other = 0; other < classes - 1; other++) {
      for (let i = 0; i < count; i++) own[other * count + i] = coefficients[other * vectors + start + i];
    }
    const values = build.gather(kernel, -1, build.positions(start, start + count));
    start += count;
    return build.dense(values, constant('float32', [classes - 1, count], own), 'out-in');
  });
  const all = build.concat(sums, 1);
  const [first, second] = pairsOf(classes);
  const ofFirst = build.gather(
    all,
    1,
    build.positionsOf(pairs, (at) => first[at] * (classes - 1) + second[at] - 1),
  );
  const ofSecond = build.gather(
    all,
    1,
    build.positionsOf(pairs, (at) => second[at] * (classes - 1) + first[at]),
  );
  const shift = literal('float32', rho.slice(0, pairs), [pairs]);
  return build.binary('add', build.binary('add', ofFirst, ofSecond), shift) as Row;
}

/** The classes i < j of each pair, in order. */
function pairsOf(classes: number): [first: number[], second: number[]] {
  const [first, second]: [number[], number[]] = [[], []];
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++) {
      first.push(i);
      second.push(j);
    }
  }
  return [first, second];
}

/** How many pairs each class wins: the first class of a pair wins by a positive margin. */
function votesOf(call: OnnxCall, margins: Row, classes: number): Row {
  const { build } = call;
  const [pairs] = margins.shape;
  const isFirst = build.cast(build.binary('greater', margins, build.scalar(margins, 0)), 'float32');
  build.spend(classes * pairs);
  const weight = new Float32Array(classes * pairs);
  const shift = new Float32Array(classes);
  const [first, second] = pairsOf(classes);
  for (let at = 0; at < pairs; at++) {
    weight[first[at] * pairs + at] = 1;
    weight[second[at] * pairs + at] = -1;
    shift[second[at]] += 1;
  }
  const bias = constant('float32', [classes], shift);
  return build.dense(isFirst, constant('float32', [classes, pairs], weight), 'out-in', bias) as Row;
}

/** libsvm's minimum probability of a class within a pair. */
const LEAST_PROBABILITY = 1e-7;

/**
 * A logistic function of each pair's margin; those of all pairs are then combined into one probability for each class.
 */
function probabilitiesOf(call: OnnxCall, margins: Row): Value | undefined {
  const { build } = call;
  const [a, b] = [call.floats('prob_a') ?? [], call.floats('prob_b') ?? []];
  const [pairs] = margins.shape;
  if (a.length === 0) return undefined;
  if (a.length < pairs || a.length !== b.length) {
    throw call.error('SHAPE', `expected prob_a and prob_b for ${pairs} pairs, found ${a.length} and ${b.length}`);
  }
  const negated = (values: readonly number[]) =>
    literal(
      'float32',
      values.slice(0, pairs).map((value) => -value),
      [pairs],
    );
  const each = build.unary(build.affine(margins, negated(a), negated(b)), 'sigmoid');
  const within = build.unary(each, 'clip', LEAST_PROBABILITY, 1 - LEAST_PROBABILITY) as Row;
  const classes = (1 + Math.sqrt(1 + 8 * pairs)) / 2;
  const coupled = build.emit('couple', [within.operand], {}, { ...within, shape: [classes] });
  return transformed(call, coupled, transformOf(call));
}

/** For two classes, one margin becomes two scores. */
function scoresOf(call: OnnxCall, margins: Row): Value {
  const { build } = call;
  const transform = transformOf(call);
  if (margins.shape[0] > 1) return transformed(call, margins, transform);
  const both = build.concat([build.unary(margins, 'neg'), margins], 1) as Row;
  return transform === 'NONE' ? both : secondOfTwo(call, margins, both, transform);
}

export const supporting: Translations = { SVMClassifier: svmClassifier, SVMRegressor: svmRegressor };
