import { describe, expect, it } from 'vitest';
import { Budget } from '../../lib/graph/budget.ts';
import { BINARY_NAMES, type Node, REDUCE_NAMES, type Tensor, UNARY_NAMES } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { type Lowered, lower } from '../../lib/graph/lower.ts';
import { OLDEST_PLAN, OPCODES, PRECISIONS, WEIGHTS } from '../../lib/graph/plan-format.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { checkedOf, constant, graphOf, node, scalar } from './graphs.ts';

type Inputs = Readonly<Record<string, readonly number[]>>;

function lowered(
  inputs: Inputs,
  nodes: readonly Node[],
  options: { outputs?: readonly string[]; precision?: 'f32' | 'f64'; budget?: Budget } = {},
): Lowered {
  const { outputs, precision = 'f32', budget } = options;
  return lower(simplify(checkedOf(inputs, nodes, outputs), { precision }), precision, budget);
}

interface Decoded {
  readonly widths: number[];
  readonly inputs: number[];
  readonly outputs: number[];
  /** By name: the words after the instruction's length, y first. */
  readonly instructions: [opcode: string, ...words: number[]][];
}

function decode({ plan }: Lowered, ofVersion = OLDEST_PLAN): Decoded {
  const names = Object.fromEntries(Object.entries(OPCODES).map(([name, opcode]) => [opcode, name]));
  const words = [...plan.code];
  const take = (count: number) => words.splice(0, count);
  const [version, , values, inputCount, outputCount, instructionCount] = take(6);
  expect(version).toBe(ofVersion);
  const header = { widths: take(values), inputs: take(inputCount), outputs: take(outputCount) };
  const instructions = Array.from({ length: instructionCount }, (): [string, ...number[]] => {
    const [opcode, length] = take(2);
    return [names[opcode], ...take(length - 2)];
  });
  expect(words).toEqual([]);
  return { ...header, instructions };
}

const kernels = (of: Lowered) => decode(of).instructions.map(([name]) => name);
const relu = (output: string, x: string) => node(output, 'unary', [x], { fn: 'relu' });
const tanh = (output: string, x: string) => node(output, 'unary', [x], { fn: 'tanh' });

