import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../lib/graph/graph.ts';
import {
  BOOL,
  DOUBLE,
  type Fields,
  float,
  floats,
  INT64,
  int,
  int64s,
  localFunction,
  type ModelParts,
  node,
  oneNode,
  rawTensor,
  read,
  reference,
  subgraph,
  tensor,
  value,
} from './write-onnx.ts';

function chain(nodes: readonly Fields[], more: Partial<ModelParts> = {}): Promise<Graph> {
  return read({ nodes, inputs: [value('x', ['batch', 3])], outputs: [value('y', ['batch', 3])], ...more });
}

function ops(graph: Graph): string[] {
  return graph.nodes.map((made) => (made.op === 'unary' || made.op === 'binary' ? made.attributes.fn : made.op));
}

describe('the walk', () => {
  it('never looks at what no output needs', async () => {
    const graph = await chain([
      node('Relu', ['x'], ['y']),
      node('Conv', ['x', 'absent'], ['z']),
      node('Custom', ['z'], ['w'], {}, { domain: 'elsewhere' }),
    ]);
    expect(ops(graph)).toEqual(['relu']);
  });

  it('takes nodes in any order', async () => {
    expect(ops(await chain([node('Relu', ['h'], ['y']), node('Abs', ['x'], ['h'])]))).toEqual(['abs', 'relu']);
  });

  it('goes through a chain of 5,000 nodes', async () => {
    const names = Array.from({ length: 10_001 }, (_, i) => (i === 0 ? 'x' : i === 5_000 ? 'y' : `h${i}`));
    const graph = await chain(names.slice(1).map((name, i) => node('Neg', [names[i]], [name])));
    expect(graph.nodes).toHaveLength(5_000);
  });

  it('gives each tensor that a node becomes a name of its own', async () => {
    const graph = await chain([node('Sum', ['x', 'x', 'y.1'], ['y']), node('Abs', ['x'], ['y.1'])]);
    expect(new Set(graph.nodes.map(({ output }) => output)).size).toBe(3);
  });

  it('leaves initialisers that are also listed as inputs out of the inputs', async () => {
    const model = oneNode('Add', [3], { w: floats('w', [3], [1, 2, 3]) });
    const graph = await read({ ...model, ir: 3, inputs: [value('x', ['batch', 3]), value('w', [3])] });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('keeps an input that nothing uses, but for one that a row model cannot have', async () => {
    const spare = [value('x', ['batch', 3]), value('spare', ['batch', 2]), value('odd', ['batch', 'length'])];
    const graph = await chain([node('Relu', ['x'], ['y'])], { inputs: spare });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'spare']);
  });

  it('refuses a row whose shape is not fixed once something needs it', async () => {
    const reading = chain([node('Relu', ['x'], ['y'])], { inputs: [value('x', ['batch', 'length'])] });
    await expect(reading).rejects.toMatchObject({
      code: 'SHAPE',
      message: "input x: axis 1 is 'length'; the shape of a row must be fixed",
    });
  });

  it('refuses a name that nothing defines', async () => {
    const reading = chain([node('Relu', ['ghost'], ['y'])]);
    await expect(reading).rejects.toMatchObject({ code: 'DANGLING', place: 'node y (Relu)' });
  });

  it('refuses a node that feeds on its own result', async () => {
    const reading = chain([node('Add', ['x', 'h'], ['y']), node('Relu', ['y'], ['h'])]);
    await expect(reading).rejects.toMatchObject({ code: 'CYCLE' });
  });

  it('refuses a name that is defined twice', async () => {
    const twice = [node('Relu', ['x'], ['y']), node('Abs', ['x'], ['y'])];
    await expect(chain(twice)).rejects.toMatchObject({ code: 'DUPLICATE', place: 'tensor y' });
    await expect(chain([node('Relu', ['x'], ['x'])])).rejects.toMatchObject({ code: 'DUPLICATE', place: 'input x' });
    const initializers = [floats('w', [1], [1]), floats('w', [1], [1])];
    await expect(chain([node('Add', ['x', 'w'], ['y'])], { initializers })).rejects.toMatchObject({
      code: 'DUPLICATE',
      place: 'initializer w',
    });
  });

  it('refuses more nodes than the limit', async () => {
    const model = { ...oneNode('Sum', [3], {}), nodes: [node('Neg', ['x'], ['h']), node('Neg', ['h'], ['y'])] };
    await expect(read(model, { limits: { nodes: 1 } })).rejects.toMatchObject({ code: 'LIMIT' });
  });

  it('refuses constants that a small file would blow up', async () => {
    const nodes = [node('ConstantOfShape', ['huge'], ['w']), node('Add', ['x', 'w'], ['y'])];
    const initializers = [int64s('huge', [2], [2 ** 20, 2 ** 20])];
    await expect(chain(nodes, { initializers })).rejects.toMatchObject({
      code: 'LIMIT',
      place: 'node w (ConstantOfShape)',
    });
  });

  it('refuses an axis without elements that is too long to count along', async () => {
    const initializers = [floats('w', [2 ** 40, 0], []), int64s('from', [1], [1]), int64s('to', [1], [2 ** 41])];
    const nodes = [node('Slice', ['w', 'from', 'to'], ['s']), node('Add', ['x', 's'], ['y'])];
    await expect(chain(nodes, { initializers })).rejects.toMatchObject({ code: 'LIMIT', place: 'node s (Slice)' });
  });
});

