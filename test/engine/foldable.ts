/** Every operation of the graph with operands that show where rounding and special values decide. */
import {
  BINARY_NAMES,
  METRIC_NAMES,
  NORM_NAMES,
  type Node,
  REDUCE_NAMES,
  SOFTMAX_NAMES,
  SORT_RESULTS,
  type Tensor,
  UNARY_NAMES,
  type UnaryName,
} from '../../lib/graph/graph.ts';
import { node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import type { Precision } from './engine.ts';

/** A node that takes `a`, `b` and `c`, of these tensors. */
export interface Foldable {
  readonly what: string;
  readonly node: Node;
  readonly operands: readonly Tensor[];
}

const SPECIAL = [
  ...[0, -0, Number.NaN, Infinity, -Infinity, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -3, 6, 7.5, 88, -88, 104, 709, -745],
  ...[2 ** -149, -(2 ** -149), 3 * 2 ** -149, 2 ** -127, -(2 ** -127), 2 ** -126, 1e-40, -1e-40, 1e-30, -1e-30, 1e-20],
  ...[2 ** -1074, -(2 ** -1074), 5e-320, -5e-320, 2 ** -1022, 1e-300, -1e-300, 1e-160, -1e-160, 1e-8, -1e-8, 1e-4],
  ...[(2 - 2 ** -23) * 2 ** 127, -(2 - 2 ** -23) * 2 ** 127, Number.MAX_VALUE, -Number.MAX_VALUE, 1e300, -1e300],
  ...[1e19, -1e19, 1e30, -1e30, 2 ** 24 + 1, 2 ** 53, 2 ** 31, -(2 ** 31), 2 ** 63, 65504, 65520, 1e5, 1 / 3, 0.1, 49],
];

/** What is special, small numbers, and numbers of every exponent, rounded to the precision. */
export function numbers(random: Random, precision: Precision, count: number): Tensor['data'] {
  const exponents = precision === 'f32' ? 140 : 1070;
  const any = () => {
    const kind = random.below(8);
    if (kind === 0) return random.pick(SPECIAL);
    const sign = random.pick([1, -1]);
    if (kind < 5) return random.normal() * random.pick([0.01, 1, 1, 10]) * (1 + random.unit());
    return sign * (1 + random.unit()) * 2 ** (exponents * (2 * random.unit() - 1));
  };
  const data = Array.from({ length: count }, (_, at) => (at < SPECIAL.length ? SPECIAL[at] : any()));
  return precision === 'f32' ? Float32Array.from(data) : Float64Array.from(data);
}

/** Other parameters than 0.25 and 0.5. */
const PARAMETERS: Partial<Record<UnaryName, readonly (readonly [number, number])[]>> = {
  threshold: [
    [0.3, -0],
    [-1, 1e-42],
  ],
  selu: [[1.6732632423543772, 1.0507009873554805]],
  elu: [
    [1, 0],
    [0.1, 0],
  ],
  celu: [
    [1, 0],
    [0.3, 0],
  ],
  leaky_relu: [
    [0.01, 0],
    [0.1, 0],
    [-0, 0],
  ],
  hard_sigmoid: [
    [1 / 6, 0.5],
    [0.2, 0.5],
  ],
  clip: [
    [0, 6],
    [-0, Infinity],
    [-Infinity, 0],
    [-1, 1],
    [0.1, 0.3],
    [2, 1],
  ],
  soft_shrink: [
    [0.5, 0.5],
    [0, 0],
    [0.1, 0.1],
  ],
  hard_shrink: [
    [0.5, 0],
    [0.1, 0],
    [0, 0],
  ],
  softplus: [
    [1, 0],
    [0.1, 0],
    [-2, 0],
  ],
  squareplus: [
    [4, 0],
    [0, 0],
    [0.1, 0],
  ],
  quick_gelu: [[1.702, 0]],
  is_inf: [
    [1, 1],
    [1, 0],
    [0, 1],
  ],
  to_integer: [
    [2 ** 31, 0],
    [2 ** 63, 0],
  ],
  wrap: [
    [-128, 128],
    [0, 256],
    [-(2 ** 31), 2 ** 31],
    [0, 2 ** 32],
    [-2, 2],
  ],
  narrow: [
    [2 ** 23, (2 - 2 ** -23) * 2 ** 127],
    [2 ** 10, 65504],
    [2 ** 7, (2 - 2 ** -7) * 2 ** 127],
    [8, 448],
  ],
};

export function foldables(precision: Precision, count: number): Foldable[] {
  const random = new Random(count);
  const vector = () => ({ shape: [count], data: numbers(random, precision, count) });
  /** Rows of numbers of one magnitude each, then of any. */
  const rows = (k: number) => {
    const data = numbers(random, precision, Math.ceil(count / k) * k);
    for (let at = 0; at < data.length / 2; at++) data[at] = random.normal() * 2 ** ((Math.floor(at / k) % 60) - 30);
    return { shape: [data.length / k, k], data };
  };
  const small = (shape: readonly number[]) => random.tensor(shape);
  const x = vector();
  const found: Foldable[] = [];
  const add = (what: string, made: Node, ...operands: readonly Tensor[]) => found.push({ what, node: made, operands });

  for (const fn of UNARY_NAMES) {
    for (const [alpha, beta] of PARAMETERS[fn] ?? [[0.25, 0.5]]) {
      add(`${fn} ${alpha} ${beta}`, node('y', 'unary', ['a'], { fn, alpha, beta }), x);
    }
  }
  const [left, right] = [vector(), vector()];
  right.data.reverse();
  for (const [at, value] of SPECIAL.entries()) {
    if (at % 2 === 0 && SPECIAL.length + at < count)
      left.data[SPECIAL.length + at] = right.data[SPECIAL.length + at] = value;
  }
  const crossed = SPECIAL.flatMap((a) => SPECIAL.map((b) => [a, b]));
  const typed = (values: readonly number[]) => (precision === 'f32' ? Float32Array : Float64Array).from(values);
  const cross = [0, 1].map((at) => ({ shape: [crossed.length], data: typed(crossed.map((pair) => pair[at])) }));
  for (const fn of BINARY_NAMES) {
    add(fn, node('y', 'binary', ['a', 'b'], { fn }), left, right);
    add(`${fn} of specials`, node('y', 'binary', ['a', 'b'], { fn }), ...cross);
  }
  add('select', node('y', 'select', ['a', 'b', 'c'], {}), left, right, x);
  add('affine', node('y', 'affine', ['a', 'b', 'c'], {}), left, right, x);
  for (const k of [1, 3, 16, 37]) {
    const of = rows(k);
    for (const fn of SOFTMAX_NAMES) add(`${fn} of ${k}`, node('y', 'softmax', ['a'], { fn, axis: 1 }), of);
    for (const fn of REDUCE_NAMES) {
      add(`${fn} of ${k}`, node('y', 'reduce', ['a'], { fn, axes: [1], keepDims: false }), of);
    }
    for (const norm of NORM_NAMES) {
      const attributes = { axis: 1, norm, epsilon: 1e-12, floor: 1e-12 };
      add(`normalize ${norm} of ${k}`, node('y', 'normalize', ['a'], attributes), of);
    }
    const terms = [small([k]), small([k])];
    add(`layer_norm of ${k}`, node('y', 'layer_norm', ['a', 'b', 'c'], { axis: 1, epsilon: 1e-5 }), of, ...terms);
    add(`layer_norm alone of ${k}`, node('y', 'layer_norm', ['a'], { axis: 1, epsilon: 0 }), of);
    add(`rms_norm of ${k}`, node('y', 'rms_norm', ['a', 'b'], { axis: 1, epsilon: 1e-5 }), of, terms[0]);
    for (const n of [1, 5, 20]) {
      const clamp = [0, 6] as const;
      add(`dense ${k}x${n}`, node('y', 'dense', ['a', 'b', 'c'], { layout: 'in-out' }), of, small([k, n]), small([n]));
      add(`dense ${n}x${k}`, node('y', 'dense', ['a', 'b'], { layout: 'out-in', clamp }), of, small([n, k]));
    }
  }
  for (const [m, k, n] of [
    [1, 3, 1],
    [2, 37, 5],
    [3, 16, 20],
  ]) {
    const a = { shape: [2, m, k], data: numbers(random, precision, 2 * m * k) };
    add(`matmul ${m}x${k}x${n}`, node('y', 'matmul', ['a', 'b'], { layout: 'in-out' }), a, small([2, k, n]));
    add(`matmul ${m}x${k}x${n} out-in`, node('y', 'matmul', ['a', 'b'], { layout: 'out-in' }), a, small([n, k]));
  }
  for (const result of SORT_RESULTS) {
    for (const descending of [false, true]) {
      add(`${result} in order`, node('y', 'sort', ['a'], { axis: 0, count: 40, descending, result }), x);
    }
  }
  for (const metric of METRIC_NAMES) {
    const attributes = { metric, ...(metric === 'power' && { exponent: 2.5 }) };
    const row = { shape: [24], data: x.data.slice(0, 24) };
    add(`distances ${metric}`, node('y', 'distances', ['a', 'b'], attributes), row, small([20, 24]));
  }
  for (const result of SORT_RESULTS) {
    const attributes = { axis: 0, count: 40, descending: false, result, ties: 'heap' as const };
    add(`nearest ${result}`, node('y', 'sort', ['a'], attributes), x);
  }
  const pairs = { shape: [6], data: typed([0.3, 0.9, 0.51, 0.2, 0.7, 0.6]) };
  add('couple', node('y', 'couple', ['a'], {}), pairs);
  const ids = { shape: [5], data: typed([0, 3, 1, 2, 2]) };
  add('one_hot', node('y', 'one_hot', ['a'], { depth: 4, on: 1 / 3, off: -0, axis: 0, wrap: false }), ids);
  add('embedding', node('y', 'embedding', ['a', 'b'], { wrap: true }), ids, {
    shape: [4, 2],
    data: numbers(random, precision, 8),
  });
  const of = rows(6);
  add('gather', node('y', 'gather', ['a'], { axis: 1, indices: Int32Array.of(3, 0, 0, 5) }), of);
  add('transpose', node('y', 'transpose', ['a'], { permutation: [1, 0] }), of);
  add('reshape', node('y', 'reshape', ['a'], { shape: [of.data.length] }), of);
  add('expand', node('y', 'expand', ['a'], { shape: [3, count] }), x);
  add('concat', node('y', 'concat', ['a', 'b'], { axis: 0 }), left, right);
  return found;
}
