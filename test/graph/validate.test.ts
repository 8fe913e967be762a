import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../lib/errors.ts';
import type { Graph, Node } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS, type Limits } from '../../lib/graph/limits.ts';
import { validate } from '../../lib/graph/validate.ts';
import { randomGraph } from '../random-graph.ts';
import { checkedOf, constant, graphOf, node, scalar } from './graphs.ts';

function refusal(graph: Graph, limits: Partial<Limits> = {}): { code: ErrorCode; message: string; place?: string } {
  try {
    validate(graph, { ...DEFAULT_LIMITS, ...limits });
  } catch (error) {
    return error as { code: ErrorCode; message: string; place?: string };
  }
  throw new Error('the graph was not refused');
}

const tanh = (output: string, x: string) => node(output, 'unary', [x], { fn: 'tanh' });

const pointsOf = (count: number, features: number) => ({
  shape: [count, features],
  data: new Float64Array(count * features),
});

describe('names', () => {
  it('sorts nodes into the order of computation and drops those that nothing needs', () => {
    const nodes = [tanh('c', 'b'), tanh('unused', 'a'), tanh('b', 'a'), tanh('a', 'x')];
    const checked = checkedOf({ x: [2] }, nodes, ['c']);
    expect(checked.nodes.map(({ output }) => output)).toEqual(['a', 'b', 'c']);
  });

  it('does not check shapes of what nothing needs', () => {
    const broken = node('unused', 'reshape', ['x'], { shape: [5] });
    expect(checkedOf({ x: [2] }, [broken, tanh('y', 'x')]).nodes).toHaveLength(1);
  });

  it('orders a chain of 50,000 nodes', () => {
    const nodes = Array.from({ length: 50_000 }, (_, at) => tanh(`v${at}`, at === 0 ? 'x' : `v${at - 1}`)).reverse();
    expect(checkedOf({ x: [2] }, nodes, ['v49999']).nodes[0].output).toBe('v0');
  });

  it('accepts outputs that are inputs or constants, and two outputs of one value', () => {
    const nodes = [node('c', 'unary', [constant([1, 2])], { fn: 'exp' })];
    expect(checkedOf({ x: [2] }, nodes, ['x', 'c', 'c']).outputs).toHaveLength(3);
  });

  const input = { name: 'x', shape: [2], dtype: 'float32' } as const;
  const base = graphOf({ x: [2] }, [tanh('y', 'x')]);
  it.each<[string, Graph, ErrorCode, string]>([
    ['two inputs of one name', { ...base, inputs: [input, input] }, 'DUPLICATE', 'input x: two inputs have this name'],
    [
      'two outputs of one name',
      { ...base, outputs: [base.outputs[0], base.outputs[0]] },
      'DUPLICATE',
      'output y: two outputs have this name',
    ],
    [
      'two nodes that define one name',
      graphOf({ x: [2] }, [tanh('y', 'x'), tanh('y', 'x')]),
      'DUPLICATE',
      'node n_y: unary: defines y, which node n_y already defines',
    ],
    [
      'a node that defines an input',
      graphOf({ x: [2] }, [tanh('x', 'x')]),
      'DUPLICATE',
      'node n_x: unary: defines x, which is an input',
    ],
    [
      'a name that nothing defines, even in a node that nothing needs',
      graphOf({ x: [2] }, [tanh('unused', 'nowhere'), tanh('y', 'x')]),
      'DANGLING',
      'node n_unused: unary: takes nowhere, which no input or node defines',
    ],
    ['an output that nothing defines', graphOf({ x: [2] }, [], ['z']), 'DANGLING', 'output y: is z, which no input'],
    ['no inputs', { ...base, inputs: [] }, 'SHAPE', 'a model must have at least one input, found none'],
    ['no outputs', { ...base, outputs: [] }, 'SHAPE', 'a model must have at least one output, found none'],
    [
      'an operation that is not known',
      graphOf({ x: [2] }, [{ ...tanh('y', 'x'), op: 'conv' } as unknown as Node]),
      'UNSUPPORTED_OP',
      'node n_y: unknown operation conv',
    ],
    [
      'an operation named like a property of objects',
      graphOf({ x: [2] }, [{ ...tanh('y', 'x'), op: 'constructor' } as unknown as Node]),
      'UNSUPPORTED_OP',
      'node n_y: unknown operation constructor',
    ],
    [
      'an input of another type',
      { ...base, inputs: [{ ...input, dtype: 'complex64' as 'bool' }] },
      'UNSUPPORTED_DTYPE',
      'input x: complex64 is not supported for inputs',
    ],
    [
      'an output of another type',
      { ...base, outputs: [{ ...base.outputs[0], dtype: 'complex64' as 'bool' }] },
      'UNSUPPORTED_DTYPE',
      'output y: complex64 is not supported for outputs',
    ],
  ])('refuses %s', (_, graph, code, message) => {
    const found = refusal(graph);
    expect(found.code).toBe(code);
    expect(found.message).toContain(message);
  });

  it('names the nodes of a cycle, in the order of computation', () => {
    const nodes = [tanh('a', 'c'), tanh('b', 'a'), tanh('c', 'b'), tanh('y', 'c')];
    const found = refusal(graphOf({ x: [2] }, nodes, ['y']));
    expect(found.code).toBe('CYCLE');
    expect(found.message).toContain('a result depends on itself: n_c → n_a → n_b → n_c');
  });

  it('names the beginning of a long cycle', () => {
    const nodes = Array.from({ length: 1000 }, (_, at) => tanh(`v${at}`, `v${(at + 1) % 1000}`));
    expect(refusal(graphOf({ x: [2] }, nodes, ['v0'])).message).toContain('… (992 more)');
  });
});

