/** What reading an ONNX file may cost: in proportion to its bytes, whatever it asks for. */
import { describe, expect, it } from 'vitest';
import {
  encode,
  type Fields,
  floats,
  int,
  int64s,
  localFunction,
  type ModelParts,
  modelBytes,
  node,
  rawTensor,
  read,
  readBytes,
  STRING,
  string,
  tensor,
  value,
} from './write-onnx.ts';

const LIMIT = expect.objectContaining({ code: 'LIMIT' });

/** y = x + the sum of the constant `c`. */
function summed(nodes: readonly Fields[], initializers: readonly Fields[]): ModelParts {
  return {
    nodes: [
      ...nodes,
      node('ReduceSum', ['c'], ['sum'], { keepdims: int(0) }),
      node('Cast', ['sum'], ['term'], { to: int(1) }),
      node('Add', ['x', 'term'], ['y']),
    ],
    initializers,
    inputs: [value('x', ['batch', 4])],
    outputs: [value('y', ['batch', 4])],
  };
}

function each<T>(count: number, of: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => of(i));
}

describe('constants of a small file', () => {
  const one = floats('one', [1], [1]);
  it.each<[what: string, nodes: Fields[], initializers: Fields[]]>([
    [
      'a long range',
      [node('Range', ['start', 'end', 'step'], ['c'])],
      [int64s('start', [], [0]), int64s('end', [], [16_000_000]), int64s('step', [], [1])],
    ],
    ['a block that is filled', [node('ConstantOfShape', ['shape'], ['c'])], [int64s('shape', [2], [4000, 4000])]],
    ['a number that is expanded', [node('Expand', ['one', 'shape'], ['c'])], [one, int64s('shape', [1], [16_000_000])]],
    ['a number in tiles', [node('Tile', ['one', 'times'], ['c'])], [one, int64s('times', [1], [16_000_000])]],
    ['a wide margin', [node('Pad', ['one', 'widths'], ['c'])], [one, int64s('widths', [2], [0, 16_000_000])]],
    [
      'a wide margin of copies',
      [node('Pad', ['one', 'widths'], ['c'], { mode: string('edge') })],
      [one, int64s('widths', [2], [0, 16_000_000])],
    ],
    [
      'a list that doubles again and again',
      [
        ...each(30, (i) =>
          node(
            'Concat',
            each(2, () => (i === 0 ? 'one' : `c${i}`)),
            [i === 29 ? 'c' : `c${i + 1}`],
            { axis: int(0) },
          ),
        ),
      ],
      [one],
    ],
    [
      'products without end',
      [
        node('ConstantOfShape', ['shape'], ['m']),
        ...each(100, (i) => node('MatMul', ['m', 'm'], [`m${i}`])),
        node(
          'Sum',
          each(100, (i) => `m${i}`),
          ['c'],
        ),
      ],
      [int64s('shape', [2], [500, 500])],
    ],
  ])('%s', async (_, nodes, initializers) => {
    await expect(read(summed(nodes, initializers))).rejects.toThrow(LIMIT);
  });

  it('positions of a row, again and again', async () => {
    const parts: ModelParts = {
      nodes: [
        ...each(2000, (i) => node('Gather', ['x', 'at'], [`g${i}`], { axis: int(1) })),
        node(
          'Sum',
          each(2000, (i) => `g${i}`),
          ['y'],
        ),
      ],
      initializers: [
        int64s(
          'at',
          [10_000],
          each(10_000, () => 1),
        ),
      ],
      inputs: [value('x', ['batch', 4])],
      outputs: [value('y', ['batch', 10_000])],
    };
    await expect(read(parts)).rejects.toThrow(LIMIT);
  });
});

describe('what many nodes have in common', () => {
  it('is read once', async () => {
    const bytes = new Uint8Array(500_000).fill(1);
    const nodes = [
      node('Constant', [], ['c'], { value: tensor(rawTensor('c', [500_000], 3, bytes)) }),
      node('Constant', [], ['at'], { value: tensor(int64s('at', [], [0])) }),
      node('Gather', ['c', 'at'], ['g']),
      node('Cast', ['g'], ['h'], { to: int(1) }),
      node('Add', ['a', 'h'], ['b']),
    ];
    const graph = await read({
      functions: [localFunction('f', ['a'], ['b'], nodes)],
      nodes: each(1000, (i) =>
        node('f', [i === 0 ? 'x' : `y${i - 1}`], [i === 999 ? 'y' : `y${i}`], {}, { domain: 'local' }),
      ),
      inputs: [value('x', ['batch', 4])],
      outputs: [value('y', ['batch', 4])],
    });
    expect(graph.nodes).toHaveLength(1000);
  });
});

