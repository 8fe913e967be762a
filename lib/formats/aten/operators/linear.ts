/** Products with matrices. */
import { formatShape } from '../../../graph/shapes.ts';
import * as products from '../../tensors/products.ts';
import { type Constant, constant, type Value } from '../../tensors/value.ts';
import type { Result } from '../argument.ts';
import { type AtenCall, sizesText, type Translation, type Translations } from '../call.ts';
import { combine, scale } from './arithmetic.ts';

type Layout = 'in-out' | 'out-in';

/** x [..., K] times a matrix, with a bias of one number per column. */
function dense(call: AtenCall, x: Value, weight: Constant, layout: Layout, bias?: Constant): Value {
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

/** The weight is [out, in]. */
function linear(call: AtenCall): Result {
  const weight = call.tensor('weight');
  const bias = call.optional('bias');
  const x = call.tensor('input');
  if (weight.kind === 'row' || weight.shape.length === 1) {
    const product = multiply(call, x, products.swapLastTwo(call.build, weight));
    return bias === undefined ? product : combine(call, 'add', product, bias);
  }
  if (bias === undefined || bias.kind === 'constant') return dense(call, x, weight, 'out-in', bias);
  return combine(call, 'add', dense(call, x, weight, 'out-in'), bias);
}

/** beta·self + alpha·(mat1·mat2) */
function addmm(call: AtenCall): Result {
  const [alpha, beta] = [call.number('alpha'), call.number('beta')];
  const [bias, left, right] = [call.tensor('self'), call.tensor('mat1'), call.tensor('mat2')];
  const isDense = alpha === 1 && beta === 1 && left.kind === 'row' && right.kind === 'constant';
  if (isDense && bias.kind === 'constant') return dense(call, left, right, 'in-out', bias);
  const product = scale(call, multiply(call, left, right), alpha);
  return beta === 0 ? product : combine(call, 'add', product, scale(call, bias, beta));
}

/** Like NumPy's matmul. */
function multiply(call: AtenCall, a: Value, b: Value): Value {
  const { build } = call;
  const isMatrix = b.kind === 'constant' && b.shape.length > 0;
  if (isMatrix && b.shape.length <= 2) {
    if (b.shape.length === 2) return dense(call, a, b, 'in-out');
    const sums = dense(call, a, build.reshaped(b, [b.shape[0], 1]), 'in-out');
    return build.reshaped(sums, sums.shape.slice(0, -1));
  }
  const [left, right] = [a.shape.at(-1), b.shape.at(build.rank(b) < 2 ? -1 : -2)];
  if (a.kind === 'row' && b.kind === 'row' && left !== undefined && right !== undefined) {
    call.match(left, right, `rows of ${sizesText(a.shape, b.shape)} cannot be multiplied`);
  }
  return products.multiply(build, a, b);
}

function matmul(a: string, b: string): Translation {
  return (call) => multiply(call, call.tensor(a), call.tensor(b));
}

function einsum(call: AtenCall): Result {
  const values = call.tensors('tensors');
  const type = call.typeOf(values);
  return products.einsum(
    call.build,
    call.text('equation'),
    values.map((value) => call.cast(value, type)),
  );
}

/** x / max(‖x‖, eps) on both sides: the similarity of two towers. */
function cosineSimilarity(call: AtenCall): Result {
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

/** One matrix for each row of the batch, or one for all. */
function batchedProduct(call: AtenCall): Result {
  const [a, b] = [call.tensor('self'), call.tensor('mat2')];
  const [left, right] = [sameForAll(a), sameForAll(b)];
  if (right !== undefined) return multiply(call, a, right);
  if (left !== undefined) return multiply(call, left, b);
  return multiply(call, a, b);
}

/** The matrix of a constant that was expanded to the batch. */
function sameForAll(x: Value): Constant | undefined {
  if (x.kind === 'constant' || typeof x.operand === 'string' || x.batchAxis !== 0) return undefined;
  return constant(x.type, x.operand.shape, x.operand.data);
}

/** x1ᵀ·W·x2 + b, for each matrix of the weight [out, in1, in2]. */
function bilinear(call: AtenCall): Result {
  const { build } = call;
  const [left, weight, right] = [call.tensor('input1'), call.tensor('weight'), call.tensor('input2')];
  if (weight.shape.length !== 3) throw call.error('SHAPE', `expected a weight of 3 axes, found ${weight.shape.length}`);
  for (const [x, size] of [
    [left, weight.shape[1]],
    [right, weight.shape[2]],
  ] as const) {
    const found = x.shape[build.ownAxis(x, -1)];
    call.match(found, size, `expected ${size} features for a weight of ${formatShape(weight.shape)}, found ${found}`);
  }
  const product = products.einsum(build, '...i,kij,...j->...k', [left, weight, right]);
  const bias = call.optional('bias');
  return bias === undefined ? product : combine(call, 'add', product, bias);
}

/** The product of two vectors; vectors with a batch axis would be summed over it. */
function dot(a: string, b: string): Translation {
  return (call) => {
    const [left, right] = [call.tensor(a), call.tensor(b)];
    for (const x of [left, right]) if (call.build.rank(x) !== 1) throw call.error('SHAPE', 'expected two vectors');
    return call.build.reduce(combine(call, 'mul', left, right), 'sum', [0], false);
  };
}

/** The sum of products along the last axes of both; with a number, the product. */
function inner(call: AtenCall): Result {
  const { build } = call;
  const [a, b] = [call.tensor('self'), call.tensor('other')];
  if (build.rank(a) === 0 || build.rank(b) === 0) return combine(call, 'mul', a, b);
  return multiply(call, a, build.rank(b) === 1 ? b : products.swapLastTwo(build, b));
}

/** The sum of products along the listed axes of both. */
function tensorDot(call: AtenCall): Result {
  const { build } = call;
  const [a, b] = [call.tensor('self'), call.tensor('other')];
  const [left, right] = [call.axes('dims_self', a), call.axes('dims_other', b)];
  if (left.length !== right.length) throw call.error('SHAPE', 'expected as many axes of one tensor as of the other');
  const letters = (from: number, rank: number) => Array.from({ length: rank }, (_, i) => String.fromCharCode(from + i));
  const [own, other] = [letters(97, build.rank(a)), letters(65, build.rank(b))];
  for (const [i, axis] of right.entries()) other[axis] = own[left[i]];
  const rest = [...own.filter((_, axis) => !left.includes(axis)), ...other.filter((_, axis) => !right.includes(axis))];
  return products.einsum(build, `${own.join('')},${other.join('')}->${rest.join('')}`, [a, b]);
}

function outer(call: AtenCall): Result {
  return products.einsum(call.build, 'i,j->ij', [call.tensor('self'), call.tensor('vec2')]);
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
  'bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None)': bilinear,
  'dot(Tensor self, Tensor tensor)': dot('self', 'tensor'),
  'vdot(Tensor self, Tensor other)': dot('self', 'other'),
  'inner(Tensor self, Tensor other)': inner,
  'tensordot(Tensor self, Tensor other, int[] dims_self, int[] dims_other)': tensorDot,
  'outer(Tensor self, Tensor vec2)': outer,
  'ger(Tensor self, Tensor vec2)': outer,
  'linalg_vecdot(Tensor x, Tensor y, *, int dim=-1)': (call) => {
    const product = combine(call, 'mul', call.tensor('x'), call.tensor('y'));
    return call.build.reduce(product, 'sum', [call.number('dim')], false);
  },
};