describe('lowering operations', () => {
  it('lays a layer out as the plan format says', () => {
    const weight = constant([1, 2, 3, 4, 5, 6], [2, 3]);
    const bias = constant([7, 8]);
    const result = lowered({ x: [4, 3] }, [
      node('y', 'dense', ['x', weight, bias], { layout: 'out-in' }),
      relu('r', 'y'),
    ]);
    const dense = [OPCODES.dense, 12, 1, 0, 4, 3, 2, 1, 0, 1, 2, WEIGHTS.whole];
    expect([...result.plan.code]).toEqual([OLDEST_PLAN, PRECISIONS.f32, 2, 1, 1, 1, 12, 8, 0, 1, ...dense]);
    expect(result.plan.parameters).toEqual([weight.data, bias.data, Float32Array.of(0, Infinity)]);
    expect(result.plan.parameters[0]).toBe(weight.data);
  });

  const indexOf = {
    exp: UNARY_NAMES.indexOf('exp'),
    elu: UNARY_NAMES.indexOf('elu'),
    max: BINARY_NAMES.indexOf('max'),
  };
  it.each<[string, Node, (string | number)[], number[][]]>([
    [
      'dense',
      node('y', 'dense', ['x', constant([1, 2, 3], [3, 1])], { layout: 'in-out' }),
      ['dense', 3, 0, 2, 3, 1, 0, 0, -1, -1, WEIGHTS.whole],
      [[1, 2, 3]],
    ],
    ['unary', node('y', 'unary', ['x'], { fn: 'exp', alpha: 3 }), ['unary', 3, 0, indexOf.exp, -1], []],
    [
      'unary with numbers',
      node('y', 'unary', ['x'], { fn: 'elu', alpha: 3 }),
      ['unary', 3, 0, indexOf.elu, 0],
      [[3, 0]],
    ],
    ['binary', node('y', 'binary', ['x', 'z'], { fn: 'max' }), ['binary', 3, 0, 1, indexOf.max], []],
    [
      'binary with a constant',
      node('y', 'binary', [constant([1, 2, 3]), 'x'], { fn: 'max' }),
      ['binary', 3, -1, 0, indexOf.max],
      [[1, 2, 3, 1, 2, 3]],
    ],
    [
      'affine',
      node('y', 'affine', ['x', scalar(2), constant([1, 2], [2, 1])], {}),
      ['affine', 3, 0, 0, 1],
      [
        [2, 2, 2, 2, 2, 2],
        [1, 1, 1, 2, 2, 2],
      ],
    ],
    ['select', node('y', 'select', ['x', scalar(1), 'z'], {}), ['select', 3, 0, -1, 1], [[1, 1, 1, 1, 1, 1]]],
    ['softmax', node('y', 'softmax', ['x'], { axis: 1, fn: 'log_softmax' }), ['softmax', 3, 0, 2, 3, 1], []],
    [
      'layer norm over all',
      node('y', 'layer_norm', ['x', constant([1, 2, 3])], { axis: 0, epsilon: 0.5 }),
      ['norm', 3, 0, 1, 6, 0, 0, 1, -1],
      [[0.5], [1, 2, 3, 1, 2, 3]],
    ],
    ['rms norm', node('y', 'rms_norm', ['x'], { axis: 1, epsilon: 0.5 }), ['norm', 3, 0, 2, 3, 1, 0, -1, -1], [[0.5]]],
    [
      'normalize',
      node('y', 'normalize', ['x'], { axis: 1, norm: 'max', epsilon: 0.5, floor: 1 }),
      ['normalize', 3, 0, 2, 3, 2, 0],
      [[0.5, 1]],
    ],
    [
      'reduce',
      node('y', 'reduce', ['x'], { fn: 'max', axes: [1, 0], keepDims: true }),
      ['reduce', 3, 0, 1, 6, REDUCE_NAMES.indexOf('max')],
      [],
    ],
    [
      'matmul of one matrix with all',
      node('y', 'matmul', ['x', constant([1, 2, 3], [3, 1])], { layout: 'in-out' }),
      ['matmul', 3, 0, -1, 1, 2, 3, 1, 0],
      [[1, 2, 3]],
    ],
    [
      'matmul out-in',
      node('y', 'matmul', ['x', constant([1, 2, 3, 4, 5, 6], [2, 3])], { layout: 'out-in' }),
      ['matmul', 3, 0, -1, 1, 2, 3, 2, 1],
      [[1, 2, 3, 4, 5, 6]],
    ],
    [
      'sort',
      node('y', 'sort', ['x'], { axis: 1, count: 2, descending: true, result: 'places' }),
      ['sort', 3, 0, 2, 3, 2, 1, 1],
      [],
    ],
    ['concat', node('y', 'concat', ['x', constant([7, 8], [2, 1])], { axis: 1 }), ['concat', 3, 2, 2, 0, -1], [[7, 8]]],
    ['gather', node('y', 'gather', ['x'], { axis: 1, indices: Int32Array.of(2, 0) }), ['gather', 3, 0, 2, 0, 5, 3], []],
    ['transpose', node('y', 'transpose', ['x'], { permutation: [1, 0] }), ['gather', 3, 0, 0, 3, 1, 4, 2, 5], []],
    ['expand', node('y', 'expand', ['s'], { shape: [3] }), ['gather', 3, 2, 0, 0, 0], []],
    [
      'embedding',
      node('y', 'embedding', ['s', constant([1, 2, 3, 4], [2, 2])], { wrap: true }),
      ['embedding', 3, 2, 0, 2, 2, 1],
      [[1, 2, 3, 4]],
    ],
    [
      'one hot',
      node('y', 'one_hot', ['s'], { depth: 4, on: 1, off: 0, axis: 0, wrap: false }),
      ['one_hot', 3, 2, 4, 0, 0],
      [[1, 0]],
    ],
  ])('lowers %s to one instruction', (_, found, instruction, parameters) => {
    const result = lowered({ x: [2, 3], z: [2, 3], s: [] }, [found]);
    expect(decode(result).instructions).toEqual([instruction]);
    expect(result.plan.parameters.map((data) => [...data])).toEqual(parameters);
  });

  it('moves other axes to the end and back around a kernel', () => {
    const result = lowered({ x: [2, 3] }, [node('y', 'softmax', ['x'], { axis: 0, fn: 'softmax' })]);
    expect(decode(result).instructions).toEqual([
      ['gather', 1, 0, 0, 3, 1, 4, 2, 5],
      ['softmax', 2, 1, 3, 2, 0],
      ['gather', 3, 2, 0, 2, 4, 1, 3, 5],
    ]);
  });

  it('moves the new axis of a one-hot to its place', () => {
    const hot = node('y', 'one_hot', ['x'], { depth: 3, on: 1, off: 0, axis: 0, wrap: false });
    expect(decode(lowered({ x: [2] }, [hot])).instructions).toEqual([
      ['one_hot', 1, 0, 3, 0, 0],
      ['gather', 2, 1, 0, 3, 1, 4, 2, 5],
    ]);
  });

  it('broadcasts a row tensor by a gather', () => {
    const result = lowered({ x: [2, 1], z: [3] }, [node('y', 'binary', ['x', 'z'], { fn: 'add' })]);
    expect(decode(result).instructions.slice(0, 2)).toEqual([
      ['gather', 2, 0, 0, 0, 0, 1, 1, 1],
      ['gather', 3, 1, 0, 1, 2, 0, 1, 2],
    ]);
  });
});

