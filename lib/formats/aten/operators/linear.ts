/** Products with matrices. One side must be constant: a product of two things that vary per row is no dense layer. */
import { formatShape } from '../../../graph/shapes.ts';
import { quote } from '../../../words.ts';
import { type Constant, constant, type Value } from '../../tracing/value.ts';
import type { Result } from '../argument.ts';
import type { Call, Translation, Translations } from '../call.ts';
import { combine, scale } from './arithmetic.ts';

type Layout = 'in-out' | 'out-in';

/** x [..., K] times a matrix, with a bias of one number per column. */
function dense(call: Call, x: Value, weight: Constant, layout: Layout, bias?: Constant): Value {
  const { build } = call;
  if (weight.shape.length !== 2) throw call.error('SHAPE', `expected a matrix, found ${formatShape(weight.shape)}`);
  const [inputs, outputs] = layout === 'in-out' ? weight.shape : weight.shape.toReversed();
  const found = x.shape[build.ownAxis(x, -1)];
  call.match(found, inputs, `expected ${inputs} features for a matrix of ${formatShape(weight.shape)}, found ${found}`);
  if (bias === undefined) return build.dense(x, weight, layout);
  if (bias.shape.length > 1 || (bias.data.length !== 1 && bias.data.length !== outputs)) {
    return combine(call, 'add', build.dense(x, weight, layout), bias);
  }
  return build.dense(
    x,
    weight,
    layout,
    build.expanded(build.reshaped(bias, bias.shape.length === 0 ? [1] : bias.shape), [outputs]),
  );
}

function matrix(call: Call, name: string): Constant {
  const weight = call.tensor(name);
  if (weight.kind === 'constant') return weight;
  throw call.error('UNSUPPORTED_OP', BOTH_VARY);
}

const BOTH_VARY =
  'both sides of the matrix product depend on the input; forwardpass runs row models, whose matrices are constant: ' +
  'run attention and the like with onnxruntime-node';

/** The weight is [out, in]. */
function linear(call: Call): Result {
  const weight = matrix(call, 'weight');
  const bias = call.optional('bias');
  const x = call.tensor('input');
  if (weight.shape.length === 1) return multiply(call, x, weight);
  if (bias === undefined || bias.kind === 'constant') return dense(call, x, weight, 'out-in', bias);
  return combine(call, 'add', dense(call, x, weight, 'out-in'), bias);
}

/** beta·self + alpha·(mat1·mat2) */
function addmm(call: Call): Result {
  const [alpha, beta] = [call.number('alpha'), call.number('beta')];
  const [bias, left, right] = [call.tensor('self'), call.tensor('mat1'), call.tensor('mat2')];
  const isDense = alpha === 1 && beta === 1 && left.kind === 'row' && right.kind === 'constant';
  if (isDense && bias.kind === 'constant') return dense(call, left, right, 'in-out', bias);
  const product = scale(call, multiply(call, left, right), alpha);
  return beta === 0 ? product : combine(call, 'add', product, scale(call, bias, beta));
}

/** As NumPy's matmul. */
function multiply(call: Call, a: Value, b: Value): Value {
  if (a.kind === 'row' && b.kind === 'row') throw call.error('UNSUPPORTED_OP', BOTH_VARY);
  const { build } = call;
  if (build.rank(a) === 0 || build.rank(b) === 0) throw call.error('SHAPE', 'a number is multiplied as a matrix');
  if (b.kind === 'row') return multiplyFromLeft(call, a as Constant, b);
  if (b.shape.length === 1) return withoutLast(call, dense(call, a, build.reshaped(b, [b.shape[0], 1]), 'in-out'));
  return dense(call, a, single(call, b), 'in-out');
}

/** A constant W times x [..., K, N] is (xᵀ·Wᵀ)ᵀ. */
function multiplyFromLeft(call: Call, weight: Constant, x: Value): Value {
  const { build } = call;
  if (weight.shape.length === 1) {
    return withoutLast(call, dense(call, swapLastTwo(call, x), build.reshaped(weight, [1, weight.shape[0]]), 'out-in'));
  }
  const matrix = single(call, weight);
  if (build.rank(x) === 1) return dense(call, x, matrix, 'out-in');
  return swapLastTwo(call, dense(call, swapLastTwo(call, x), matrix, 'out-in'));
}

function swapLastTwo(call: Call, x: Value): Value {
  const rank = call.build.rank(x);
  if (rank < 2) return x;
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return call.build.transpose(x, [...axes.slice(0, -2), rank - 1, rank - 2]);
}

/** The product with a vector has one axis less. */
function withoutLast(call: Call, x: Value): Value {
  return call.build.reshaped(x, x.shape.slice(0, -1));
}

