/** A constant that a file computes has the bits that an input of its numbers would give. */
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { bitsOf, bytesOf, type Floats, type Named } from '../../engine/engine.ts';
import { numbers } from '../../engine/foldable.ts';
import { Random } from '../../random-graph.ts';
import {
  DOUBLE,
  type Fields,
  FLOAT,
  float,
  INT64,
  int,
  int64s,
  modelBytes,
  node,
  rawTensor,
  value,
} from './write-onnx.ts';

const COUNT = 600;

type Operator = readonly [type: string, attributes?: Readonly<Record<string, Fields>>];

const plain = (...types: readonly string[]) => types.map((type): Operator => [type]);
const OPERATORS: readonly Operator[] = [
  ...plain('Abs', 'Ceil', 'Elu', 'Erf', 'Exp', 'Floor', 'Gelu', 'HardSigmoid', 'HardSwish', 'LeakyRelu', 'Log'),
  ...plain('LogSoftmax', 'Mish', 'Neg', 'Reciprocal', 'Relu', 'Round', 'Selu', 'Sigmoid', 'Sign', 'Softmax'),
  ...plain('Softplus', 'Softsign', 'Sqrt', 'Tanh', 'ThresholdedRelu', 'LpNormalization', 'Shrink', 'Celu', 'Hardmax'),
  ...plain('ReduceSum', 'ReduceMean', 'ReduceL2', 'ReduceLogSumExp', 'ReduceMax', 'ReduceProd'),
  ...plain('Add', 'Sub', 'Mul', 'Div', 'Pow', 'PRelu'),
  ['LeakyRelu', { alpha: float(0.1) }],
  ['HardSigmoid', { alpha: float(1 / 6) }],
  ['Celu', { alpha: float(0.3) }],
  ['Shrink', { lambd: float(0.1), bias: float(0.1) }],
  ['Cast', { to: int(FLOAT) }],
];
const BINARY = /^(Add|Sub|Mul|Div|Pow|PRelu)$/;

interface Case {
  /** What the file holds its numbers in. */
  readonly stored: 'f32' | 'f64';
  readonly precision: 'f32' | 'f64';
}

/** The operator of constants or of inputs, plus an input of −0, which changes no bit. */
async function outcome([type, attributes = {}]: Operator, isFolded: boolean, { stored, precision }: Case) {
  const [elementType, ArrayOf] =
    stored === 'f32' ? ([FLOAT, Float32Array] as const) : ([DOUBLE, Float64Array] as const);
  const given: Record<string, Floats> = { c: ArrayOf.from(numbers(new Random(3), stored, COUNT)) };
  if (BINARY.test(type)) given.d = given.c.toReversed();
  const names = Object.keys(given);
  const axes = type.startsWith('Reduce') ? ['axes'] : [];
  const constants = names.map((name) => rawTensor(name, [1, COUNT], elementType, new Uint8Array(bytesOf(given[name]))));
  const back = type === 'Cast' ? [node('Cast', ['f'], ['g'], { to: int(elementType) })] : [];
  const bytes = modelBytes({
    opset: 20,
    ir: 9,
    nodes: [
      node(type, [...names, ...axes], ['f'], attributes),
      ...back,
      node('Add', [back.length > 0 ? 'g' : 'f', 'x'], ['y']),
    ],
    inputs: ['x', ...(isFolded ? [] : names)].map((name) => value(name, ['batch', COUNT], elementType)),
    outputs: [value('y', [], elementType)],
    initializers: [...axes.map((name) => int64s(name, [1], [-1])), ...(isFolded ? constants : [])],
  });
  using model = await load(bytes, { precision });
  const x = new ArrayOf(COUNT).fill(-0);
  return (model.run(isFolded ? { x } : { x, ...given }) as Named).y;
}

describe.each<Case>([
  { stored: 'f32', precision: 'f32' },
  { stored: 'f32', precision: 'f64' },
  { stored: 'f64', precision: 'f64' },
  { stored: 'f64', precision: 'f32' },
])('of $stored, computed in $precision', (given) => {
  it.each(OPERATORS.map((operator) => [operator[0], operator] as const))('%s', async (_, operator) => {
    const [folded, ran] = [await outcome(operator, true, given), await outcome(operator, false, given)];
    expect(bitsOf(folded)).toEqual(bitsOf(ran));
  });
});

describe('a file whose inputs do not tell that it computes in doubles', () => {
  it('is read again in them', async () => {
    const c = Float64Array.from(numbers(new Random(3), 'f64', COUNT));
    const file = (inputs: readonly Fields[], initializers: readonly Fields[]) =>
      modelBytes({
        nodes: [
          node('Exp', ['c'], ['e']),
          node('Cast', ['ids'], ['f'], { to: int(DOUBLE) }),
          node('Mul', ['e', 'f'], ['y']),
        ],
        inputs: [value('ids', ['batch', 1], INT64), ...inputs],
        outputs: [value('y', [], DOUBLE)],
        initializers,
      });
    const stored = rawTensor('c', [1, COUNT], DOUBLE, new Uint8Array(bytesOf(c)));
    using folded = await load(file([], [stored]));
    using ran = await load(file([value('c', ['batch', COUNT], DOUBLE)], []));
    const ids = Float64Array.of(1);
    expect(folded.precision).toBe('f64');
    expect(bitsOf((folded.run({ ids }) as Named).y)).toEqual(bitsOf((ran.run({ ids, c }) as Named).y));
  });
});