describe('inputs and constants', () => {
  it.each([[[0]], [[2, -1]], [[1.5]], [[Number.NaN]], [[Infinity]], [new Array(65).fill(1)]])(
    'refuses an input of shape %j',
    (shape) => {
      expect(refusal(graphOf({ x: shape }, [], ['x']))).toMatchObject({ code: 'SHAPE', place: 'input x' });
    },
  );

  it('refuses a constant with fewer elements than its shape says', () => {
    const nodes = [node('y', 'binary', ['x', constant([1], [2])], { fn: 'add' })];
    expect(refusal(graphOf({ x: [2] }, nodes))).toMatchObject({
      code: 'SHAPE',
      message: 'node n_y, operand 1: a constant of [2] must have 2 elements, found 1',
    });
  });

  it('refuses a constant whose elements are not floating', () => {
    const ints = { shape: [2], data: Int32Array.of(1, 2) as unknown as Float32Array };
    const found = refusal(graphOf({ x: [2] }, [node('y', 'binary', ['x', ints], { fn: 'add' })]));
    expect(found).toMatchObject({ code: 'UNSUPPORTED_DTYPE', place: 'node n_y, operand 1' });
  });

  it('accepts parameters that are not finite', () => {
    const nodes = [node('y', 'binary', ['x', constant([Number.NaN, Infinity])], { fn: 'add' })];
    expect(checkedOf({ x: [2] }, nodes).nodes).toHaveLength(1);
  });
});

