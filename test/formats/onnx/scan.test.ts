import { describe, expect, it } from 'vitest';
import { reference } from '../../reference.ts';
import { type Fields, floats, int, int64s, ints, node, read, subgraph, value } from './write-onnx.ts';

/** Two rows of three features. */
const X = [1, -2, 3, 0.5, 5, -6];
const LIST = [
  [1, 0, 2],
  [-1, 3, 0.5],
  [0, 0, 1],
  [4, -2, 1],
];

/** Nodes from `x` and `next` to `out`. */
type Body = readonly Fields[];

const INITIALIZERS = [
  floats('w', [3, 2], [1, 2, 3, 4, 5, 6]),
  floats('one', [1, 3], [10, 20, 30]),
  int64s('last', [1], [1]),
  int64s('columns', [2], [2, 0]),
  int64s('swap', [2], [-1, 1]),
  int64s('three', [2], [2, 3]),
];

function scan(
  body: Body,
  attributes: Record<string, Fields> = {},
  inputs = ['x', 'list'],
  more: readonly Fields[] = [],
) {
  const inner = subgraph({
    nodes: [node('Identity', ['state'], ['same']), ...body],
    inputs: [value('state', []), value('next', [])],
    outputs: [value('same', []), value('out', [])],
  });
  return read({
    nodes: [
      ...more,
      node('Scan', inputs, ['', 'all'], { num_scan_inputs: int(1), body: inner, ...attributes }),
      node('Transpose', ['all'], ['y'], { perm: ints([1, 0, 2]) }),
    ],
    initializers: [...INITIALIZERS, floats('list', [4, 3], LIST.flat())],
    inputs: [value('x', ['batch', 3])],
    outputs: [value('y', [])],
  });
}

/** The same for one element of the list, without Scan. */
async function single(body: Body, element: readonly number[]): Promise<number[][]> {
  const graph = await read({
    nodes: [node('Identity', ['x'], ['state']), ...body, node('Identity', ['out'], ['y'])],
    initializers: [...INITIALIZERS, floats('next', [3], element)],
    inputs: [value('x', ['batch', 3])],
    outputs: [value('y', [])],
  });
  const y = Array.from(reference(graph, { x: X }, 2).y);
  return [y.slice(0, y.length / 2), y.slice(y.length / 2)];
}

describe('Scan over the rows of a constant', () => {
  it.each<[string, Body]>([
    ['differences', [node('Sub', ['state', 'next'], ['out'])]],
    [
      'distances',
      [
        node('Sub', ['state', 'next'], ['d']),
        node('ReduceSumSquare', ['d', 'last'], ['s'], { keepdims: int(1) }),
        node('Sqrt', ['s'], ['out']),
      ],
    ],
    ['shares', [node('Mul', ['state', 'next'], ['m']), node('Softmax', ['m'], ['out'], { axis: int(1) })]],
    ['a layer', [node('Add', ['next', 'state'], ['a']), node('MatMul', ['a', 'w'], ['out'])]],
    [
      'joined columns',
      [node('Add', ['next', 'state'], ['a']), node('Concat', ['a', 'state2'], ['out'], { axis: int(1) })],
    ],
    [
      'chosen columns',
      [node('Max', ['next', 'state'], ['a']), node('Gather', ['a', 'columns'], ['out'], { axis: int(1) })],
    ],
    [
      'conditions',
      [
        node('Less', ['next', 'state'], ['c']),
        node('Where', ['c', 'one', 'state'], ['b']),
        node('Cast', ['b'], ['out'], { to: int(1) }),
      ],
    ],
    [
      'axes that come and go',
      [
        node('Sub', ['state', 'next'], ['d']),
        node('Unsqueeze', ['d', 'last'], ['u']),
        node('Expand', ['u', 'spread'], ['e']),
        node('Transpose', ['e'], ['t'], { perm: ints([0, 2, 1]) }),
        node('ReduceMax', ['t', 'swap'], ['m'], { keepdims: int(0) }),
        node('Unsqueeze', ['m', 'last'], ['out']),
      ],
    ],
    [
      'norms',
      [node('Sub', ['state', 'next'], ['d']), node('LpNormalization', ['d'], ['out'], { axis: int(-1), p: int(1) })],
    ],
    ['the elements alone', [node('Neg', ['next'], ['n']), node('Mul', ['n', 'ones'], ['out'])]],
  ])('gives for each what the body gives: %s', async (_, given) => {
    // What the body takes from around it.
    const before = [
      node('Neg', ['x'], ['state2']),
      node('Identity', ['three3'], ['spread']),
      node('Div', ['x', 'x'], ['ones']),
    ];
    const initializer = node('Constant', [], ['three3'], { value_ints: ints([1, 2, 3]) });
    const graph = await scan(given, {}, ['x', 'list'], [initializer, ...before]);
    const y = reference(graph, { x: X }, 2).y;
    const wanted = await Promise.all(LIST.map((element) => single([initializer, ...before, ...given], element)));
    const expected = [0, 1].flatMap((row) => wanted.flatMap((results) => results[row]));
    expect(Array.from(y)).toEqual(expected.map((number) => expect.closeTo(number, 6)));
  });

  it.each<[string, () => ReturnType<typeof scan>, string]>([
    ['a state that changes', changing, 'the state changes between iterations'],
    [
      'rows that are scanned',
      () => scan([node('Sub', ['state', 'next'], ['out'])], {}, ['list', 'x']),
      'something else',
    ],
    [
      'another direction',
      () => scan([node('Sub', ['state', 'next'], ['out'])], { scan_input_directions: ints([1]) }),
      'forwards',
    ],
    ['an output of the state alone', () => scan([node('Shape', ['state'], ['out'])]), 'does not depend'],
  ])('is refused: %s', async (_, load, words) => {
    await expect(load()).rejects.toMatchObject({ code: 'UNSUPPORTED_OP', message: expect.stringContaining(words) });
  });

  it('is refused where the body does not fit', async () => {
    const attributes = { num_scan_inputs: int(3) };
    await expect(scan([node('Relu', ['next'], ['out'])], attributes)).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

function changing(): ReturnType<typeof read> {
  const inner = subgraph({
    nodes: [node('Add', ['state', 'next'], ['same']), node('Identity', ['same'], ['out'])],
    inputs: [value('state', []), value('next', [])],
    outputs: [value('same', []), value('out', [])],
  });
  return read({
    nodes: [node('Scan', ['x', 'list'], ['y', ''], { num_scan_inputs: int(1), body: inner })],
    initializers: [floats('list', [4, 3], LIST.flat())],
    inputs: [value('x', ['batch', 3])],
    outputs: [value('y', [])],
  });
}