describe('an operator that is not read', () => {
  it.each([
    ['ConvTranspose', '', 'convolutional'],
    ['LSTM', '', 'recurrent'],
    ['Attention', '', 'transformer'],
    ['DictVectorizer', 'ai.onnx.ml', 'dictionary'],
    ['StringSplit', '', 'text'],
    ['StringNormalizer', '', 'text'],
    ['QLinearConv', '', 'convolutional'],
    ['QLinearGlobalAveragePool', 'com.microsoft', 'convolutional'],
    ['QAttention', 'com.microsoft', 'transformer'],
    ['QOrderedMatMul', 'com.microsoft', 'quantised'],
    ['RandomNormalLike', '', 'random'],
    ['constructor', '', 'not a row operation'],
    ['Relu', 'elsewhere', 'Relu of elsewhere'],
  ])('is refused by name: %s', async (opType, domain, words) => {
    await expect(chain([node(opType, ['x'], ['y'], {}, { name: 'n1', domain })])).rejects.toMatchObject({
      code: 'UNSUPPORTED_OP',
      place: `node n1 (${opType})`,
      message: expect.stringContaining(words),
    });
  });

  it('is refused without what onnxruntime asks for, too: the widths of a FeatureVectorizer', async () => {
    const nodes = [node('FeatureVectorizer', ['x'], ['y'], {}, { name: 'n1', domain: 'ai.onnx.ml' })];
    await expect(chain(nodes)).rejects.toMatchObject({
      code: 'SHAPE',
      message: expect.stringContaining('expected 1 inputdimensions, found 0'),
    });
  });

  it('is refused when a matrix product mixes rows', async () => {
    const inputs = [value('x', ['batch', 3])];
    const nodes = [node('Transpose', ['x'], ['t']), node('MatMul', ['x', 't'], ['y'])];
    await expect(chain(nodes, { inputs })).rejects.toMatchObject({
      code: 'UNSUPPORTED_OP',
      message: expect.stringContaining('the batch is multiplied with another axis'),
    });
  });

  it('is refused in training mode', async () => {
    const nodes = [node('Dropout', ['x', 'ratio', 'training'], ['y'])];
    const initializers = [floats('ratio', [], [0.5]), rawTensor('training', [], BOOL, Uint8Array.of(1))];
    await expect(chain(nodes, { initializers })).rejects.toThrow('training mode');
  });

  it('is refused for an output beyond those that a row model has', async () => {
    await expect(chain([node('Dropout', ['x'], ['h', 'y'])])).rejects.toMatchObject({
      code: 'UNSUPPORTED_OP',
      message: "node h (Dropout): the output 'y' is not supported",
    });
  });
});