describe('functions', () => {
  const doubling = (leaf: readonly Fields[]): ModelParts => ({
    functions: [
      localFunction('f0', ['a'], ['b'], leaf),
      ...each(40, (i) =>
        localFunction(
          `f${i + 1}`,
          ['a'],
          ['b'],
          [node(`f${i}`, ['a'], ['m'], {}, { domain: 'local' }), node(`f${i}`, ['m'], ['b'], {}, { domain: 'local' })],
        ),
      ),
    ],
    nodes: [node('f40', ['x'], ['y'], {}, { domain: 'local' })],
    inputs: [value('x', ['batch', 4])],
    outputs: [value('y', ['batch', 4])],
  });

  it('that call one another twice are refused, whether or not they compute something', async () => {
    await expect(read(doubling([node('Relu', ['a'], ['b'])]))).rejects.toThrow(LIMIT);
    await expect(read(doubling([node('Identity', ['a'], ['b'])]))).rejects.toThrow(LIMIT);
  });

  it('with names of a million letters give short ones', async () => {
    const long = 'n'.repeat(1_000_000);
    const graph = await read({
      functions: [localFunction('f', ['a'], [long], [node('Relu', ['a'], [long])])],
      nodes: each(100, (i) =>
        node('f', [i === 0 ? 'x' : `y${i - 1}`], [i === 99 ? 'y' : `y${i}`], {}, { domain: 'local' }),
      ),
      inputs: [value('x', ['batch', 4])],
      outputs: [value('y', ['batch', 4])],
    });
    expect(Math.max(...graph.nodes.map(({ output }) => output.length))).toBeLessThan(500);
  });
});

describe('files of many parts', () => {
  it.each([
    ['nodes', 0x0a],
    ['initializers', 0x2a],
    ['inputs', 0x5a],
  ])('of two bytes each are refused: %s', async (_, tag) => {
    const parts = new Uint8Array(1_000_000).map((_, i) => (i % 2 === 0 ? tag : 0));
    const bytes = encode((writer) => {
      writer.writeVarintField(1, 8);
      writer.writeBytesField(7, parts);
    });
    await expect(readBytes(bytes)).rejects.toThrow(LIMIT);
  });

  it('are read where they are 6,000 nodes in a row', async () => {
    const nodes = each(6_000, (i) => node('Relu', [i === 0 ? 'x' : `y${i - 1}`], [i === 5_999 ? 'y' : `y${i}`]));
    const graph = await read({ nodes, inputs: [value('x', ['batch', 4])], outputs: [value('y', ['batch', 4])] });
    expect(graph.nodes).toHaveLength(6_000);
  });

  it('and of a hundred thousand words are read', async () => {
    const words = each(100_000, (i) => `word ${i}`);
    const keys: Fields = (writer) => {
      for (const word of words) writer.writeStringField(9, word);
      writer.writeVarintField(20, 8);
    };
    const bytes = modelBytes({
      nodes: [node('OneHotEncoder', ['x'], ['y'], { cats_strings: keys }, { domain: 'ai.onnx.ml' })],
      inputs: [value('x', ['batch', 1], STRING)],
      outputs: [value('y', ['batch', 1, 100_000])],
    });
    const graph = await readBytes(bytes);
    expect(graph.inputs[0].categories?.get(0)).toEqual(words);
  });

  it('do not have words for each of millions of elements', async () => {
    const word: Fields = (writer) => {
      writer.writeVarintField(1, 1);
      writer.writeVarintField(2, STRING);
      writer.writeStringField(8, 'word');
      writer.writeStringField(6, 'a');
    };
    const parts: ModelParts = {
      nodes: [node('Equal', ['x', 'word'], ['e']), node('Cast', ['e'], ['y'], { to: int(1) })],
      initializers: [word],
      inputs: [value('x', ['batch', 16_000_000], STRING)],
      outputs: [value('y', [])],
    };
    await expect(read(parts)).rejects.toThrow(LIMIT);
  });
});

describe('parts of different ranks', () => {
  it('are not joined', async () => {
    const parts: ModelParts = {
      nodes: [node('Concat', ['k', 'x'], ['y'], { axis: int(-1) })],
      initializers: [floats('k', [], [1])],
      inputs: [value('x', [4])],
      outputs: [value('y', [])],
    };
    await expect(read(parts)).rejects.toThrow(expect.objectContaining({ name: 'ForwardpassError' }));
  });
});