describe('limits', () => {
  const sum = (output: string, c: ReturnType<typeof constant>) => node(output, 'binary', ['x', c], { fn: 'add' });
  const c = constant([1, 2, 3]);
  const apart = [sum('a', c), sum('b', constant([1, 2, 3]))];
  const shared = [sum('a', c), sum('b', c)];

  it('counts nodes', () => {
    expect(refusal(graphOf({ x: [3] }, apart), { nodes: 1 }).message).toBe(
      'the model has 2 operations, the limit is 1',
    );
  });

  it('counts the elements of a row', () => {
    expect(refusal(graphOf({ x: [3] }, [], ['x']), { rowElements: 2 })).toMatchObject({
      code: 'LIMIT',
      place: 'input x',
    });
    const wide = [node('y', 'expand', ['x'], { shape: [1000, 3] })];
    expect(refusal(graphOf({ x: [3] }, wide), { rowElements: 2999 })).toMatchObject({
      code: 'LIMIT',
      place: 'node n_y',
    });
  });

  it('counts the elements of constants, shared ones once', () => {
    const limits = { ...DEFAULT_LIMITS, parameters: 6 };
    expect(validate(graphOf({ x: [3] }, shared, ['a', 'b']), limits).nodes).toHaveLength(2);
    const found = refusal(graphOf({ x: [3] }, apart, ['a', 'b']), { parameters: 5 });
    expect(found.message).toContain('the constants of the model have more elements than the limit of 5');
  });

  it('counts the elements of all results, which small constants can be spread over', () => {
    const nodes = Array.from({ length: 100 }, (_, at) => node(`v${at}`, 'expand', ['x'], { shape: [1000] }));
    const outputs = nodes.map(({ output }) => output);
    const found = refusal(graphOf({ x: [1] }, nodes, outputs), { parameters: 99_999 });
    expect(found).toMatchObject({ code: 'LIMIT' });
  });
});

