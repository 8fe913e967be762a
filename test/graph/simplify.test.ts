import { describe, expect, it } from 'vitest';
import type { Node, Tensor } from '../../lib/graph/graph.ts';
import { type SimplifiedGraph, simplify } from '../../lib/graph/simplify.ts';
import { Random } from '../random-graph.ts';
import { reference } from '../reference.ts';
import { expectClose } from './close.ts';
import { checkedOf, constant, graphOf, node, scalar } from './graphs.ts';

type Inputs = Readonly<Record<string, readonly number[]>>;
type Precision = 'f32' | 'f64';

/** Simplifies, after checking that results stay what they were. */
function simplest(
  inputs: Inputs,
  nodes: readonly Node[],
  options: { precision?: Precision; outputs?: readonly string[]; tolerance?: number } = {},
): SimplifiedGraph {
  const { precision = 'f64', outputs, tolerance = precision === 'f64' ? 1e-13 : 1e-5 } = options;
  const graph = graphOf(inputs, nodes, outputs);
  const simplified = simplify(checkedOf(inputs, nodes, outputs), { precision });
  const random = new Random(7);
  const rows = 5;
  const data = graph.inputs.map(({ name, shape }) => [name, random.values(rows * shape.reduce((a, b) => a * b, 1))]);
  const values = Object.fromEntries(data) as Record<string, Float32Array>;
  expectClose(reference(simplified, values, rows), reference(graph, values, rows), tolerance, 'simplified');
  return simplified;
}

/** The nodes in order, each by its function where it has one. */
function kinds({ nodes }: SimplifiedGraph): string[] {
  return nodes.map((found) => {
    if (found.op === 'unary' || found.op === 'binary') return found.attributes.fn;
    return found.op === 'dense' && found.attributes.clamp !== undefined ? 'clamped dense' : found.op;
  });
}

const random = new Random(3);
const weight = random.tensor([3, 4]);
const bias = random.tensor([4]);
const dense = (output: string, x: string) => node(output, 'dense', [x, weight, bias], { layout: 'in-out' });

describe('constants', () => {
  it('folds operations on constants, and outputs that are constant', () => {
    const simplified = simplest({ x: [2] }, [
      node('a', 'unary', [constant([1, 4])], { fn: 'sqrt' }),
      node('b', 'binary', ['a', scalar(3)], { fn: 'mul' }),
    ]);
    expect(kinds(simplified)).toEqual([]);
    expect(simplified.outputs[0].value).toEqual({ shape: [2], data: Float64Array.of(3, 6) });
  });

  it('hands a folded constant to the node that needs one', () => {
    const simplified = simplest({ x: [2] }, [
      node('a', 'transpose', [constant([1, 2, 3, 4, 5, 6], [2, 3])], { permutation: [1, 0] }),
      node('b', 'reshape', ['a'], { shape: [6] }),
      node('c', 'gather', ['b'], { axis: 0, indices: Int32Array.of(5, 1) }),
      node('y', 'affine', ['x', scalar(2), scalar(0)], {}),
      node('z', 'binary', ['y', 'c'], { fn: 'add' }),
    ]);
    expect(kinds(simplified)).toEqual(['affine']);
    expect(simplified.nodes[0].inputs.slice(1)).toMatchObject([
      { data: Float64Array.of(2) },
      { data: Float32Array.of(6, 4) },
    ]);
  });

  it('refuses an id outside of a constant table with its node', () => {
    const nodes = [node('y', 'embedding', [scalar(7), constant([1, 2, 3])], { wrap: true })];
    expect(() => simplify(checkedOf({ x: [1] }, nodes), { precision: 'f32' })).toThrow(
      'node n_y: embedding: the id 7 is outside a table of 3',
    );
  });
});

