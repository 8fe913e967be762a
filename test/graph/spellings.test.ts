import { describe, expect, it } from 'vitest';
import type { Node, Operand } from '../../lib/graph/graph.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { Random } from '../random-graph.ts';
import { reference } from '../reference.ts';
import { expectClose } from './close.ts';
import { checkedOf, graphOf, node, scalar } from './graphs.ts';

/** Writes nodes in the order of an expression; numbers are constants rounded to the file's precision. */
class Expression {
  readonly nodes: Node[] = [];

  readonly #operand = (value: Operand | number): Operand => (typeof value === 'number' ? scalar(value) : value);

  binary(fn: Extract<Node, { op: 'binary' }>['attributes']['fn'], a: Operand | number, b: Operand | number): string {
    return this.#add('binary', [a, b], { fn });
  }
  unary(fn: Extract<Node, { op: 'unary' }>['attributes']['fn'], x: string, alpha?: number, beta?: number): string {
    return this.#add('unary', [x], { fn, alpha, beta });
  }
  reduce(fn: Extract<Node, { op: 'reduce' }>['attributes']['fn'], x: string, axes = [1], keepDims = true): string {
    return this.#add('reduce', [x], { fn, axes, keepDims });
  }
  expand(x: string): string {
    return this.#add('expand', [x], { shape: [3, 4] });
  }
  select(condition: string, a: string | number, b: string | number): string {
    return this.#add('select', [condition, a, b], {});
  }
  mul = (a: Operand | number, b: Operand | number) => this.binary('mul', a, b);
  add = (a: Operand | number, b: Operand | number) => this.binary('add', a, b);
  sub = (a: Operand | number, b: Operand | number) => this.binary('sub', a, b);
  div = (a: Operand | number, b: Operand | number) => this.binary('div', a, b);
  pow = (a: Operand | number, b: Operand | number) => this.binary('pow', a, b);

