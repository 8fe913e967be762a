/** Products with matrices. */
import { quote } from '../../../messages.ts';
import { type Cumulative, cumulative } from '../../tensors/cumulative.ts';
import { einsum, multiply, swapLastTwo } from '../../tensors/products.ts';
import type { TensorFlowCall, Translation, Translations } from '../call.ts';
import type { Value } from '../value.ts';
import { elementwise } from './elementwise.ts';

function matMul(call: TensorFlowCall, flags: readonly [a: string, b: string]): Value {
  const { build } = call;
  const given = [call.input(0), call.input(1)];
  for (const x of given)
    if (build.rank(x) < 2) throw call.error('SHAPE', `expected a matrix, found ${build.rank(x)} axes`);
  const [isFirst, isSecond] = flags.map((name) => call.flag(name));
  const a = isFirst ? swapLastTwo(build, given[0]) : given[0];
  const [, second] = given;
  // A layer's weight stays unchanged.
  if (isSecond && second.kind === 'constant' && second.shape.length === 2) return build.dense(a, second, 'out-in');
  return multiply(build, a, isSecond ? swapLastTwo(build, second) : second);
}

/** The fusion of a product with the operators after it, by grappler. */
function fusedMatMul(call: TensorFlowCall): Value {
  const [bias, ...others] = call.strings('fused_ops');
  const sum = call.build.binary('add', matMul(call, ['transpose_a', 'transpose_b']), call.input(2));
  const [activation, ...more] = others;
  if (bias !== 'BiasAdd' || more.length > 0 || (activation !== undefined && !FUSED.has(activation))) {
    throw call.error('UNSUPPORTED_OP', `is fused with ${[bias, ...others].map(String).map(quote).join(', ')}`);
  }
  if (activation === undefined) return sum;
  if (activation === 'LeakyRelu') return call.build.unary(sum, 'leaky_relu', call.float('leakyrelu_alpha', 0.2));
  if (activation === 'Prelu') return call.build.binary('prelu', sum, call.input(3));
  if (activation === 'GeluApproximate') return call.build.unary(sum, 'gelu_tanh');
  if (activation === 'GeluExact') return call.build.unary(sum, 'gelu');
  return elementwise[activation](call.withInputs([sum])) as Value;
}

const FUSED: ReadonlySet<string> = new Set([
  ...['Relu', 'Relu6', 'Elu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Prelu', 'GeluApproximate', 'GeluExact'],
]);

function sumOverAxes(call: TensorFlowCall): Value {
  const values = call.inputs.map((_, at) => call.input(at));
  return einsum(call.build, call.string('equation', ''), values);
}

function running(fn: Cumulative): Translation {
  return (call) => {
    const options = { reverse: call.flag('reverse'), exclusive: call.flag('exclusive') };
    return cumulative(call.build, call.input(0), call.number(1), fn, options);
  };
}

export const linear: Translations = {
  MatMul: (call) => matMul(call, ['transpose_a', 'transpose_b']),
  SparseMatMul: (call) => matMul(call, ['transpose_a', 'transpose_b']),
  BatchMatMul: (call) => matMul(call, ['adj_x', 'adj_y']),
  BatchMatMulV2: (call) => matMul(call, ['adj_x', 'adj_y']),
  BatchMatMulV3: (call) => matMul(call, ['adj_x', 'adj_y']),
  _FusedMatMul: fusedMatMul,
  Einsum: sumOverAxes,
  Cumsum: running('add'),
  Cumprod: running('mul'),
};