describe('identities', () => {
  const all = Int32Array.of(0, 1, 2);
  it.each<[string, Node]>([
    ['reshape to the same shape', node('a', 'reshape', ['x'], { shape: [2, 3] })],
    ['expand to the same shape', node('a', 'expand', ['x'], { shape: [2, 3] })],
    ['concat of one', node('a', 'concat', ['x'], { axis: 0 })],
    ['gather of every column in order', node('a', 'gather', ['x'], { axis: 1, indices: all })],
    ['transpose that keeps the axes', node('a', 'transpose', ['x'], { permutation: [0, 1] })],
    ['clip without bounds', node('a', 'unary', ['x'], { fn: 'clip', alpha: -Infinity, beta: Infinity })],
    ['affine of one and −0', node('a', 'affine', ['x', constant([1, 1, 1]), scalar(-0)], {})],
    ['difference from 0', node('a', 'binary', ['x', scalar(0)], { fn: 'sub' })],
    ['division by one', node('a', 'binary', ['x', scalar(1)], { fn: 'div' })],
    ['power of one', node('a', 'binary', ['x', scalar(1)], { fn: 'pow' })],
  ])('drops a %s', (_, identity) => {
    const simplified = simplest({ x: [2, 3] }, [identity, node('y', 'unary', ['a'], { fn: 'tanh' })]);
    expect(kinds(simplified)).toEqual(['tanh']);
    expect(simplified.nodes[0].inputs).toEqual(['x']);
  });

  it('keeps the addition of 0, which makes 0 of −0', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(0)], { fn: 'add' }),
      node('y', 'unary', ['a'], { fn: 'reciprocal' }),
    ];
    const simplified = simplify(checkedOf({ x: [1] }, nodes), { precision: 'f64' });
    expect(reference(simplified, { x: [-0] }, 1).y[0]).toBe(Infinity);
  });

  it('drops a rounding to float32 from a model of float32 alone', () => {
    const narrow = { fn: 'narrow', alpha: 2 ** 23, beta: 2 ** 128 - 2 ** 104 } as const;
    const nodes = [node('a', 'unary', ['x'], narrow), node('y', 'unary', ['a'], { fn: 'tanh' })];
    expect(kinds(simplify(checkedOf({ x: [2] }, nodes), { precision: 'f32' }))).toEqual(['tanh']);
    expect(kinds(simplify(checkedOf({ x: [2] }, nodes), { precision: 'f64' }))).toEqual(['narrow', 'tanh']);
  });

  it('keeps an affine of one that broadcasts to another rank', () => {
    const nodes = [node('y', 'binary', ['x', constant([1], [1, 1])], { fn: 'mul' })];
    expect(kinds(simplest({ x: [3] }, nodes))).toEqual(['mul']);
  });

  it('makes an output of what an identity gave', () => {
    const simplified = simplest({ x: [3] }, [node('y', 'reshape', ['x'], { shape: [3] })]);
    expect(simplified.outputs).toEqual([{ name: 'y', value: 'x', dtype: 'float32' }]);
  });

  it('turns a transpose that moves no element, and reshapes in a row, into one reshape', () => {
    const simplified = simplest({ x: [1, 3] }, [
      node('a', 'transpose', ['x'], { permutation: [1, 0] }),
      node('b', 'reshape', ['a'], { shape: [3] }),
      node('y', 'reshape', ['b'], { shape: [3, 1, 1] }),
    ]);
    expect(simplified.nodes).toMatchObject([{ op: 'reshape', inputs: ['x'], attributes: { shape: [3, 1, 1] } }]);
  });

  it('drops an expansion that broadcasting implies, and keeps one that it does not', () => {
    const expansion = node('a', 'expand', ['s'], { shape: [3] });
    const implied = [expansion, node('y', 'binary', ['x', 'a'], { fn: 'add' })];
    expect(kinds(simplest({ x: [3], s: [1] }, implied))).toEqual(['add']);
    const needed = [expansion, node('y', 'binary', ['s', 'a'], { fn: 'add' })];
    expect(kinds(simplest({ s: [1] }, needed))).toEqual(['expand', 'add']);
    const both = [
      expansion,
      node('b', 'expand', ['t'], { shape: [3] }),
      node('y', 'binary', ['a', 'b'], { fn: 'add' }),
    ];
    expect(kinds(simplest({ s: [1], t: [1] }, both))).toEqual(['expand', 'add']);
  });

  it('drops a conversion to truth of what is true or false', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(0.5)], { fn: 'greater' }),
      node('y', 'unary', ['a'], { fn: 'to_bool' }),
    ];
    expect(kinds(simplest({ x: [3] }, nodes))).toEqual(['greater']);
  });
});