describe('a branch', () => {
  const branches = {
    then_branch: subgraph({ nodes: [node('Relu', ['x'], ['inner'])], outputs: [value('inner', [])] }),
    else_branch: subgraph({ nodes: [node('Conv', ['x'], ['inner'])], outputs: [value('inner', [])] }),
  };
  const condition = (flag: number) => rawTensor('c', [], BOOL, Uint8Array.of(flag));

  it('is taken by a constant condition, and the other is never looked at', async () => {
    const graph = await chain([node('If', ['c'], ['y'], branches)], { initializers: [condition(1)] });
    expect(ops(graph)).toEqual(['relu']);
    await expect(chain([node('If', ['c'], ['y'], branches)], { initializers: [condition(0)] })).rejects.toMatchObject({
      place: 'node y/inner (Conv)',
    });
  });

  it('is refused when its condition depends on the input', async () => {
    const nodes = [node('IsNaN', ['x'], ['c']), node('If', ['c'], ['y'], branches)];
    await expect(chain(nodes)).rejects.toMatchObject({ code: 'UNSUPPORTED_OP', place: 'node y (If)' });
  });

  it('is refused when it is missing', async () => {
    const nodes = [node('If', ['c'], ['y'], { then_branch: branches.then_branch })];
    await expect(chain(nodes, { initializers: [condition(0)] })).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

describe('a function of the model', () => {
  const call = (inputs: string[], outputs: string[], attributes = {}) =>
    node('Fn', inputs, outputs, attributes, { domain: 'local' });

  it('is read at each of its calls', async () => {
    const fn = localFunction('Fn', ['a'], ['b'], [node('Relu', ['a'], ['h']), node('Neg', ['h'], ['b'])]);
    const graph = await chain([call(['x'], ['m']), call(['m'], ['y'])], { functions: [fn] });
    expect(ops(graph)).toEqual(['relu', 'neg', 'relu', 'neg']);
    expect(new Set(graph.nodes.map(({ output }) => output)).size).toBe(4);
  });

  it('sees the attributes of its call and no name around it', async () => {
    const fn = localFunction('Fn', ['a'], ['b'], [node('Elu', ['a'], ['b'], { alpha: reference('slope') })]);
    const graph = await chain([call(['x'], ['y'], { slope: float(0.5) })], { functions: [fn] });
    expect(graph.nodes).toMatchObject([{ attributes: { fn: 'elu', alpha: 0.5 } }]);
    const leak = localFunction('Fn', ['a'], ['b'], [node('Relu', ['x'], ['b'])]);
    await expect(chain([call(['x'], ['y'])], { functions: [leak] })).rejects.toMatchObject({ code: 'DANGLING' });
  });

  it('may be called without its last inputs', async () => {
    const body = [node('Clip', ['a', 'low', 'high'], ['b'])];
    const fn = localFunction('Fn', ['a', 'low', 'high'], ['b'], body);
    const initializers = [floats('zero', [], [0])];
    const graph = await chain([call(['x', 'zero'], ['y'])], { functions: [fn], initializers });
    expect(graph.nodes).toMatchObject([
      { attributes: { fn: 'clip', alpha: 0, beta: Math.fround(2 ** 128 - 2 ** 104) } },
    ]);
  });

  it('is refused when it calls itself', async () => {
    const fn = localFunction('Fn', ['a'], ['b'], [call(['a'], ['b'])]);
    await expect(chain([call(['x'], ['y'])], { functions: [fn] })).rejects.toMatchObject({ code: 'LIMIT' });
  });
});

describe('the result', () => {
  it('is of the inputs’ precision', async () => {
    const double = rawTensor('w', [], DOUBLE, new Uint8Array(Float64Array.of(2).buffer));
    const nodes = [node('Mul', ['x', 'w'], ['y'])];
    const graph = await chain(nodes, { inputs: [value('x', ['batch', 3], DOUBLE)], initializers: [double] });
    expect(graph).toMatchObject({ precision: 'f64', inputs: [{ dtype: 'float64' }] });
  });

  it('is of the weights’ precision when the inputs are ids', async () => {
    const table = rawTensor('w', [2, 1], DOUBLE, new Uint8Array(Float64Array.of(1, 2).buffer));
    const nodes = [node('Gather', ['w', 'x'], ['y'])];
    const graph = await chain(nodes, { inputs: [value('x', ['batch'], INT64)], initializers: [table] });
    expect(graph).toMatchObject({
      precision: 'f64',
      inputs: [{ shape: [], dtype: 'int64' }],
      nodes: [{ op: 'embedding', attributes: { wrap: true } }],
    });
  });

  it('decides by the greatest of a final softmax', async () => {
    const graph = await chain([node('Softmax', ['x'], ['y'])]);
    expect(graph.decision).toEqual({ rule: 'arg_max', probabilities: true });
  });

  it('decides by one half for a final sigmoid of one number', async () => {
    const nodes = [node('Sigmoid', ['x'], ['p']), node('Squeeze', ['p'], ['y'])];
    const graph = await chain(nodes, { inputs: [value('x', ['batch', 1])] });
    expect(graph.decision).toEqual({ rule: 'above', threshold: 0.5, probabilities: true });
    expect((await chain([node('Sigmoid', ['x'], ['y'])])).decision).toBeUndefined();
  });

  it('is refused when it is the same whatever the batch', async () => {
    const nodes = [node('Constant', [], ['y'], { value: tensor(floats('', [1, 3], [1, 2, 3])) })];
    await expect(chain(nodes)).rejects.toMatchObject({ code: 'UNSUPPORTED_OP', place: 'output y' });
  });

  it('cuts the quotient of integers, and floats that become integers', async () => {
    const inputs = [value('x', ['batch', 3], INT64)];
    const whole = await chain([node('Div', ['x', 'x'], ['y'])], { inputs });
    expect(ops(whole)).toEqual(['div', 'trunc']);
    expect(ops(await chain([node('Cast', ['x'], ['y'], { to: int(INT64) })]))).toEqual(['to_integer', 'retype']);
    expect(ops(await chain([node('Cast', ['x'], ['y'], { to: int(BOOL) })]))).toEqual(['to_bool']);
  });
});
