/** Products with matrices. */
import type { UnaryName } from '../../../graph/graph.ts';
import { formatShape } from '../../../graph/shapes.ts';
import { quote } from '../../../messages.ts';
import * as products from '../../tensors/products.ts';
import { swapLastTwo } from '../../tensors/products.ts';
import type { Constant, Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';
import { dequantizedProduct } from '../dequantized.ts';

function gemm(call: OnnxCall): Value {
  refuseOldBroadcast(call);
  return sumOfProducts(call);
}

/** alpha·A·B + beta·C, where A and B may be transposed. */
function sumOfProducts(call: OnnxCall): Value {
  const { build } = call;
  const [a, b] = [call.input(0), call.input(1)];
  if (build.rank(a) !== 2 || build.rank(b) !== 2) {
    throw call.error('SHAPE', `expected two matrices, found ranks ${build.rank(a)} and ${build.rank(b)}`);
  }
  const left = call.flag('transA', false) ? swapLastTwo(call.build, a) : a;
  const alpha = call.float('alpha', 1);
  const beta = call.float('beta', 1);
  const transposed = call.flag('transB', false);
  const exact = dequantizedProduct(build, left, b, transposed ? 'out-in' : 'in-out');
  if (exact) return withRest(call, exact, alpha, beta);
  if (left.kind === 'row' && b.kind === 'constant') {
    const bias = alpha === 1 && beta === 1 ? asBias(call, b.shape[transposed ? 0 : 1]) : undefined;
    const product = build.dense(left, b, transposed ? 'out-in' : 'in-out', bias);
    return bias ? product : withRest(call, product, alpha, beta);
  }
  return withRest(call, multiply(call, left, transposed ? swapLastTwo(call.build, b) : b), alpha, beta);
}

/** Before opset 7, C had the shape of the product, unless `broadcast` was set. */
function refuseOldBroadcast(call: OnnxCall): void {
  const c = call.inputs[2];
  if (call.opset >= 7 || call.flag('broadcast', false) || c === undefined || call.build.rank(c) === 2) return;
  const found = formatShape(c.shape);
  throw call.error(
    'SHAPE',
    `expected C to be a matrix, as required before opset 7 without broadcast=1, found ${found}`,
  );
}

/** Gemm's C as the bias of a dense layer, if it is the same for every row. */
function asBias(call: OnnxCall, size: number): Constant | undefined {
  const c = call.inputs[2];
  if (c?.kind !== 'constant') return undefined;
  const leading = c.shape.slice(0, -1);
  if (leading.some((extent) => extent !== 1)) return undefined;
  const row = call.build.reshaped(c, c.shape.slice(-1));
  return call.build.expanded(row, [size]);
}

function withRest(call: OnnxCall, product: Value, alpha: number, beta: number): Value {
  const { build } = call;
  const scaled = alpha === 1 ? product : build.binary('mul', product, build.scalar(product, alpha));
  const c = call.inputs[2];
  if (c === undefined || beta === 0) return scaled;
  return build.binary('add', scaled, beta === 1 ? c : build.binary('mul', c, build.scalar(c, beta)));
}

function multiply(call: OnnxCall, a: Value, b: Value): Value {
  const exact = a.kind === 'row' && b.kind === 'row' ? undefined : dequantizedProduct(call.build, a, b, 'in-out');
  return exact ?? products.multiply(call.build, a, b);
}

/** com.microsoft */
function fusedMatMul(call: OnnxCall): Value {
  if (call.flag('transBatchA', false) || call.flag('transBatchB', false)) {
    throw call.error('UNSUPPORTED_OP', 'transBatchA and transBatchB are not supported');
  }
  const a = call.flag('transA', false) ? swapLastTwo(call.build, call.input(0)) : call.input(0);
  const b = call.flag('transB', false) ? swapLastTwo(call.build, call.input(1)) : call.input(1);
  return withRest(call, multiply(call, a, b), call.float('alpha', 1), 0);
}

/** com.microsoft: distances from each row to each row of a constant. */
function distances(call: OnnxCall): Value {
  const { build } = call;
  const metric = call.string('metric', 'sqeuclidean');
  if (metric !== 'sqeuclidean' && metric !== 'euclidean') {
    throw call.error('MALFORMED', `expected metric to be sqeuclidean or euclidean, found ${quote(metric)}`);
  }
  const [x, to] = [call.row(0), call.constant(1)];
  if (x.shape.length !== 1 || to.shape.length !== 2 || x.batchAxis !== 0) {
    const found = `rows of ${formatShape(x.shape)} and ${formatShape(to.shape)}`;
    throw call.error('SHAPE', `expected rows and a matrix of as many columns, found ${found}`);
  }
  const differences = build.binary('sub', build.reshaped(x, [1, ...x.shape]), to);
  const squares = build.reduce(differences, 'sum_square', [-1], false);
  return metric === 'euclidean' ? build.unary(squares, 'sqrt') : squares;
}

/** com.microsoft: by the name of the activation; its settings default to those of the operator. */
const FUSED: Readonly<Record<string, readonly [fn: UnaryName, alpha: number, beta: number]>> = {
  Relu: ['relu', 0, 0],
  LeakyRelu: ['leaky_relu', 0.01, 0],
  Elu: ['elu', 1, 0],
  Sigmoid: ['sigmoid', 0, 0],
  HardSigmoid: ['hard_sigmoid', 0.2, 0.5],
  Tanh: ['tanh', 0, 0],
  Softplus: ['softplus', 1, 0],
  Softsign: ['softsign', 0, 0],
  ThresholdedRelu: ['thresholded_relu', 1, 0],
};

function fusedGemm(call: OnnxCall): Value {
  const name = call.string('activation', '');
  const activation = Object.hasOwn(FUSED, name) ? FUSED[name] : undefined;
  if (activation === undefined) throw call.error('UNSUPPORTED_OP', `the activation ${quote(name)} is not supported`);
  const [fn, alpha, beta] = activation;
  const settings = [call.float('activation_alpha', alpha), call.float('activation_beta', beta)] as const;
  return call.build.unary(sumOfProducts(call), fn, ...settings);
}

function einsum(call: OnnxCall): Value {
  const values = call.inputs.map((_, at) => call.input(at));
  return products.einsum(call.build, call.string('equation', ''), values);
}

export const linear: Translations = {
  Gemm: gemm,
  MatMul: (call) => multiply(call, call.input(0), call.input(1)),
  Einsum: einsum,
};

export const microsoftLinear: Translations = { CDist: distances, FusedMatMul: fusedMatMul, FusedGemm: fusedGemm };