describe('operations', () => {
  const w = constant([1, 2, 3, 4, 5, 6], [2, 3]);
  const layout = 'in-out';
  const indices = (...list: number[]) => Int32Array.from(list);
  const norm = { axis: 0, norm: 'l2', epsilon: 0, floor: 1 } as const;
  const order = { axis: 0, count: 1, descending: false, result: 'values' } as const;
  const hot = { depth: 3, on: 1, off: 0, axis: 1, wrap: false };

  it.each<[string, Node, readonly number[]]>([
    ['dense over the last axis', node('y', 'dense', ['m', w], { layout: 'out-in' }), [2, 2]],
    ['dense', node('y', 'dense', ['x', w, constant([1, 2, 3])], { layout }), [3]],
    ['binary with a longer operand', node('y', 'binary', ['x', constant([1, 2, 3], [3, 1])], { fn: 'add' }), [3, 2]],
    ['select', node('y', 'select', ['s', 'm', scalar(0)], {}), [2, 3]],
    ['reduce that drops axes', node('y', 'reduce', ['m'], { fn: 'sum', axes: [0], keepDims: false }), [3]],
    ['reduce that keeps axes', node('y', 'reduce', ['m'], { fn: 'sum', axes: [1, 0], keepDims: true }), [1, 1]],
    ['concat', node('y', 'concat', ['m', w], { axis: 0 }), [4, 3]],
    ['gather', node('y', 'gather', ['m'], { axis: 1, indices: indices(2, 2) }), [2, 2]],
    ['transpose', node('y', 'transpose', ['m'], { permutation: [1, 0] }), [3, 2]],
    ['expand', node('y', 'expand', ['x'], { shape: [4, 2] }), [4, 2]],
    ['embedding', node('y', 'embedding', ['m', w], { wrap: false }), [2, 3, 3]],
    ['one_hot in the middle', node('y', 'one_hot', ['m'], hot), [2, 3, 3]],
    ['one_hot of a single id', node('y', 'one_hot', ['s'], { ...hot, axis: 0 }), [3]],
  ])('infers the shape of %s', (_, found, shape) => {
    const checked = checkedOf({ x: [2], m: [2, 3], s: [] }, [found]);
    expect(checked.shapes.get('y')).toEqual(shape);
  });

  it.each<[Node, ErrorCode, string]>([
    [node('y', 'dense', ['x'], { layout }), 'MALFORMED', 'dense: takes 2 to 3 operands, found 1'],
    [node('y', 'unary', ['x', 'x'], { fn: 'exp' }), 'MALFORMED', 'unary: takes 1 operands, found 2'],
    [node('y', 'concat', [], { axis: 0 }), 'MALFORMED', 'concat: takes 1 or more operands, found 0'],
    [node('y', 'dense', ['x', 'm'], { layout }), 'UNSUPPORTED_OP', 'dense: operand 1 must be a constant, found m'],
    [
      node('y', 'dense', ['m', w], { layout }),
      'SHAPE',
      'weight [2, 3] (in-out) takes rows that end in 2, found [2, 3]',
    ],
    [node('y', 'dense', ['s', w], { layout }), 'SHAPE', 'takes rows that end in 2, found []'],
    [node('y', 'dense', ['x', constant([1, 2])], { layout }), 'SHAPE', 'weight must have 2 axes, found [2]'],
    [node('y', 'dense', ['x', w, constant([1, 2])], { layout }), 'SHAPE', 'bias must be [3]'],
    [
      node('y', 'dense', ['x', w], { layout: 'rows' as 'in-out' }),
      'MALFORMED',
      'layout must be in-out or out-in, found rows',
    ],
    [
      node('y', 'dense', ['x', w], { layout, clamp: [0, Number.NaN] }),
      'MALFORMED',
      'clamp must be a number, found NaN',
    ],
    [node('y', 'affine', ['x', w, scalar(0)], {}), 'SHAPE', 'scale must broadcast to [2], found [2, 3]'],
    [node('y', 'affine', ['x', scalar(0), w], {}), 'SHAPE', 'shift must broadcast to [2], found [2, 3]'],
    [node('y', 'unary', ['x'], { fn: 'sec' as 'exp' }), 'UNSUPPORTED_OP', 'unknown function sec'],
    [node('y', 'unary', ['x'], { fn: 'elu', alpha: Number.NaN }), 'MALFORMED', 'alpha must be a number, found NaN'],
    [node('y', 'unary', ['x'], { fn: 'softplus' }), 'MALFORMED', 'alpha of softplus must not be 0'],
    [node('y', 'binary', ['x', 'm'], { fn: 'add' }), 'SHAPE', 'operands must broadcast together, found [2], [2, 3]'],
    [node('y', 'select', ['x', 'x', 'm'], {}), 'SHAPE', 'operands must broadcast together, found [2], [2], [2, 3]'],
    [
      node('y', 'softmax', ['x'], { axis: 1, fn: 'softmax' }),
      'SHAPE',
      'axis must be an integer from 0 to below the 1 axes',
    ],
    [node('y', 'softmax', ['x'], { axis: -1, fn: 'softmax' }), 'SHAPE', 'found -1'],
    [node('y', 'layer_norm', ['m'], { axis: 2, epsilon: 0 }), 'SHAPE', 'found 2'],
    [
      node('y', 'layer_norm', ['m'], { axis: 1, epsilon: -1 }),
      'MALFORMED',
      'epsilon must be finite and not negative, found -1',
    ],
    [
      node('y', 'rms_norm', ['m', constant([1, 2])], { axis: 1, epsilon: 0 }),
      'SHAPE',
      'scale must broadcast to [3], found [2]',
    ],
    [node('y', 'normalize', ['x'], { ...norm, norm: 'l3' as 'l2' }), 'UNSUPPORTED_OP', 'unknown function l3'],
    [node('y', 'normalize', ['x'], { ...norm, floor: Infinity }), 'MALFORMED', 'floor must be finite'],
    [
      node('y', 'reduce', ['x'], { fn: 'sum', axes: [], keepDims: true }),
      'SHAPE',
      'axes must contain at least one axis, each once, found []',
    ],
    [node('y', 'reduce', ['m'], { fn: 'sum', axes: [1, 1], keepDims: true }), 'SHAPE', 'each once, found [1, 1]'],
    [
      node('y', 'reduce', ['m'], { fn: 'arg_max', axes: [0, 1], keepDims: true }),
      'SHAPE',
      'arg_max works along one axis',
    ],
    [
      node('y', 'matmul', ['m', 'x'], { layout }),
      'SHAPE',
      'both sides must have at least 2 axes, found [2, 3] and [2]',
    ],
    [node('y', 'matmul', ['m', 'm'], { layout }), 'SHAPE', '[2, 3] and [2, 3] (in-out) have no product'],
    [
      node('y', 'matmul', ['m', 'm'], { layout: 'rows' as 'in-out' }),
      'MALFORMED',
      'layout must be in-out or out-in, found rows',
    ],
    [node('y', 'distances', ['x', pointsOf(4, 3)], { metric: 'l1' }), 'SHAPE', 'found [4, 3]'],
    [node('y', 'distances', ['m', pointsOf(4, 3)], { metric: 'l1' }), 'SHAPE', 'points of the row'],
    [node('y', 'distances', ['x', 'm'], { metric: 'l1' }), 'UNSUPPORTED_OP', 'operand 1 must be a constant'],
    [node('y', 'distances', ['x', pointsOf(4, 2)], { metric: 'l3' as 'l1' }), 'UNSUPPORTED_OP', 'unknown function l3'],
    [node('y', 'distances', ['x', pointsOf(4, 2)], { metric: 'power' }), 'MALFORMED', 'exponent must be a number'],
    [node('y', 'distances', ['x', pointsOf(4, 2)], { metric: 'l1', exponent: 2 }), 'MALFORMED', 'are for power'],
    [node('y', 'distances', ['x', pointsOf(4, 2)], { metric: 'l1', expanded: true }), 'MALFORMED', 'no expanded form'],
    [
      node('y', 'distances', ['x', pointsOf(4, 2), { shape: [3], data: new Float64Array(3) }], {
        metric: 'power',
        exponent: 2,
      }),
      'SHAPE',
      'weights of [2], found [3]',
    ],
    [node('y', 'sort', ['x'], { ...order, axis: 1 }), 'SHAPE', 'found 1'],
    [node('y', 'sort', ['x'], { ...order, ties: 'heap', descending: true }), 'MALFORMED', 'in ascending order'],
    [node('y', 'sort', ['x'], { ...order, count: 3 }), 'SHAPE', 'count must be an integer from 1 to 2, found 3'],
    [node('y', 'sort', ['x'], { ...order, count: 0 }), 'SHAPE', 'from 1 to 2, found 0'],
    [node('y', 'sort', ['x'], { ...order, result: 'keys' as 'values' }), 'UNSUPPORTED_OP', 'unknown function keys'],
    [
      node('y', 'sort', ['x'], { ...order, descending: 1 as never }),
      'MALFORMED',
      'descending must be true or false, found 1',
    ],
    [
      node('y', 'concat', ['m', 'x'], { axis: 0 }),
      'SHAPE',
      'operands must agree on every axis but 0, found [2, 3] and [2]',
    ],
    [node('y', 'concat', ['s'], { axis: 0 }), 'SHAPE', 'found 0'],
    [
      node('y', 'gather', ['x'], { axis: 0, indices: indices(0, 2) }),
      'SHAPE',
      'positions along axis 0 of [2] are 0 to 1, found 2',
    ],
    [node('y', 'gather', ['x'], { axis: 0, indices: indices(-1) }), 'SHAPE', 'found -1'],
    [
      node('y', 'gather', ['x'], { axis: 0, indices: indices() }),
      'SHAPE',
      'expected at least one position, found none',
    ],
    [
      node('y', 'transpose', ['m'], { permutation: [0, 0] }),
      'SHAPE',
      'must name each axis of [2, 3] once, found [0, 0]',
    ],
    [node('y', 'reshape', ['m'], { shape: [5] }), 'SHAPE', 'a row of [2, 3] cannot take the shape [5]'],
    [node('y', 'reshape', ['m'], { shape: [-2, -3] }), 'SHAPE', 'cannot take the shape [-2, -3]'],
    [node('y', 'expand', ['m'], { shape: [2, 1] }), 'SHAPE', 'x must broadcast to [2, 1], found [2, 3]'],
    [node('y', 'expand', ['s'], { shape: [0] }), 'SHAPE', 'shape must hold integers from 1, found [0]'],
    [node('y', 'embedding', ['x', scalar(1)], { wrap: false }), 'SHAPE', 'the table must have at least 1 axis'],
    [
      node('y', 'couple', ['x'], {}),
      'SHAPE',
      'expected a number for each pair of 2 to 1024 classes, found the shape [2]',
    ],
    [node('y', 'one_hot', ['x'], { ...hot, depth: 0 }), 'MALFORMED', 'depth must be an integer from 1, found 0'],
    [node('y', 'one_hot', ['x'], { ...hot, axis: 2 }), 'SHAPE', 'below the 2 axes'],
    [node('y', 'one_hot', ['x'], { ...hot, on: Number.NaN }), 'MALFORMED', 'on must be a number, found NaN'],
  ])('refuses %# with words', (found, code, message) => {
    const error = refusal(graphOf({ x: [2], m: [2, 3], s: [] }, [found]));
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code, place: 'node n_y' });
  });
});