describe('spellings', () => {
  const pow = (exponent: number) => [
    node('a', 'unary', ['x'], { fn: 'exp' }),
    node('y', 'binary', ['a', scalar(exponent)], { fn: 'pow' }),
  ];
  it.each<[number, string[]]>([
    [2, ['square']],
    [3, ['square', 'mul']],
    [0.5, ['sqrt']],
    [-1, ['reciprocal']],
    [-0.5, ['sqrt', 'reciprocal']],
    [2.5, ['pow']],
  ])('spells a power of %d plainly', (exponent, expected) => {
    expect(kinds(simplest({ x: [3] }, pow(exponent)))).toEqual(['exp', ...expected]);
  });

  it('spells x·x as a square', () => {
    expect(kinds(simplest({ x: [3] }, [node('y', 'binary', ['x', 'x'], { fn: 'mul' })]))).toEqual(['square']);
  });

  it('spells a product with a reciprocal as a quotient', () => {
    const nodes = [
      node('a', 'binary', [scalar(1), 'z'], { fn: 'div' }),
      node('y', 'binary', ['a', 'x'], { fn: 'mul' }),
    ];
    const simplified = simplest({ x: [3], z: [3] }, nodes);
    expect(simplified.nodes).toMatchObject([{ inputs: ['x', 'z'], attributes: { fn: 'div' } }]);
  });

  it('spells min(max(x, 0), 6) as one clip', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(0)], { fn: 'max' }),
      node('y', 'binary', [scalar(6), 'a'], { fn: 'min' }),
    ];
    const simplified = simplest({ x: [3] }, nodes);
    expect(simplified.nodes).toMatchObject([{ attributes: { fn: 'clip', alpha: 0, beta: 6 } }]);
  });

  it('spells max(x, 0) as relu', () => {
    expect(kinds(simplest({ x: [3] }, [node('y', 'binary', ['x', scalar(0)], { fn: 'max' })]))).toEqual(['relu']);
  });

  it('leaves a clip whose bounds cross alone', () => {
    const nodes = [
      node('a', 'unary', ['x'], { fn: 'clip', alpha: 2, beta: -1 }),
      node('y', 'unary', ['a'], { fn: 'relu' }),
    ];
    expect(kinds(simplest({ x: [3] }, nodes))).toEqual(['clip', 'relu']);
  });

  it('spells prelu with one slope as leaky relu', () => {
    const nodes = [node('y', 'binary', ['x', constant([0.25, 0.25, 0.25])], { fn: 'prelu' })];
    expect(simplest({ x: [3] }, nodes).nodes).toMatchObject([{ attributes: { fn: 'leaky_relu', alpha: 0.25 } }]);
    const slopes = [node('y', 'binary', ['x', constant([0.25, 0.5, 0.25])], { fn: 'prelu' })];
    expect(kinds(simplest({ x: [3] }, slopes))).toEqual(['prelu']);
  });

  it('takes factors out of products and quotients', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(0.5)], { fn: 'mul' }),
      node('b', 'binary', ['z', scalar(8)], { fn: 'mul' }),
      node('y', 'binary', ['a', 'b'], { fn: 'div' }),
    ];
    const simplified = simplest({ x: [3], z: [3] }, nodes);
    expect(kinds(simplified)).toEqual(['div', 'affine']);
    expect(simplified.nodes[1].inputs.slice(1)).toMatchObject([
      { data: Float64Array.of(0.0625) },
      { data: Float64Array.of(-0) },
    ]);
  });

  it('leaves a factor inside a product that might overflow without it', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(2 ** -100)], { fn: 'mul' }),
      node('y', 'binary', ['a', 'z'], { fn: 'mul' }),
    ];
    expect(kinds(simplest({ x: [3], z: [3] }, nodes))).toEqual(['affine', 'mul']);
  });
});

