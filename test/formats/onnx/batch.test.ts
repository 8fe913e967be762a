import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../lib/graph/graph.ts';
import { reference } from '../../reference.ts';
import {
  type Fields,
  float,
  floats,
  INT64,
  int,
  int64s,
  ints,
  type ModelParts,
  node,
  oneNode,
  read,
  value,
} from './write-onnx.ts';

/** Two rows of three features. */
const X = [1, 2, 3, 4, 5, 6];

function outputs(graph: Graph, x: readonly number[] = X, rows = 2): number[] {
  return Array.from(reference(graph, { x }, rows).y);
}

/** A chain of nodes from `x`, of shape [dims], to `y`. */
function chain(dims: readonly (number | string)[], nodes: readonly Fields[], initializers: readonly Fields[] = []) {
  const model: ModelParts = { nodes, initializers, inputs: [value('x', dims)], outputs: [value('y', [])] };
  return read(model);
}

const crossesRows = { code: 'UNSUPPORTED_OP', message: expect.stringContaining('depend on other rows') };

describe('the batch', () => {
  it.each([
    ['symbolic', 'batch'],
    ['frozen at 1', 1],
    ['frozen at 4', 4],
    ['written as 0', 0],
  ])('may be %s', async (_, batch) => {
    const graph = await chain([batch, 3], [node('Relu', ['x'], ['y'])]);
    expect(graph.inputs[0].shape).toEqual([3]);
  });

  it('is kept by a reshape with 0, −1, or the number that it is frozen at', async () => {
    for (const [batch, first] of [
      ['batch', 0],
      ['batch', -1],
      [5, 5],
      [1, 1],
    ] as const) {
      const graph = await chain([batch, 6], [node('Reshape', ['x', 's'], ['y'])], [int64s('s', [3], [first, 2, 3])]);
      expect(graph.nodes, `${first}`).toMatchObject([{ op: 'reshape', attributes: { shape: [2, 3] } }]);
    }
  });

  it.each([
    ['Softmax', {}, { axis: int(0) }],
    ['ReduceMean', {}, { axes: ints([0]) }],
    ['ReduceSum', {}, {}],
    ['ArgMax', {}, {}],
    ['Gather', { i: int64s('i', [1], [0]) }, {}],
    ['Reshape', { s: int64s('s', [2], [-1, 2]) }, {}],
    ['Reshape', { s: int64s('s', [2], [3, -1]) }, {}],
    ['Slice', { a: int64s('a', [1], [0]), b: int64s('b', [1], [1]) }, {}],
    ['Add', { w: floats('w', [2, 3], X) }, {}],
    ['Expand', { s: int64s('s', [2], [4, 3]) }, {}],
  ])('is not mixed into the result by %s', async (opType, initializers, attributes) => {
    const model = oneNode(opType, [3], initializers, attributes, 13);
    await expect(read(model)).rejects.toMatchObject({ ...crossesRows, place: `node y (${opType})` });
  });

  it('is not joined with other rows', async () => {
    const nodes = [node('Concat', ['x', 'x'], ['y'], { axis: int(0) })];
    await expect(chain(['batch', 3], nodes)).rejects.toMatchObject(crossesRows);
  });

  it('may be one axis with another, layer by layer, and be parted again', async () => {
    const graph = await chain(
      ['batch', 6],
      [
        node('Reshape', ['x', 'pairs'], ['p']),
        node('Gemm', ['p', 'w', 'c'], ['g']),
        node('Softmax', ['g'], ['s'], { axis: int(1) }),
        node('ReduceMax', ['s'], ['m'], { axes: ints([1]), keepdims: int(1) }),
        node('Sub', ['g', 'm'], ['d']),
        node('Shape', ['x'], ['shape']),
        node('Gather', ['shape', 'zero'], ['rows']),
        node('Concat', ['rows', 'six'], ['back'], { axis: int(0) }),
        node('Reshape', ['d', 'back'], ['y']),
      ],
      [
        ...[int64s('pairs', [2], [-1, 2]), int64s('zero', [1], [0]), int64s('six', [1], [6])],
        ...[floats('w', [2, 2], [1, 0, 0, 1]), floats('c', [2], [0.5, 0])],
      ],
    );
    const x = [1, 2, 3, 4, 5, 6, 0, 0, 0, 1, 1, 0];
    const expected = [0, 2, 4, 6, 8, 10].flatMap((i) => {
      const [a, b] = [x[i] + 0.5, x[i + 1]];
      const greatest = 1 / (1 + Math.exp(-Math.abs(a - b)));
      return [a - greatest, b - greatest];
    });
    outputs(graph, x).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
  });

  it.each([
    ['a softmax over it', node('Softmax', ['p'], ['q'], { axis: int(0) }), []],
    ['a mean over it', node('ReduceMean', ['p'], ['q'], { axes: ints([0]) }), []],
    ['a constant of its length', node('Add', ['p', 'w'], ['q']), [floats('w', [3, 1], [1, 2, 3])]],
    ['the batch itself', node('Add', ['p', 'first'], ['q']), []],
    ['an operator that does not know it', node('Hardmax', ['p'], ['q']), []],
    ['an output', node('Identity', ['p'], ['q']), []],
  ])('is not taken for a plain batch where it is one with another axis: %s', async (_, next, initializers) => {
    const nodes = [
      node('Reshape', ['x', 'pairs'], ['p']),
      node('Slice', ['x', 'from', 'to', 'axes'], ['first']),
      next,
      node('Identity', ['q'], ['y']),
    ];
    const bounds = [int64s('from', [1], [0]), int64s('to', [1], [1]), int64s('axes', [1], [1])];
    await expect(
      chain(['batch', 6], nodes, [int64s('pairs', [2], [-1, 2]), ...bounds, ...initializers]),
    ).rejects.toMatchObject(crossesRows);
  });

  it('is not cut where it is one axis with another, and a slice ends at the batch alone', async () => {
    const sliced = (end: number) =>
      chain(
        [2, 6],
        [
          node('Reshape', ['x', 'pairs'], ['p']),
          node('Slice', ['p', 'from', 'to', 'axes'], ['s']),
          node('Reshape', ['s', 'back'], ['y']),
        ],
        [
          ...[int64s('pairs', [2], [-1, 2]), int64s('back', [2], [-1, 6])],
          ...[int64s('from', [1], [0]), int64s('to', [1], [end]), int64s('axes', [1], [0])],
        ],
      );
    // Two rows of the matrix are no whole batch: the file is read as one row, which then has too few for the reshape.
    const x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    expect(outputs(await sliced(6), x)).toEqual(x);
    await expect(sliced(2)).rejects.toMatchObject({ code: 'SHAPE' });
  });

  it('may stand behind itself until a reshape parts the two', async () => {
    const [stack, part] = [node('Concat', ['x', 'n'], ['c'], { axis: int(0) }), int64s('s', [3], [2, -1, 3])];
    const nodes = [node('Neg', ['x'], ['n']), stack, node('Reshape', ['c', 's'], ['r'])];
    const graph = await chain(['batch', 3], [...nodes, node('ReduceMax', ['r'], ['y'], { axes: ints([0]) })], [part]);
    expect(graph.nodes.map(({ op }) => op)).toContain('concat');
    const stacked = [node('Neg', ['x'], ['n']), stack, node('Relu', ['c'], ['y'])];
    await expect(chain(['batch', 3], stacked)).rejects.toMatchObject(crossesRows);
    const wrong = [...nodes.slice(0, 2), node('Reshape', ['c', 's'], ['y'])];
    await expect(chain(['batch', 3], wrong, [int64s('s', [2], [-1, 6])])).rejects.toMatchObject(crossesRows);
  });

  it('may be one axis with the one before it, layer by layer', async () => {
    const nodes = [
      node('Transpose', ['x'], ['t'], { perm: ints([1, 0, 2]) }),
      node('Reshape', ['t', 'flat'], ['f']),
      node('Gemm', ['f', 'w', 'c'], ['g']),
      node('Softmax', ['g'], ['s'], { axis: int(1) }),
      node('Add', ['s', 'f'], ['a']),
      node('Reshape', ['a', 'parted'], ['p']),
      node('Transpose', ['p'], ['y'], { perm: ints([1, 0, 2]) }),
    ];
    const initializers = [
      ...[int64s('flat', [2], [-1, 2]), int64s('parted', [3], [3, -1, 2])],
      ...[floats('w', [2, 2], [1, 0, 0, 1]), floats('c', [2], [0.5, 0])],
    ];
    const graph = await chain(['batch', 3, 2], nodes, initializers);
    const x = [1, 2, 3, 4, 5, 6, 0, 1, 1, 0, 2, 2];
    const y = outputs(graph, x);
    for (let i = 0; i < x.length; i += 2) {
      const share = 1 / (1 + Math.exp(x[i + 1] - x[i] - 0.5));
      expect([y[i], y[i + 1]]).toEqual([expect.closeTo(x[i] + share, 6), expect.closeTo(x[i + 1] + 1 - share, 6)]);
    }
    const over = [...nodes.slice(0, 2), node('ReduceMean', ['f'], ['y'], { axes: ints([0]) })];
    await expect(chain(['batch', 3, 2], over, initializers)).rejects.toMatchObject(crossesRows);
    const wrong = [...nodes.slice(0, 2), node('Reshape', ['f', 'other'], ['y'])];
    const other = int64s('other', [3], [-1, 3, 2]);
    await expect(chain(['batch', 3, 2], wrong, [...initializers, other])).rejects.toMatchObject(crossesRows);
  });

  it('may be how often a constant is repeated', async () => {
    const nodes = [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['rows']),
      node('Tile', ['w', 'rows'], ['t']),
      node('Reshape', ['t', 's'], ['r']),
      node('Add', ['x', 'r'], ['y']),
    ];
    const initializers = [int64s('zero', [1], [0]), floats('w', [3], [10, 20, 30]), int64s('s', [2], [-1, 3])];
    expect(outputs(await chain(['batch', 3], nodes, initializers))).toEqual([11, 22, 33, 14, 25, 36]);
  });

  it('may be moved and moved back', async () => {
    const graph = await chain(
      ['batch', 3],
      [
        node('Transpose', ['x'], ['t'], { perm: ints([1, 0]) }),
        node('Gather', ['t', 'i'], ['g']),
        node('Transpose', ['g'], ['y'], { perm: ints([1, 0]) }),
      ],
      [int64s('i', [2], [2, -3])],
    );
    expect(graph.nodes.map(({ op }) => op)).toEqual(['gather']);
    expect(outputs(graph)).toEqual([3, 1, 6, 4]);
  });

  it('is followed behind a new axis', async () => {
    const graph = await chain(
      ['batch', 3],
      [
        node('Unsqueeze', ['x', 'first'], ['u']),
        node('Mul', ['u', 'w'], ['m']),
        node('Squeeze', ['m', 'first'], ['y']),
      ],
      [int64s('first', [1], [0]), floats('w', [1, 1, 3], [1, 10, 100])],
    );
    expect(outputs(graph)).toEqual([1, 20, 300, 4, 50, 600]);
  });

  it('makes an output a list where another axis stands before it', async () => {
    const nodes = [node('Transpose', ['x'], ['y'], { perm: ints([1, 0]) })];
    const graph = await chain(['batch', 3], nodes);
    expect(graph.outputs).toMatchObject([0, 1, 2].map((i) => ({ name: `y[${i}]`, list: 'y' })));
    const results = reference(graph, { x: X }, 2);
    expect(graph.outputs.map(({ name }) => Array.from(results[name]))).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    const fixed = await chain([2, 3], nodes);
    expect(fixed.inputs[0].shape).toEqual([2, 3]);
    expect(fixed.outputs).toHaveLength(1);
  });

  it('is sliced only as a whole', async () => {
    const slice = node('Slice', ['x', 'from', 'to', 'axes'], ['y']);
    const bounds = [int64s('from', [2], [0, 1]), int64s('axes', [2], [0, 1])];
    const graph = await chain(['batch', 3], [slice], [...bounds, int64s('to', [2], [2n ** 63n - 1n, 3])]);
    expect(outputs(graph)).toEqual([2, 3, 5, 6]);
    await expect(chain(['batch', 3], [slice], [...bounds, int64s('to', [2], [1, 3])])).rejects.toMatchObject(
      crossesRows,
    );
  });

  it('is met by constants of as many axes only with 1, or with rows that are all equal', async () => {
    const one = await read(oneNode('Add', [3], { w: floats('w', [1, 3], [10, 20, 30]) }));
    expect(outputs(one)).toEqual([11, 22, 33, 14, 25, 36]);
    const add = [node('Add', ['x', 'w'], ['y'])];
    const equal = await chain([2, 3], add, [floats('w', [2, 3], [10, 20, 30, 10, 20, 30])]);
    expect(outputs(equal)).toEqual([11, 22, 33, 14, 25, 36]);
    const unequal = await chain([2, 3], add, [floats('w', [2, 3], [10, 20, 30, 10, 20, 31])]);
    expect(unequal.inputs[0].shape).toEqual([2, 3]);
  });

  it('is not broadcast against another axis', async () => {
    const model = {
      nodes: [node('Add', ['x', 'z'], ['y'])],
      inputs: [value('x', ['batch', 3]), value('z', ['batch'])],
      outputs: [value('y', [])],
    };
    await expect(read(model)).rejects.toMatchObject(crossesRows);
  });

  it('may give a constant that is repeated for each row', async () => {
    const graph = await chain(
      ['batch', 3],
      [
        node('Shape', ['x'], ['s']),
        node('Slice', ['s', 'zero', 'one'], ['b']),
        node('Concat', ['b', 'two'], ['dims'], { axis: int(0) }),
        node('ConstantOfShape', ['dims'], ['ones']),
        node('Concat', ['x', 'ones'], ['y'], { axis: int(1) }),
      ],
      [int64s('zero', [1], [0]), int64s('one', [1], [1]), int64s('two', [1], [2])],
    );
    expect(outputs(graph)).toEqual([1, 2, 3, 0, 0, 4, 5, 6, 0, 0]);
  });
});