  #add(op: Node['op'], inputs: readonly (Operand | number)[], attributes: object): string {
    const output = `v${this.nodes.length}`;
    this.nodes.push(node(output, op, inputs.map(this.#operand), attributes as never));
    return output;
  }
}

type Spelling = (e: Expression, x: string) => string;

/** Simplifies a spelling over rows of [3, 4], checks its results, and gives the nodes. */
function simplest(spell: Spelling, precision: 'f32' | 'f64' = 'f32'): readonly Node[] {
  const expression = new Expression();
  const output = spell(expression, 'x');
  const graph = graphOf({ x: [3, 4] }, expression.nodes, [output]);
  const simplified = simplify(checkedOf({ x: [3, 4] }, expression.nodes, [output]), { precision });
  const inputs = { x: new Random(11).values(60).map((value) => value * 3) };
  expectClose(reference(simplified, inputs, 5), reference(graph, inputs, 5), precision === 'f32' ? 1e-6 : 1e-14, 'y');
  return simplified.nodes;
}

const rsqrt: Spelling = (e, x) => e.unary('reciprocal', e.unary('sqrt', x));
const cube: Spelling = (e, x) => e.mul(e.mul(x, x), x);
const centred: Spelling = (e, x) => e.sub(x, e.reduce('mean', x));
const variance: Spelling = (e, x) => e.reduce('mean', e.pow(centred(e, x), 2));
const root = Math.sqrt(2 / Math.PI);

const SPELLINGS: readonly [string, Spelling, object][] = [
  ['x·sigmoid(x)', (e, x) => e.mul(x, e.unary('sigmoid', x)), { fn: 'silu' }],
  ['sigmoid(x)·x', (e, x) => e.mul(e.unary('sigmoid', x), x), { fn: 'silu' }],
  ['x/(1 + exp(−x))', (e, x) => e.div(x, e.add(1, e.unary('exp', e.unary('neg', x)))), { fn: 'silu' }],
  ['1/(1 + exp(−x))', (e, x) => e.div(1, e.add(1, e.unary('exp', e.unary('neg', x)))), { fn: 'sigmoid' }],
  ['x·sigmoid(1.702·x)', (e, x) => e.mul(x, e.unary('sigmoid', e.mul(x, 1.702))), { fn: 'quick_gelu' }],
  ['x·tanh(softplus(x))', (e, x) => e.mul(x, e.unary('tanh', e.unary('softplus', x, 1))), { fn: 'mish' }],
  [
    'x·tanh(log(1 + exp(x)))',
    (e, x) => e.mul(x, e.unary('tanh', e.unary('log', e.add(e.unary('exp', x), 1)))),
    { fn: 'mish' },
  ],
  ['log(1 + exp(x))', (e, x) => e.unary('log', e.add(1, e.unary('exp', x))), { fn: 'softplus', alpha: 1 }],
  ['log1p(exp(x))', (e, x) => e.unary('log1p', e.unary('exp', x)), { fn: 'softplus', alpha: 1 }],
  ['softplus(x·2)/2', (e, x) => e.div(e.unary('softplus', e.mul(x, 2), 1), 2), { fn: 'softplus', alpha: 2 }],
  [
    'x > 20 ? x : softplus(x)',
    (e, x) => e.select(e.binary('greater', x, 20), x, e.unary('softplus', x, 1)),
    { fn: 'softplus', alpha: 1 },
  ],
  [
    'x·3 > 20 ? x : softplus(x·3)/3',
    (e, x) => e.select(e.binary('greater', e.mul(x, 3), 20), x, e.div(e.unary('softplus', e.mul(x, 3), 1), 3)),
    { fn: 'softplus', alpha: 3 },
  ],
  ['log(sigmoid(x))', (e, x) => e.unary('log', e.unary('sigmoid', x)), { fn: 'log_sigmoid' }],
  ['x ≤ 1 ? 20 : x', (e, x) => e.select(e.binary('less_equal', x, 1), 20, x), { fn: 'threshold', alpha: 1, beta: 20 }],
  [
    'x > 0 ? x : x·0.25',
    (e, x) => e.select(e.binary('greater', x, 0), x, e.mul(x, 0.25)),
    { fn: 'leaky_relu', alpha: 0.25 },
  ],
  [
    '|x| ≤ 2 ? 0 : x',
    (e, x) => e.select(e.binary('less_equal', e.unary('abs', x), 2), 0, x),
    { fn: 'hard_shrink', alpha: 2 },
  ],
  [
    '|x| > 2 ? x − 2·sign(x) : x·0',
    (e, x) => e.select(e.binary('greater', e.unary('abs', x), 2), e.sub(x, e.mul(e.unary('sign', x), 2)), e.mul(x, 0)),
    { fn: 'soft_shrink', alpha: 2, beta: 2 },
  ],
  ['x/(1 + |x|)', (e, x) => e.div(x, e.add(e.unary('abs', x), 1)), { fn: 'softsign' }],
  ['x − tanh(x)', (e, x) => e.sub(x, e.unary('tanh', x)), { fn: 'tanh_shrink' }],
  [
    'x·0.5·(1 + erf(x/√2))',
    (e, x) => e.mul(e.mul(x, 0.5), e.add(e.unary('erf', e.div(x, Math.SQRT2)), 1)),
    { fn: 'gelu' },
  ],
  [
    'x·(1 + erf(x/√2))·0.5',
    (e, x) => e.mul(e.mul(x, e.add(1, e.unary('erf', e.div(x, Math.SQRT2)))), 0.5),
    { fn: 'gelu' },
  ],
  [
    'x·(0.5·(1 + erf(x·√½)))',
    (e, x) => e.mul(x, e.mul(0.5, e.add(1, e.unary('erf', e.mul(x, Math.SQRT1_2))))),
    { fn: 'gelu' },
  ],
  [
    '0.5·x·erfc(−x/√2)',
    (e, x) => e.mul(e.mul(0.5, x), e.unary('erfc', e.mul(e.unary('neg', x), Math.SQRT1_2))),
    { fn: 'gelu' },
  ],
  [
    '0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), with a power',
    (e, x) => e.mul(e.mul(0.5, x), e.add(1, e.unary('tanh', e.mul(root, e.add(x, e.mul(0.044715, e.pow(x, 3))))))),
    { fn: 'gelu_tanh' },
  ],
  [
    'x·0.5·(1 + tanh(√(2/π)·(x + 0.044715·x·x·x)))',
    (e, x) => e.mul(e.mul(x, e.add(1, e.unary('tanh', e.mul(e.add(x, e.mul(cube(e, x), 0.044715)), root)))), 0.5),
    { fn: 'gelu_tanh' },
  ],
  [
    '0.5·x·(1 + tanh(x·√(2/π)·(1 + 0.044715·x·x)))',
    (e, x) =>
      e.mul(e.mul(x, 0.5), e.add(1, e.unary('tanh', e.mul(e.mul(x, root), e.add(1, e.mul(e.mul(0.044715, x), x)))))),
    { fn: 'gelu_tanh' },
  ],
  ['x·clip(x + 3, 0, 6)/6', (e, x) => e.div(e.mul(x, e.unary('clip', e.add(x, 3), 0, 6)), 6), { fn: 'hard_swish' }],
  [
    'x·(min(max(x + 3, 0), 6)/6)',
    (e, x) => e.mul(x, e.div(e.binary('min', e.binary('max', e.add(x, 3), 0), 6), 6)),
    { fn: 'hard_swish' },
  ],
  ['clip(x + 3, 0, 6)/6', (e, x) => e.div(e.unary('clip', e.add(x, 3), 0, 6), 6), { fn: 'hard_sigmoid' }],
  [
    'd/sqrt(mean(d²) + ε), d = x − mean(x)',
    (e, x) => e.div(centred(e, x), e.unary('sqrt', e.add(variance(e, x), 1e-5))),
    { axis: 1, epsilon: Math.fround(1e-5) },
  ],
  [
    'd·(mean(d²) + ε)^−½',
    (e, x) => e.mul(centred(e, x), e.pow(e.add(variance(e, x), 1e-5), -0.5)),
    { axis: 1, epsilon: Math.fround(1e-5) },
  ],
  [
    'x·rsqrt(mean(x·x) + ε)',
    (e, x) => e.mul(x, rsqrt(e, e.add(e.reduce('mean', e.mul(x, x), [1, 0]), 0.5))),
    { axis: 0, epsilon: 0.5 },
  ],
  [
    'x/expand(max(‖x‖, ε))',
    (e, x) => e.div(x, e.expand(e.unary('clip', e.reduce('l2', x, [0]), 0.5, Infinity))),
    { axis: 0, norm: 'l2', epsilon: 0.5, floor: 0.5 },
  ],
  [
    'x/max(‖x‖₁, ε)',
    (e, x) => e.div(x, e.binary('max', e.reduce('l1', x), 0.5)),
    { axis: 1, norm: 'l1', epsilon: 0.5, floor: 0.5 },
  ],
  [
    'e/sum(e), e = exp(x − max(x))',
    (e, x) => {
      const exponential = e.unary('exp', e.sub(x, e.reduce('max', x)));
      return e.div(exponential, e.reduce('sum', exponential));
    },
    { axis: 1, fn: 'softmax' },
  ],
  [
    's − log(sum(exp(s))), s = x − max(x)',
    (e, x) => {
      const shifted = e.sub(x, e.reduce('max', x, [0]));
      return e.sub(shifted, e.unary('log', e.reduce('sum', e.unary('exp', shifted), [0])));
    },
    { axis: 0, fn: 'log_softmax' },
  ],
];

describe('recognising functions in pieces', () => {
  it.each(SPELLINGS)('takes %s for one operation', (_, spell, attributes) => {
    const nodes = simplest(spell);
    expect(nodes).toHaveLength(1);
    expect(nodes[0].attributes).toMatchObject(attributes);
    expect(nodes[0].inputs[0]).toBe('x');
  });

  it('takes 1/(1 + exp(x)) for a sigmoid of −x', () => {
    const nodes = simplest((e, x) => e.unary('reciprocal', e.add(e.unary('exp', x), 1)));
    expect(nodes).toMatchObject([{ op: 'affine' }, { attributes: { fn: 'sigmoid' } }]);
  });

  it('keeps a factor that the function does not have', () => {
    const nodes = simplest((e, x) => e.mul(x, e.add(e.unary('erf', e.div(x, Math.SQRT2)), 1)));
    expect(nodes).toMatchObject([{ attributes: { fn: 'gelu' } }, { op: 'affine' }]);
    expect(nodes[1].inputs[1]).toEqual({ shape: [], data: Float64Array.of(2) });
  });

  it.each<[string, Spelling]>([
    ['x·sigmoid of something else', (e, x) => e.mul(x, e.unary('sigmoid', e.unary('tanh', x)))],
    ['another number than √½', (e, x) => e.mul(x, e.add(e.unary('erf', e.mul(x, 0.7)), 1))],
    [
      'scale and shift that differ',
      (e, x) => e.mul(x, e.add(e.mul(e.unary('erf', e.mul(x, Math.SQRT1_2)), 0.5), 0.25)),
    ],
    [
      'means over different axes',
      (e, x) => {
        const d = e.sub(x, e.reduce('mean', x, [0]));
        return e.div(d, e.unary('sqrt', e.add(e.reduce('mean', e.pow(d, 2), [1]), 1e-5)));
      },
    ],
    [
      'means over axes that are not the last',
      (e, x) => {
        const d = e.sub(x, e.reduce('mean', x, [0]));
        return e.div(d, e.unary('sqrt', e.add(e.reduce('mean', e.pow(d, 2), [0]), 1e-5)));
      },
    ],
    [
      'a shrink by two numbers',
      (e, x) => {
        const shrunk = e.sub(x, e.mul(e.unary('sign', x), 2));
        return e.select(e.binary('greater', e.unary('abs', x), 1), shrunk, e.mul(x, 0));
      },
    ],
    ['a threshold that shows', (e, x) => e.select(e.binary('greater', x, 3), x, e.unary('softplus', x, 1))],
  ])('does not mistake %s', (_, spell) => {
    const names = new Set(['silu', 'quick_gelu', 'gelu', 'layer_norm', 'soft_shrink']);
    const nodes = simplest(spell);
    expect(nodes.length).toBeGreaterThan(1);
    for (const { op, attributes } of nodes) expect(names).not.toContain('fn' in attributes ? attributes.fn : op);
  });

  it('lets a threshold of float64 stand that float32 would not see', () => {
    const spell: Spelling = (e, x) => e.select(e.binary('greater', x, 20), x, e.unary('softplus', x, 1));
    expect(simplest(spell, 'f64')).toHaveLength(3);
    expect(simplest(spell, 'f32')).toHaveLength(1);
  });

  it('compares numbers of float64 files to their last bits', () => {
    const spell: Spelling = (e, x) => e.mul(x, e.add(e.unary('erf', e.mul(x, Math.SQRT1_2)), 1));
    expect(simplest(spell, 'f64').length).toBeGreaterThan(2);
  });
});