describe('affine', () => {
  it.each<[string, Node]>([
    ['x + c', node('y', 'binary', ['x', constant([1, 2, 3])], { fn: 'add' })],
    ['c + x', node('y', 'binary', [constant([1, 2, 3]), 'x'], { fn: 'add' })],
    ['x − c', node('y', 'binary', ['x', scalar(2)], { fn: 'sub' })],
    ['c − x', node('y', 'binary', [scalar(2), 'x'], { fn: 'sub' })],
    ['x·c', node('y', 'binary', ['x', constant([3, 0, -1])], { fn: 'mul' })],
    ['x/c', node('y', 'binary', ['x', constant([3, 4, -1])], { fn: 'div' })],
    ['−x', node('y', 'unary', ['x'], { fn: 'neg' })],
  ])('makes %s affine', (_, spelled) => {
    expect(kinds(simplest({ x: [3] }, [spelled]))).toEqual(['affine']);
  });

  it.each<[string, Node]>([
    ['c/x', node('y', 'binary', [scalar(2), 'x'], { fn: 'div' })],
    ['x/0', node('y', 'binary', ['x', scalar(0)], { fn: 'div' })],
    ['x·∞', node('y', 'binary', ['x', scalar(Infinity)], { fn: 'mul' })],
    ['x + NaN', node('y', 'binary', ['x', scalar(Number.NaN)], { fn: 'add' })],
    ['a constant of more axes', node('y', 'binary', ['x', constant([1, 2], [2, 1])], { fn: 'add' })],
  ])('leaves %s alone', (_, spelled) => {
    expect(simplest({ x: [3] }, [spelled]).nodes).toEqual([spelled]);
  });

  it('keeps the sign of zeros in products and sums', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(2)], { fn: 'mul' }),
      node('y', 'unary', ['a'], { fn: 'reciprocal' }),
    ];
    const simplified = simplify(checkedOf({ x: [1] }, nodes), { precision: 'f64' });
    expect(reference(simplified, { x: [-0] }, 1).y[0]).toBe(-Infinity);
  });

  it('merges arithmetic with constants into one affine', () => {
    const simplified = simplest({ x: [3] }, [
      node('a', 'binary', ['x', constant([1, 2, 3])], { fn: 'sub' }),
      node('b', 'binary', ['a', constant([2, 4, 8])], { fn: 'div' }),
      node('c', 'binary', ['b', scalar(3)], { fn: 'mul' }),
      node('y', 'binary', [scalar(1), 'c'], { fn: 'sub' }),
    ]);
    expect(kinds(simplified)).toEqual(['affine']);
  });

  const standardise = (mean: number, deviation: number) => [
    node('a', 'binary', ['x', scalar(mean)], { fn: 'sub' }),
    node('y', 'binary', ['a', scalar(deviation)], { fn: 'div' }),
  ];

  it('keeps the difference with a mean far above the deviation, which float32 would lose', () => {
    expect(kinds(simplest({ x: [3] }, standardise(40, 2), { precision: 'f32' }))).toEqual(['affine']);
    expect(kinds(simplest({ x: [3] }, standardise(2000, 2), { precision: 'f32' }))).toEqual(['affine', 'affine']);
    expect(kinds(simplest({ x: [3] }, standardise(2000, 2), { precision: 'f64' }))).toEqual(['affine']);
    expect(kinds(simplest({ x: [3] }, standardise(4000, 2), { precision: 'f64' }))).toEqual(['affine', 'affine']);
  });

  it('does not merge factors whose product float32 cannot hold', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(2 ** -100)], { fn: 'mul' }),
      node('y', 'binary', ['a', scalar(2 ** -100)], { fn: 'mul' }),
    ];
    expect(kinds(simplest({ x: [3] }, nodes, { precision: 'f32' }))).toEqual(['affine', 'affine']);
    expect(kinds(simplest({ x: [3] }, nodes, { precision: 'f64' }))).toEqual(['affine']);
  });

  it('computes exactly what a step follows', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(49)], { fn: 'div' }),
      node('b', 'binary', ['a', scalar(0)], { fn: 'max' }),
      node('y', 'unary', ['b'], { fn: 'floor' }),
    ];
    const simplified = simplify(checkedOf({ x: [1] }, nodes), { precision: 'f64' });
    expect(kinds(simplified)).toEqual(['div', 'relu', 'floor']);
    expect(reference(simplified, { x: [49] }, 1).y[0]).toBe(1);
  });

  it('does not merge a node that something else needs', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(2)], { fn: 'mul' }),
      node('b', 'binary', ['a', scalar(3)], { fn: 'add' }),
    ];
    expect(kinds(simplest({ x: [3] }, nodes, { outputs: ['a', 'b'] }))).toEqual(['affine', 'affine']);
  });

  it('becomes the scale and shift of a norm', () => {
    const nodes = [
      node('a', 'layer_norm', ['x', constant([1, 2, 3]), constant([4, 5, 6])], { axis: 1, epsilon: 1e-5 }),
      node('b', 'binary', ['a', constant([2, 3, 4], [1, 3])], { fn: 'mul' }),
      node('y', 'binary', ['b', scalar(1)], { fn: 'add' }),
    ];
    const simplified = simplest({ x: [2, 3] }, nodes);
    expect(simplified.nodes).toMatchObject([
      { op: 'layer_norm', inputs: ['x', { data: Float64Array.of(2, 6, 12) }, { data: Float64Array.of(9, 16, 25) }] },
    ]);
  });

  it('stays behind a norm when it differs along an axis before the norm, or shifts an rms norm', () => {
    const norm = node('a', 'rms_norm', ['x'], { axis: 1, epsilon: 1e-5 });
    const rows = [norm, node('y', 'binary', ['a', constant([2, 3], [2, 1])], { fn: 'mul' })];
    expect(kinds(simplest({ x: [2, 3] }, rows))).toEqual(['rms_norm', 'affine']);
    const shift = [norm, node('y', 'binary', ['a', scalar(1)], { fn: 'add' })];
    expect(kinds(simplest({ x: [2, 3] }, shift))).toEqual(['rms_norm', 'affine']);
    const scale = [norm, node('y', 'binary', ['a', scalar(2)], { fn: 'mul' })];
    expect(kinds(simplest({ x: [2, 3] }, scale))).toEqual(['rms_norm']);
  });
});

