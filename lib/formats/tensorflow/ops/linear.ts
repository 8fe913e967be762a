/** Products with matrices. */
import type { ForwardpassError } from '../../../errors.ts';
import { elementCount, formatShape, sameShape } from '../../../graph/shapes.ts';
import { quote } from '../../../words.ts';
import { type Cumulative, cumulative } from '../../tracing/cumulative.ts';
import { batchAxisOf } from '../../tracing/emitter.ts';
import { type Constant, range } from '../../tracing/value.ts';
import type { Call, Translation, Translations } from '../call.ts';
import type { Row, Value } from '../value.ts';
import { elementwise } from './elementwise.ts';

function swapLastTwo(call: Call, x: Value): Value {
  const rank = call.build.rank(x);
  if (rank < 2) throw call.error('SHAPE', `expected a matrix, found ${rank} axes`);
  return call.build.transpose(x, [...range(0, rank - 2, 1), rank - 1, rank - 2]);
}

function matMul(call: Call, flags: readonly [a: string, b: string]): Value {
  const [first, second] = [call.input(0), call.input(1)];
  const [isFirst, isSecond] = flags.map((name) => call.flag(name));
  const a = isFirst ? swapLastTwo(call, first) : first;
  if (a.kind === 'row' && second.kind === 'constant') {
    return call.build.dense(a, singleMatrix(call, second), isSecond ? 'out-in' : 'in-out');
  }
  const b = isSecond ? swapLastTwo(call, second) : second;
  if (b.kind === 'constant') return call.build.dense(a, singleMatrix(call, b), 'in-out');
  return a.kind === 'constant' ? fromLeft(call, a, b) : ofRows(call, a, b);
}

/** A constant W times x [..., K, N] is (xᵀ·Wᵀ)ᵀ. */
function fromLeft(call: Call, weight: Constant, x: Row): Value {
  const matrix = singleMatrix(call, weight);
  return swapLastTwo(call, call.build.dense(swapLastTwo(call, x), matrix, 'out-in'));
}

/** A stack of one matrix as that matrix. */
function singleMatrix(call: Call, weight: Constant): Constant {
  const isStack = weight.shape.slice(0, -2).some((size) => size !== 1);
  if (weight.shape.length >= 2 && !isStack) return call.build.reshaped(weight, weight.shape.slice(-2));
  const message = `${formatShape(weight.shape)} is no matrix of a dense layer; expected a single matrix`;
  throw call.error('UNSUPPORTED_OP', message);
}

/** Products of what depends on the input, as of two towers: a vector on one side at least. */
function ofRows(call: Call, a: Row, b: Row): Value {
  const { build } = call;
  const [rankA, rankB] = [build.rank(a), build.rank(b)];
  const [rows, depth] = a.shape.slice(-2);
  const columns = b.shape.at(-1);
  const isStack = rankA === rankB && rankA >= 3 && a.shape.length >= 2 && b.shape.length >= 2;
  if (!isStack || b.shape.at(-2) !== depth || (rows !== 1 && columns !== 1)) {
    throw bothVary(call);
  }
  const left = build.reshaped(a, [...a.shape, 1]);
  const right = build.reshaped(b, b.shape.toSpliced(-2, 0, 1));
  return build.reduce(build.binary('mul', left, right), 'sum', [-2], false);
}

function bothVary(call: Call): ForwardpassError {
  return call.error(
    'UNSUPPORTED_OP',
    'both sides of the matrix product depend on the input; forwardpass runs row models, whose matrices are ' +
      'constant: use TensorFlow itself for attention and the like',
  );
}

/** What grappler makes of a product and what follows it. */
function fusedMatMul(call: Call): Value {
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

/** What is a dense layer with a constant matrix: `ab,bc->ac`, `abc,cde->abde`, `...x,xy->...y`, axes in any order. */
function einsum(call: Call): Value {
  const { build } = call;
  const equation = call.string('equation', '').replaceAll(' ', '');
  const match = /^([a-zA-Z.]+),([a-zA-Z.]+)->([a-zA-Z.]*)$/.exec(equation);
  const [first, second] = [call.input(0), call.input(1)];
  if (first.kind === 'row' && second.kind === 'row') throw bothVary(call);
  const [x, weight] = second.kind === 'constant' ? [first, second] : [second, first as Constant];
  const [, a = '', b = '', result = ''] = match ?? [];
  const [ofX, ofWeight] = second.kind === 'constant' ? [a, b] : [b, a];
  const xs = lettersOf(ofX, build.rank(x));
  const ws = lettersOf(ofWeight, weight.shape.length);
  const contracted = ws.filter((letter) => xs.includes(letter));
  const kept = xs.filter((letter) => !contracted.includes(letter));
  const added = ws.filter((letter) => !contracted.includes(letter));
  const results = lettersOf(result, kept.length + added.length);
  const isDense =
    isEach(xs, build.rank(x)) &&
    isEach(ws, weight.shape.length) &&
    contracted.length > 0 &&
    isEach(results, kept.length + added.length) &&
    [...kept, ...added].every((letter) => results.includes(letter));
  if (!isDense) {
    throw call.error('UNSUPPORTED_OP', `the equation ${quote(equation)} is no dense layer, such as 'abc,cd->abd'`);
  }
  const columns = build.transpose(
    x,
    [...kept, ...contracted].map((letter) => xs.indexOf(letter)),
  );
  const ordered = build.transpose(
    weight,
    [...contracted, ...added].map((letter) => ws.indexOf(letter)),
  );
  const outer = columns.shape.slice(0, columns.shape.length - contracted.length);
  const inner = ordered.shape.slice(0, contracted.length);
  if (batchAxisOf(columns) !== undefined && Number(batchAxisOf(columns)) >= kept.length) {
    throw build.crossing('the batch is summed over');
  }
  if (!sameShape(columns.shape.slice(outer.length), inner)) {
    throw call.error('SHAPE', `${formatShape(x.shape)} and ${formatShape(weight.shape)} do not fit ${quote(equation)}`);
  }
  const width = elementCount(inner);
  const matrix = build.reshaped(ordered, [width, elementCount(ordered.shape) / width]) as Constant;
  const product = build.dense(build.reshaped(columns, [...outer, width]), matrix, 'in-out');
  const split = build.reshaped(product, [...outer, ...ordered.shape.slice(contracted.length)]);
  return build.transpose(
    split,
    results.map((letter) => [...kept, ...added].indexOf(letter)),
  );
}

/** The axes of one operand, those of an ellipsis as numbers. */
function lettersOf(side: string, rank: number): string[] {
  const [before, after] = side.split('...');
  if (after === undefined) return [...before];
  const open = Math.max(rank - before.length - after.length, 0);
  return [...before, ...range(0, open, 1).map(String), ...after];
}

function isEach(letters: readonly string[], count: number): boolean {
  return letters.length === count && new Set(letters).size === count && !letters.includes('.');
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
  Einsum: einsum,
  Cumsum: running('add'),
  Cumprod: running('mul'),
};