describe('layers of reduced weights', () => {
  const dense = (output: string, value: number, weights: 'bf16' | 'int8') =>
    node(output, 'dense', ['x', constant(new Array(3 * 20).fill(value), [3, 20])], { layout: 'in-out', weights });

  it('quantises the rows of int8 layers, those of several layers once', () => {
    const result = lowered({ x: [2, 3] }, [dense('a', 1, 'int8'), dense('b', 2, 'int8')], { outputs: ['a', 'b'] });
    expect(decode(result).instructions).toEqual([
      ['quantize', 1, 0, 2, 3],
      ['dense', 2, 1, 2, 3, 20, 0, 0, -1, -1, WEIGHTS.int8],
      ['dense', 3, 1, 2, 3, 20, 0, 1, -1, -1, WEIGHTS.int8],
    ]);
    expect(decode(result).widths.slice(0, 2)).toEqual([6, 18]);
  });

  const layer = (output: string, x: string, k: number, scale: number, clamp?: readonly [number, number]) => {
    const weight = constant(new Array(k * 20).fill(k), [k, 20]);
    return node(output, 'dense', [x, weight], { layout: 'in-out', weights: 'int8', inputScale: [scale, -3], clamp });
  };

  it('quantises rows by one scale, and lets layers give bytes to those behind them', () => {
    const result = lowered({ x: [2, 3] }, [layer('a', 'x', 3, 0.5), layer('b', 'a', 20, 2), layer('c', 'a', 20, 2)], {
      outputs: ['b', 'c'],
    });
    expect(decode(result, 6).instructions).toEqual([
      ['static_quantize', 1, 0, 2, 3, 1],
      ['static_dense', 2, 1, 2, 3, 20, 0, 0, -1, -1, 1, 2],
      ['static_dense', 3, 2, 2, 20, 20, 0, 3, -1, -1, 2, -1],
      ['static_dense', 4, 2, 2, 20, 20, 0, 4, -1, -1, 2, -1],
    ]);
    expect(decode(result, 6).widths).toEqual([6, 18, 34, 40, 40]);
    expect([result.plan.code[0], ...result.plan.parameters[1], ...result.plan.parameters[2]]).toEqual([
      6, 0.5, -3, 2, -3,
    ]);
  });

  it.each<[string, Node[], string[]]>([
    ['an output', [layer('a', 'x', 3, 0.5), layer('b', 'a', 20, 2)], ['b', 'a']],
    ['of two scales', [layer('a', 'x', 3, 0.5), layer('b', 'a', 20, 2), layer('c', 'a', 20, 4)], ['b', 'c']],
    ['taken by another operation', [layer('a', 'x', 3, 0.5), layer('b', 'a', 20, 2), tanh('c', 'a')], ['b', 'c']],
    ['clipped to infinity', [layer('a', 'x', 3, 0.5, [Infinity, Infinity]), layer('b', 'a', 20, 2)], ['b']],
    ['perhaps infinite', [layer('a', 'x', 3, 2 ** 100), layer('b', 'a', 20, 2 ** 99), layer('c', 'b', 20, 2)], ['c']],
  ])('keeps floats between layers where what is between them is %s', (name, nodes, outputs) => {
    const wide = name === 'perhaps infinite' ? 2 ** 40 : 1;
    const scaled = nodes.map((found) => {
      const [x, weight] = found.inputs as [string, Tensor];
      if (found.op !== 'dense') return found;
      return { ...found, inputs: [x, { ...weight, data: weight.data.map((value) => value * wide) }] };
    });
    const { instructions } = decode(lowered({ x: [3] }, scaled, { outputs }), 6);
    const results = instructions.filter(([op]) => op === 'static_dense').map((fields) => fields.at(-1));
    expect(results).toEqual(results.map(() => -1));
  });

  it('leaves the rows of bf16 layers as they are', () => {
    const result = lowered({ x: [3] }, [dense('a', 1, 'bf16')]);
    expect(decode(result).instructions).toEqual([['dense', 1, 0, 1, 3, 20, 0, 0, -1, -1, WEIGHTS.bf16]]);
  });
});