describe('dense', () => {
  const scaler = node('s', 'affine', ['x', constant([2, 3, 4]), constant([1, -2, 3])], {});
  const norm = (x: string) => node('n', 'affine', [x, constant([2, 3, 4, 5]), constant([1, -2, 3, 4])], {});

  it.each(['in-out', 'out-in'] as const)('takes in a scaler before it and a batch norm after it (%s)', (layout) => {
    const own = layout === 'in-out' ? weight : { shape: [4, 3], data: weight.data };
    const nodes = [scaler, node('d', 'dense', ['s', own, bias], { layout }), norm('d')];
    expect(kinds(simplest({ x: [2, 3] }, nodes))).toEqual(['dense']);
  });

  it('becomes biased by what is added to it, with its weight untouched', () => {
    const nodes = [
      node('d', 'dense', ['x', weight], { layout: 'in-out' }),
      node('y', 'binary', ['d', bias], { fn: 'add' }),
    ];
    const simplified = simplest({ x: [3] }, nodes);
    expect(kinds(simplified)).toEqual(['dense']);
    expect(simplified.nodes[0].inputs[1]).toBe(weight);
  });

  it('keeps the very weight when nothing folds into it', () => {
    const simplified = simplest({ x: [3] }, [dense('d', 'x'), node('y', 'unary', ['d'], { fn: 'tanh' })]);
    expect(simplified.nodes[0].inputs[1]).toBe(weight);
  });

  it('takes a scaler in everywhere when only dense layers take it', () => {
    const nodes = [scaler, dense('a', 's'), node('b', 'dense', ['s', weight], { layout: 'in-out' })];
    const simplified = simplest({ x: [3] }, nodes, { outputs: ['a', 'b'] });
    expect(kinds(simplified)).toEqual(['dense', 'dense']);
    expect(simplified.nodes.map(({ inputs }) => inputs[0])).toEqual(['x', 'x']);
  });

  it('leaves a scaler that something else takes', () => {
    const nodes = [scaler, dense('a', 's')];
    expect(kinds(simplest({ x: [3] }, nodes, { outputs: ['a', 's'] }))).toEqual(['affine', 'dense']);
  });

  it('leaves a scaler with a large shift, or one that is not finite', () => {
    const shifted = (shift: number) => [node('s', 'affine', ['x', scalar(1), scalar(shift)], {}), dense('d', 's')];
    expect(kinds(simplest({ x: [3] }, shifted(33), { precision: 'f32' }))).toEqual(['affine', 'dense']);
    expect(kinds(simplest({ x: [3] }, shifted(33), { precision: 'f64' }))).toEqual(['dense']);
    expect(kinds(simplest({ x: [3] }, shifted(Number.NaN)))).toEqual(['affine', 'dense']);
  });

  it('leaves a scaler whose product with the weight float32 cannot hold', () => {
    const nodes = [
      node('s', 'affine', ['x', scalar(2 ** 127), scalar(0)], {}),
      node('d', 'dense', ['s', constant([4, 4, 4], [3, 1])], { layout: 'in-out' }),
    ];
    expect(kinds(simplest({ x: [3] }, nodes, { precision: 'f32' }))).toEqual(['affine', 'dense']);
  });

  it('leaves a batch norm behind a layer that something else takes, and behind a clamp', () => {
    const shared = [dense('d', 'x'), norm('d')];
    expect(kinds(simplest({ x: [3] }, shared, { outputs: ['d', 'n'] }))).toEqual(['dense', 'affine']);
    const clamped = [dense('d', 'x'), node('r', 'unary', ['d'], { fn: 'relu' }), norm('r')];
    expect(kinds(simplest({ x: [3] }, clamped))).toEqual(['clamped dense', 'affine']);
  });

  it('does relu and clip itself', () => {
    const nodes = [
      dense('d', 'x'),
      node('a', 'unary', ['d'], { fn: 'relu' }),
      node('y', 'binary', ['a', scalar(0.75)], { fn: 'min' }),
    ];
    const simplified = simplest({ x: [3] }, nodes);
    expect(simplified.nodes).toMatchObject([
      { op: 'dense', name: 'n_d', output: 'y', attributes: { clamp: [0, 0.75] } },
    ]);
  });

  it('leaves relu when the sum itself is taken as well', () => {
    const nodes = [dense('d', 'x'), node('r', 'unary', ['d'], { fn: 'relu' })];
    expect(kinds(simplest({ x: [3] }, nodes, { outputs: ['d', 'r'] }))).toEqual(['dense', 'relu']);
  });

  it('is not merged with another', () => {
    const square = random.tensor([4, 4]);
    const nodes = [dense('a', 'x'), node('y', 'dense', ['a', square], { layout: 'in-out' })];
    expect(kinds(simplest({ x: [3] }, nodes))).toEqual(['dense', 'dense']);
  });
});