describe('labels', () => {
  const graph = graphOf({ x: [3] }, [], ['x']);
  const two = graphOf({ x: [1] }, [], ['x']);
  const above = { rule: 'above', threshold: 0.5, probabilities: true } as const;
  const argMax = { rule: 'arg_max', probabilities: true } as const;

  it('accepts as many classes as outputs, or two for one output', () => {
    expect(validate({ ...graph, classes: ['a', 'b', 'c'], decision: argMax }, DEFAULT_LIMITS).classes).toHaveLength(3);
    expect(validate({ ...two, classes: [0, 1], decision: above }, DEFAULT_LIMITS).classes).toHaveLength(2);
  });

  it.each<[string, Graph]>([
    ['too few classes', { ...graph, classes: ['a', 'b'] }],
    ['two classes for the greatest of one output', { ...two, classes: [0, 1], decision: argMax }],
    ['three classes above a threshold', { ...graph, classes: [0, 1, 2], decision: above }],
  ])('refuses %s', (_, labelled) => {
    expect(refusal(labelled)).toMatchObject({ code: 'SHAPE', place: 'classes' });
  });

  it('refuses feature names that are not as many as the features', () => {
    expect(validate({ ...graph, featureNames: ['a', 'b', 'c'] }, DEFAULT_LIMITS).featureNames).toHaveLength(3);
    expect(refusal({ ...graph, featureNames: ['a'] })).toMatchObject({
      code: 'SHAPE',
      message: 'featureNames: 1 feature names, found inputs of 3 features',
    });
  });
});

it('accepts every random graph', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const graph = randomGraph(seed);
    const checked = validate(graph, DEFAULT_LIMITS);
    for (const [at, found] of checked.nodes.entries()) {
      const before = new Set([
        ...graph.inputs.map(({ name }) => name),
        ...checked.nodes.slice(0, at).map((n) => n.output),
      ]);
      for (const operand of found.inputs) if (typeof operand === 'string') expect(before).toContain(operand);
    }
  }
});

describe('ports', () => {
  const ports = (count: number) => {
    const inputs = Object.fromEntries(Array.from({ length: count - 1 }, (_, at) => [`x${at}`, [1]]));
    return graphOf(inputs, [tanh('y', 'x0')]);
  };

  it('accepts 16,384 inputs and outputs, and refuses one more', () => {
    expect(validate(ports(16_384), DEFAULT_LIMITS).inputs).toHaveLength(16_383);
    expect(refusal(ports(16_385))).toMatchObject({
      code: 'LIMIT',
      message: 'a model may have at most 16384 inputs and outputs, found 16385',
    });
  });
});