describe('moving elements', () => {
  it('merges movements in a row into one gather', () => {
    const result = lowered({ x: [2, 3] }, [
      node('a', 'transpose', ['x'], { permutation: [1, 0] }),
      node('b', 'gather', ['a'], { axis: 0, indices: Int32Array.of(2, 1) }),
      node('c', 'reshape', ['b'], { shape: [4] }),
      node('d', 'gather', ['c'], { axis: 0, indices: Int32Array.of(0, 3) }),
      tanh('y', 'd'),
    ]);
    expect(decode(result).instructions[0]).toEqual(['gather', 1, 0, 2, 4]);
    expect(kernels(result)).toEqual(['gather', 'unary']);
  });

  it('does nothing for movements that cancel out', () => {
    const turn = { permutation: [1, 0] };
    const nodes = [node('a', 'transpose', ['x'], turn), node('b', 'transpose', ['a'], turn), tanh('y', 'b')];
    expect(kernels(lowered({ x: [2, 3] }, nodes))).toEqual(['unary']);
  });

  it('gathers once for all that take the result', () => {
    const nodes = [
      node('a', 'transpose', ['x'], { permutation: [1, 0] }),
      tanh('b', 'a'),
      node('y', 'binary', ['a', 'b'], { fn: 'add' }),
    ];
    expect(kernels(lowered({ x: [2, 3] }, nodes))).toEqual(['gather', 'unary', 'binary']);
  });

  it('does nothing for a reshape', () => {
    const result = lowered({ x: [2, 3] }, [node('a', 'reshape', ['x'], { shape: [6] }), tanh('y', 'a')]);
    expect(decode(result).instructions).toHaveLength(1);
    expect(result.outputs).toEqual([{ name: 'y', shape: [6], dtype: 'float32', width: 6 }]);
  });
});