describe('sharing', () => {
  it('computes once what is written twice', () => {
    const nodes = [
      node('a', 'unary', ['x'], { fn: 'elu', alpha: 0.5 }),
      node('b', 'unary', ['x'], { fn: 'elu', alpha: 0.5 }),
      node('c', 'unary', ['x'], { fn: 'elu', alpha: 0.25 }),
      dense('d', 'a'),
      dense('e', 'b'),
      dense('f', 'c'),
    ];
    const simplified = simplest({ x: [3] }, nodes, { outputs: ['d', 'e', 'f'] });
    expect(kinds(simplified).sort()).toEqual(['dense', 'dense', 'elu', 'elu']);
    expect(simplified.outputs.map(({ value }) => value)).toEqual(['d', 'd', 'f']);
  });

  it('tells infinite bounds apart', () => {
    const clip = (output: string, alpha: number, beta: number) =>
      node(output, 'unary', ['x'], { fn: 'clip', alpha, beta });
    const nodes = [clip('a', -Infinity, 1), clip('b', 0.5, Infinity), clip('c', -1, 1)];
    expect(kinds(simplest({ x: [3] }, nodes, { outputs: ['a', 'b', 'c'] }))).toEqual(['clip', 'clip', 'clip']);
  });

  it('compares long constants by identity', () => {
    const long = random.tensor([100]);
    const copy: Tensor = { shape: [100], data: long.data.slice() };
    const prelu = (output: string, slope: Tensor) => node(output, 'binary', ['x', slope], { fn: 'prelu' });
    const nodes = [prelu('a', long), prelu('b', long), prelu('c', copy)];
    expect(kinds(simplest({ x: [100] }, nodes, { outputs: ['a', 'b', 'c'] }))).toEqual(['prelu', 'prelu']);
  });
});