/** A stack of one matrix as that matrix. */
function single(call: Call, weight: Constant): Constant {
  if (weight.shape.slice(0, -2).every((size) => size === 1)) return call.build.reshaped(weight, weight.shape.slice(-2));
  const found = formatShape(weight.shape);
  throw call.error('UNSUPPORTED_OP', `a stack of matrices of shape ${found} is not a dense layer; expected one matrix`);
}

function matmul(a: string, b: string): Translation {
  return (call) => multiply(call, call.tensor(a), call.tensor(b));
}

/** Only the spellings of a dense layer over the last axis: `bi,io->bo`, `bi,oi->bo`, `...i,io->...o` and so on. */
function einsum(call: Call): Result {
  const equation = call.text('equation').replaceAll(' ', '');
  const match = /^([a-zA-Z.]+),([a-zA-Z.]+)->([a-zA-Z.]+)$/.exec(equation);
  const tensors = call.tensors('tensors');
  const at = tensors.findIndex((tensor) => tensor.kind === 'row');
  if (match && tensors.length === 2 && at >= 0) {
    const [, left, right, result] = match;
    const [x, weight] = at === 0 ? tensors : tensors.toReversed();
    const layout = at === 0 ? denseLayout(left, right, result) : denseLayout(right, left, result);
    if (layout && weight.kind === 'constant') return dense(call, x, weight, layout);
  }
  const message = `the equation ${quote(equation)} is not a dense layer, such as 'bi,oi->bo' with a constant matrix`;
  throw call.error('UNSUPPORTED_OP', message);
}

function denseLayout(row: string, matrix: string, result: string): Layout | undefined {
  const [input, output] = [row.slice(-1), result.slice(-1)];
  const kept = row.slice(0, -1);
  const letters = row.replace('...', '') + output;
  const isDense = /^(\.\.\.)?[a-zA-Z]*$/.test(kept) && result === kept + output;
  if (!isDense || new Set(letters).size !== letters.length) return undefined;
  if (matrix === input + output) return 'in-out';
  return matrix === output + input ? 'out-in' : undefined;
}

/** x / max(‖x‖, eps) of both sides, as the similarity of two towers is. */
function cosineSimilarity(call: Call): Result {
  const { build } = call;
  const axis = call.number('dim');
  const epsilon = call.number('eps');
  const unit = (x: Value) => {
    const norm = build.unary(build.reduce(x, 'l2', [axis], true), 'clip', epsilon, Infinity);
    return combine(call, 'div', x, norm);
  };
  const product = combine(call, 'mul', unit(call.floating('x1')), unit(call.floating('x2')));
  return build.reduce(product, 'sum', [axis], false);
}

/** A matrix for each row of the batch: the same for all, or vectors whose dot product is taken. */
function batchedProduct(call: Call): Result {
  const { build } = call;
  const [a, b] = [call.tensor('self'), call.tensor('mat2')];
  const [left, right] = [sameForAll(a), sameForAll(b)];
  if (right !== undefined) return multiply(call, a, right);
  if (left !== undefined) return multiply(call, left, b);
  if (a.kind === 'constant' || b.kind === 'constant') return multiply(call, a, b);
  const isDot = a.batchAxis === 0 && b.batchAxis === 0 && a.shape[0] === 1 && b.shape[1] === 1;
  if (!isDot) throw call.error('UNSUPPORTED_OP', BOTH_VARY);
  const product = combine(call, 'mul', a, build.reshaped(b, [1, b.shape[0]]));
  return build.reshaped(build.reduce(product, 'sum', [-1], false), [1, 1]);
}

/** The matrix of a constant that was expanded to the batch. */
function sameForAll(x: Value): Constant | undefined {
  if (x.kind === 'constant' || typeof x.operand === 'string' || x.batchAxis !== 0) return undefined;
  return constant(x.type, x.operand.shape, x.operand.data);
}

export const linearOperators: Translations = {
  'linear(Tensor input, Tensor weight, Tensor? bias=None)': linear,
  'addmm(Tensor self, Tensor mat1, Tensor mat2, *, float beta=1, float alpha=1)': addmm,
  'mm(Tensor self, Tensor mat2)': matmul('self', 'mat2'),
  'matmul(Tensor self, Tensor other)': matmul('self', 'other'),
  'mv(Tensor self, Tensor vec)': matmul('self', 'vec'),
  'bmm(Tensor self, Tensor mat2)': batchedProduct,
  'einsum(str equation, Tensor[] tensors, *, any? path=None)': einsum,
  'cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-8)': cosineSimilarity,
  'linalg_vecdot(Tensor x, Tensor y, *, int dim=-1)': (call) => {
    const product = combine(call, 'mul', call.tensor('x'), call.tensor('y'));
    return call.build.reduce(product, 'sum', [call.number('dim')], false);
  },
};