describe('outputs', () => {
  const copies = (result: Lowered) => decode(result).instructions.filter(([name]) => name === 'concat');

  it('copies an output that is an input', () => {
    const result = lowered({ x: [3] }, [node('y', 'reshape', ['x'], { shape: [3, 1] })]);
    expect(decode(result)).toMatchObject({ inputs: [0], outputs: [1], instructions: [['concat', 1, 1, 1, 0]] });
    expect(result.outputs[0].shape).toEqual([3, 1]);
  });

  it('copies an output that is a constant', () => {
    const result = lowered({ x: [3] }, [node('y', 'unary', [constant([1, 4])], { fn: 'sqrt' })]);
    expect(decode(result)).toMatchObject({ outputs: [1], instructions: [['concat', 1, 1, 1, -1]] });
    expect(result.plan.parameters).toEqual([Float32Array.of(1, 2)]);
  });

  it('gives two outputs of one value a value each', () => {
    const nodes = [tanh('a', 'x'), node('b', 'reshape', ['a'], { shape: [3, 1] })];
    const result = lowered({ x: [3] }, nodes, { outputs: ['a', 'a', 'b'] });
    expect(decode(result).outputs).toEqual([1, 2, 3]);
    expect(copies(result)).toHaveLength(2);
  });
});

describe('parameters', () => {
  it('stand once when several operations share them', () => {
    const weight = constant([1, 2, 3, 4], [2, 2]);
    const dense = (output: string, x: string) => node(output, 'dense', [x, weight], { layout: 'in-out' });
    const result = lowered({ x: [2] }, [dense('a', 'x'), relu('b', 'a'), dense('c', 'b'), relu('y', 'c')]);
    expect(result.plan.parameters).toEqual([weight.data, Float32Array.of(0, Infinity)]);
  });

  it('are rounded, or widened, to the precision', () => {
    const tenth = { shape: [1], data: Float64Array.of(0.1) };
    const pow = (exponent: Tensor) => [node('y', 'binary', ['x', exponent], { fn: 'pow' })];
    expect(lowered({ x: [1] }, pow(tenth)).plan.parameters).toEqual([Float32Array.of(0.1)]);
    expect(lowered({ x: [1] }, pow(tenth), { precision: 'f64' }).plan.parameters).toEqual([Float64Array.of(0.1)]);
    const wide = lowered({ x: [1] }, pow(constant([0.25])), { precision: 'f64' });
    expect(wide.plan.parameters).toEqual([Float64Array.of(0.25)]);
    expect(wide.plan.code[1]).toBe(PRECISIONS.f64);
  });
});

describe('limits of a plan', () => {
  const raised = { ...DEFAULT_LIMITS, rowElements: 2 ** 40, parameters: 2 ** 42 };

  it('refuses what its words cannot hold', () => {
    const hot = node('y', 'one_hot', ['x'], { depth: 2 ** 31, on: 1, off: 0, axis: 0, wrap: false });
    const graph = simplify(validate(graphOf({ x: [] }, [hot]), raised), { precision: 'f32' });
    expect(() => lower(graph, 'f32')).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  });

  it('refuses a table with more rows than float32 has ids', () => {
    const rows = 2 ** 24 + 1;
    const table = { shape: [rows, 1], data: new Float32Array(rows) };
    const nodes = [node('y', 'embedding', ['x', table], { wrap: false })];
    expect(() => lowered({ x: [] }, nodes)).toThrow("load the model with precision 'f64'");
    const budget = new Budget({ parameters: 2 ** 26 });
    expect(kernels(lowered({ x: [] }, nodes, { precision: 'f64', budget }))).toEqual(['embedding']);
  });
});