describe('a model whose shapes are fixed', () => {
  it('is read as one row when an operation crosses rows', async () => {
    const graph = await chain([2, 3], [node('Softmax', ['x'], ['y'], { axis: int(0) })]);
    expect(graph).toMatchObject({ inputs: [{ shape: [2, 3] }], nodes: [{ op: 'softmax', attributes: { axis: 0 } }] });
  });

  it('is read as one row when an input is a single number', async () => {
    const graph = await chain([], [node('Exp', ['x'], ['y'])]);
    expect(graph.inputs[0].shape).toEqual([]);
  });

  it('is read as one row when its inputs have batches that differ', async () => {
    const graph = await read({
      nodes: [node('Mul', ['x', 'z'], ['y'])],
      inputs: [value('x', [2, 3]), value('z', [1, 3])],
      outputs: [value('y', [])],
    });
    expect(graph.inputs.map(({ shape }) => shape)).toEqual([
      [2, 3],
      [1, 3],
    ]);
  });
});

describe('symbolic shapes', () => {
  /** Reshapes x [batch, 2, 3] to what the nodes compute as `dims`. */
  function reshapeBy(nodes: readonly Fields[], initializers: readonly Fields[] = []) {
    return chain(
      ['batch', 2, 3],
      [node('Shape', ['x'], ['s']), ...nodes, node('Reshape', ['x', 'dims'], ['y'])],
      [
        int64s('zero', [], [0]),
        int64s('axes', [1], [0]),
        int64s('rest', [1], [6]),
        int64s('one', [1], [1]),
        ...initializers,
      ],
    );
  }
  const batch = [node('Gather', ['s', 'zero'], ['b']), node('Unsqueeze', ['b', 'axes'], ['b1'])];

  it('are joined of the batch and numbers', async () => {
    const graph = await reshapeBy([...batch, node('Concat', ['b1', 'rest'], ['dims'], { axis: int(0) })]);
    expect(graph.nodes).toMatchObject([{ op: 'reshape', attributes: { shape: [6] } }]);
  });

  it('keep the batch through arithmetic that cancels', async () => {
    const graph = await reshapeBy(
      [
        ...batch,
        node('Mul', ['b1', 'rest'], ['six']),
        node('Add', ['six', 'six'], ['twelve']),
        node('Div', ['twelve', 'rest'], ['two']),
        node('Sub', ['two', 'b1'], ['again']),
        node('Cast', ['again'], ['whole'], { to: int(INT64) }),
        node('Concat', ['whole', 'rest'], ['dims'], { axis: int(0) }),
      ],
      [],
    );
    expect(graph.nodes).toMatchObject([{ op: 'reshape', attributes: { shape: [6] } }]);
  });

  it('give the features where the number of all elements is divided by the batch', async () => {
    const graph = await reshapeBy([
      ...batch,
      node('Size', ['x'], ['n']),
      node('Div', ['n', 'b1'], ['features']),
      node('Concat', ['b1', 'features'], ['dims'], { axis: int(0) }),
    ]);
    expect(graph.nodes).toMatchObject([{ op: 'reshape', attributes: { shape: [6] } }]);
  });

  it('replace what is not −1 in the shape of an expand', async () => {
    const graph = await reshapeBy(
      [
        node('Equal', ['wanted', 'minus'], ['open']),
        node('Where', ['open', 's', 'wanted'], ['full']),
        node('Reshape', ['full', 'three'], ['dims']),
      ],
      [int64s('wanted', [3], [-1, 3, 2]), int64s('minus', [], [-1]), int64s('three', [1], [3])],
    );
    expect(graph.nodes).toMatchObject([{ op: 'reshape', attributes: { shape: [3, 2] } }]);
  });

  it('are refused when they put the batch among the features', async () => {
    const reading = reshapeBy([
      ...batch,
      node('Mul', ['b1', 'rest'], ['all']),
      node('Concat', ['axes', 'all'], ['dims'], { axis: int(0) }),
    ]);
    await expect(reading).rejects.toMatchObject({ ...crossesRows, message: expect.stringContaining('[0, 6·batch]') });
  });

  it('are refused as numbers to compute with', async () => {
    const nodes = [
      node('Shape', ['x'], ['s']),
      node('Cast', ['s'], ['f'], { to: int(1) }),
      node('ReduceMax', ['f'], ['m']),
      node('Div', ['x', 'm'], ['y']),
    ];
    await expect(chain(['batch', 3], nodes)).rejects.toMatchObject({ ...crossesRows, place: 'node m (ReduceMax)' });
  });

  const six = node('Equal', ['s', 'rest'], ['same']);
  it('are chosen by a comparison where the choice is the same either way', async () => {
    const either = [six, node('Where', ['same', 's', 's'], ['dims'])];
    await expect(reshapeBy(either)).resolves.toMatchObject({ nodes: [] });
    // Six, where there are six rows.
    const other = [six, node('Where', ['same', 'shape', 's'], ['dims'])];
    await expect(reshapeBy(other, [int64s('shape', [3], [6, 2, 3])])).resolves.toMatchObject({ nodes: [] });
  });

  it.each<[string, readonly Fields[]]>([
    ['Where', [six, node('Where', ['same', 'one', 's'], ['dims'])]],
    ['Not', [six, node('Not', ['same'], ['differs']), node('Where', ['differs', 's', 'one'], ['dims'])]],
    ['Cast', [six, node('Cast', ['same'], ['dims'], { to: int(INT64) })]],
    ['Less', [node('Less', ['s', 'rest'], ['less']), node('Where', ['less', 's', 's'], ['dims'])]],
    ['Min', [node('Min', ['s', 'rest'], ['dims'])]],
  ])('are refused where the answer depends on the batch: %s', async (_, nodes) => {
    await expect(reshapeBy(nodes)).rejects.toMatchObject(crossesRows);
  });

  it.each([
    ['Less', 1, 0],
    ['Less', 2, undefined],
    ['LessOrEqual', 0, 0],
    ['LessOrEqual', 1, undefined],
    ['Greater', 0, 1],
    ['Greater', 1, undefined],
    ['GreaterOrEqual', 1, 1],
    ['GreaterOrEqual', 2, undefined],
  ])('%s than %d, answered for every batch that has rows: %s', async (opType, number, answer) => {
    const nodes = [node(opType, ['b', 'number'], ['truth']), node('Where', ['truth', 'yes', 'no'], ['dims'])];
    const shapes = [int64s('number', [], [number]), int64s('yes', [3], [-1, 6, 1]), int64s('no', [3], [-1, 3, 2])];
    const reading = reshapeBy([...batch, ...nodes], shapes);
    if (answer === undefined) await expect(reading).rejects.toMatchObject(crossesRows);
    else await expect(reading).resolves.toMatchObject({ nodes: [{ attributes: { shape: answer ? [6, 1] : [3, 2] } }] });
  });
});

it('reads an alpha given as an attribute with its zero left out', async () => {
  const zero: Fields = (writer) => writer.writeVarintField(20, 1);
  const graph = await read(oneNode('Elu', [3], {}, { alpha: zero }));
  expect(graph.nodes).toMatchObject([{ attributes: { alpha: 0 } }]);
  await expect(read(oneNode('Elu', [3], {}, { alpha: int(1) }))).rejects.toMatchObject({ code: 'MALFORMED' });
  await expect(read(oneNode('Elu', [3], {}, { alpha: float(0.5) }))).resolves.toMatchObject({
    nodes: [{ attributes: { alpha: 0.5 } }],
  });
});
