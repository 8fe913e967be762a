import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../lib/graph/graph.ts';
import { reference } from '../../reference.ts';
import { BOOL, type Fields, int, int64s, node, rawTensor, read, subgraph, value } from './write-onnx.ts';

/** Three rows of two elements. */
const X = [1, -2, 3, 4, -5, 6];
const INITIALIZERS = [
  int64s('zero', [], [0]),
  int64s('one', [], [1]),
  int64s('two', [], [2]),
  int64s('first', [1], [0]),
  int64s('second', [1], [1]),
  int64s('past', [1], [2n ** 63n - 1n]),
  int64s('flat', [1], [-1]),
  rawTensor('true', [], BOOL, Uint8Array.of(1)),
];

/** Around the loop: how many rows there are, where each begins among all elements, and where it ends. */
const AROUND = [
  node('Shape', ['x'], ['shape']),
  node('Gather', ['shape', 'zero'], ['rows']),
  node('Mul', ['rows', 'two'], ['all']),
  node('Range', ['zero', 'all', 'two'], ['starts']),
  node('Unsqueeze', ['all', 'first'], ['last']),
  node('Concat', ['starts', 'last'], ['bounds'], { axis: int(0) }),
  node('Slice', ['bounds', 'second', 'past', 'first'], ['ends']),
  node('Reshape', ['x', 'flat'], ['elements']),
];
const TAKE = [
  node('Gather', ['bounds', 'i'], ['start']),
  node('Gather', ['ends', 'i'], ['end']),
  node('Unsqueeze', ['start', 'first'], ['from']),
  node('Unsqueeze', ['end', 'first'], ['to']),
  node('Slice', ['elements', 'from', 'to', 'first'], ['taken']),
];

interface Parts {
  readonly body: readonly Fields[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly parameters?: readonly string[];
  readonly batch?: number | string;
}

function loop({ body, inputs = ['rows', 'true'], outputs = ['go', 'out'], parameters, batch = 'batch' }: Parts) {
  const inner = subgraph({
    nodes: [node('Identity', ['given'], ['go']), ...body],
    inputs: (parameters ?? ['i', 'given']).map((name) => value(name, [])),
    outputs: outputs.map((name) => value(name, [])),
  });
  return read({
    nodes: [...AROUND, node('Loop', inputs, outputs.length > 2 ? ['', 'y'] : ['y'], { body: inner })],
    initializers: INITIALIZERS,
    inputs: [value('x', [batch, 2])],
    outputs: [value('y', [])],
  });
}

function outputs(graph: Graph): number[] {
  return Array.from(reference(graph, { x: X }, 3).y);
}

describe('a loop over the rows of the batch', () => {
  it.each(['batch', 3])('makes a row of the elements of each: %s', async (batch) => {
    const body = [...TAKE, node('Neg', ['taken'], ['out'])];
    await expect(loop({ body, batch }).then(outputs)).resolves.toEqual([-1, 2, -3, -4, 5, -6]);
  });

  it('takes whole rows by their number, and parts of them', async () => {
    const row = [node('Gather', ['x', 'i'], ['r']), node('Relu', ['r'], ['out'])];
    await expect(loop({ body: row }).then(outputs)).resolves.toEqual([1, 0, 3, 4, 0, 6]);
    const next = [...TAKE, node('ReduceSum', ['taken', 'first'], ['out'])];
    await expect(loop({ body: next }).then(outputs)).resolves.toEqual([-1, 7, 1]);
  });

  it('counts numbers of rows as the rows', async () => {
    const body = [node('Gather', ['x', 'i'], ['out'])];
    const graph = await read({
      nodes: [
        ...AROUND,
        node('Shape', ['ends'], ['lengths']),
        node('Gather', ['lengths', 'zero'], ['count']),
        node('Loop', ['count', 'true'], ['y'], {
          body: subgraph({
            nodes: [node('Identity', ['given'], ['go']), ...body],
            inputs: [value('i', []), value('given', [])],
            outputs: [value('go', []), value('out', [])],
          }),
        }),
      ],
      initializers: INITIALIZERS,
      inputs: [value('x', ['batch', 2])],
      outputs: [value('y', [])],
    });
    expect(outputs(graph)).toEqual(X);
  });

  const whole = [node('Gather', ['x', 'i'], ['r']), node('Add', ['r', 'x'], ['out'])];
  const number = [node('Gather', ['x', 'i'], ['r']), node('Add', ['r', 'i'], ['out'])];
  const others = [node('Add', ['i', 'one'], ['j']), node('Gather', ['x', 'j'], ['out'])];
  it.each<[string, Parts, string]>([
    ['another number of steps', { body: TAKE, inputs: ['two', 'true'] }, 'once for each row'],
    [
      'a state',
      { body: [node('Add', ['s', 's'], ['t'])], inputs: ['rows', 'true', 'one'], parameters: ['i', 'given', 's'] },
      'passes nothing',
    ],
    [
      'an end that is not known',
      { body: [...TAKE, node('Equal', ['taken', 'taken'], ['go2'])], outputs: ['go2'] },
      'may end',
    ],
    ['the whole batch in a step', { body: whole }, 'returns the whole batch'],
    ['a number of a row as a value', { body: number }, 'the position of the row'],
    ['another row', { body: others }, 'the position of the row'],
    ['nothing of the row', { body: [node('Identity', ['two'], ['out'])] }, 'does not depend on the row'],
  ])('is refused with %s', async (_, parts, words) => {
    await expect(loop(parts)).rejects.toMatchObject({
      code: 'UNSUPPORTED_OP',
      message: expect.stringContaining(words),
    });
  });
});