it('tells people what the layers are', () => {
  const weight = constant([1, 2, 3, 4], [2, 2]);
  const { layers, inputs } = lowered({ x: [2] }, [
    node('a', 'dense', ['x', weight, constant([1, 2])], { layout: 'in-out' }),
    relu('b', 'a'),
    node('c', 'dense', ['b', weight], { layout: 'in-out' }),
    node('d', 'unary', ['c'], { fn: 'clip', alpha: -1, beta: 1 }),
    node('e', 'softmax', ['d'], { axis: 0, fn: 'log_softmax' }),
    node('f', 'normalize', ['e'], { axis: 0, norm: 'l2', epsilon: 0, floor: 1 }),
    tanh('g', 'f'),
    node('y', 'reduce', ['g'], { fn: 'arg_max', axes: [0], keepDims: false }),
  ]);
  expect(inputs).toEqual([{ name: 'x', shape: [2], dtype: 'float32', width: 2 }]);
  expect(layers).toEqual([
    { name: 'n_a', kind: 'dense + relu', shape: [2], parameterCount: 6 },
    { name: 'n_c', kind: 'dense + clip(-1, 1)', shape: [2], parameterCount: 4 },
    { name: 'n_e', kind: 'log_softmax', shape: [2], parameterCount: 0 },
    { name: 'n_f', kind: 'normalize l2', shape: [2], parameterCount: 0 },
    { name: 'n_g', kind: 'tanh', shape: [2], parameterCount: 0 },
    { name: 'n_y', kind: 'reduce arg_max', shape: [], parameterCount: 0 },
  ]);
});

it('says of each instruction what it is part of', () => {
  const { places } = lowered({ x: [2, 3] }, [node('a', 'softmax', ['x'], { axis: 0, fn: 'softmax' })], {
    outputs: ['a', 'x'],
  });
  expect(places).toEqual(['n_a', 'n_a', 'y', 'y1']);
});

it('names what a layer does', () => {
  const weight = constant(new Array(4 * 16).fill(1), [4, 16]);
  const kindOf = (found: Node) => lowered({ x: [4], z: [4] }, [found]).layers[0].kind;
  const dense = (clamp?: readonly [number, number], weights?: 'bf16' | 'int8') =>
    kindOf(
      node('y', 'dense', ['x', weight], { layout: 'in-out', ...(clamp && { clamp }), ...(weights && { weights }) }),
    );
  expect([dense(), dense([0, Infinity]), dense([0, 6]), dense([-1, Infinity])]).toEqual([
    'dense',
    'dense + relu',
    'dense + clip(0, 6)',
    'dense + clip(-1, Infinity)',
  ]);
  expect([dense(undefined, 'bf16'), dense([0, 6], 'int8')]).toEqual(['dense bf16', 'dense int8 + clip(0, 6)']);
  expect(kindOf(node('y', 'binary', ['x', 'z'], { fn: 'min' }))).toBe('min');
  expect(kindOf(node('y', 'concat', ['x', 'z'], { axis: 0 }))).toBe('concat');
});

it('says of inputs what the source says of them', () => {
  const graph = graphOf({ x: [2], z: [2] }, [node('y', 'binary', ['x', 'z'], { fn: 'add' })]);
  const categories = new Map([[0, ['a', 'b']]]);
  const nones = new Map([[1, Number.NaN]]);
  const present = new Set([1]);
  const inputs = [{ ...graph.inputs[0], categories, missing: true, nones, present }, graph.inputs[1]];
  const simplified = simplify(validate({ ...graph, inputs }, DEFAULT_LIMITS), { precision: 'f32' });
  const [x, z] = lower(simplified, 'f32').inputs;
  expect(x).toMatchObject({
    name: 'x',
    shape: [2],
    dtype: 'float32',
    width: 2,
    categories,
    missing: true,
    nones,
    present,
  });
  for (const key of ['categories', 'missing', 'nones', 'present']) expect(z).not.toHaveProperty(key);
});

it('numbers that differ in the sign of a zero are two parameters', () => {
  const leaky = (output: string, alpha: number) => node(output, 'unary', ['x'], { fn: 'leaky_relu', alpha });
  const nodes = [leaky('a', 0), leaky('b', -0), leaky('c', 0)];
  const { plan } = lowered({ x: [1] }, nodes, { outputs: ['a', 'b', 'c'] });
  expect(plan.parameters).toEqual([Float32Array.of(0, 0), Float32Array.of(-0, 0)]);
});
