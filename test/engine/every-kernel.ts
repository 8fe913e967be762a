/** Every kernel of the engine in one graph. */
import { BAG_MODES, type Graph, type InputScale, type Node, TREE_SUMS } from '../../lib/graph/graph.ts';
import { BINARY } from '../../lib/graph/operations/binary.ts';
import { METRIC, NORM } from '../../lib/graph/operations/choices.ts';
import { type Numbered, namesOf, sinceOf } from '../../lib/graph/operations/entry.ts';
import { REDUCE, SOFTMAX } from '../../lib/graph/operations/rowwise.ts';
import { UNARY } from '../../lib/graph/operations/unary.ts';
import { PLAN_VERSION } from '../../lib/graph/plan-format.ts';
import { constant as constantOf, graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';

export const WIDTH = 37;

/** The names of what plans of the version have. */
function of<N extends string>(table: Readonly<Record<N, Numbered>>, version: number): N[] {
  return namesOf(table).filter((name) => sinceOf(table[name]) <= version);
}

/** Each kernel that plans of the version have is an output: two layers, and the functions of what the first gives. */
export function everyKernel(version = PLAN_VERSION): Graph {
  const random = new Random(23);
  const constant = () => random.tensor([WIDTH]);
  const nodes: Node[] = [
    node('d', 'dense', ['x', random.tensor([WIDTH, WIDTH], 0.3), constant()], { layout: 'in-out' }),
    node('s', 'dense', ['d', random.tensor([3, WIDTH], 0.3), random.tensor([3])], { layout: 'out-in', clamp: [0, 6] }),
    ...of(UNARY, version).map((fn) => node(`u_${fn}`, 'unary', ['d'], { fn, alpha: 0.75, beta: 1.25 })),
    ...of(BINARY, version).map((fn) => node(`b_${fn}`, 'binary', ['d', 'x'], { fn })),
    ...of(REDUCE, version).map((fn) => node(`r_${fn}`, 'reduce', ['d'], { fn, axes: [0], keepDims: true })),
    ...of(NORM, version).map((norm) => node(`n_${norm}`, 'normalize', ['d'], { axis: 0, norm, epsilon: 0, floor: 1 })),
    node('affine', 'affine', ['d', constant(), constant()], {}),
    node('select', 'select', ['b_less', 'd', constant()], {}),
    ...of(SOFTMAX, version).map((fn) => node(fn, 'softmax', ['d'], { axis: 0, fn })),
    node('rows', 'reshape', ['d'], { shape: [1, WIDTH] }),
    node('columns', 'reshape', ['x'], { shape: [WIDTH, 1] }),
    node('inner', 'matmul', ['rows', 'columns'], { layout: 'in-out' }),
    node('inner_dot', 'matmul', ['rows', 'rows'], { layout: 'out-in' }),
    node('outer', 'matmul', ['columns', 'rows'], { layout: 'in-out' }),
    node('several', 'matmul', ['rows', random.tensor([WIDTH, 20])], { layout: 'in-out' }),
    node('order', 'sort', ['d'], { axis: 0, count: 9, descending: true, result: 'places' }),
    ...of(METRIC, version).map((metric) => {
      const attributes = { metric, ...(metric === 'power' && { exponent: 2.5 }) };
      return node(`far_${metric}`, 'distances', ['d', random.tensor([21, WIDTH])], attributes);
    }),
    node('far_expanded', 'distances', ['d', random.tensor([21, WIDTH])], { metric: 'sum_square', expanded: true }),
    node('near', 'sort', ['far_l1'], { axis: 0, count: 5, descending: false, result: 'values', ties: 'heap' }),
    node('near_places', 'sort', ['far_l1'], { axis: 0, count: 5, descending: false, result: 'places', ties: 'heap' }),
    node('layer_norm', 'layer_norm', ['d', constant(), constant()], { axis: 0, epsilon: 1e-5 }),
    node('rms_norm', 'rms_norm', ['d', constant()], { axis: 0, epsilon: 1e-5 }),
  ];
  const outputs = nodes.map(({ output }) => output).filter((output) => output !== 'd');
  return graphOf({ x: [WIDTH] }, [...nodes, ...layersOfBytes(random)], [...outputs, 'bytes_20', 'bytes_3']);
}

/** Two layers of whole numbers, one after the other, which a model of f64 multiplies as bytes. */
function layersOfBytes(random: Random): Node[] {
  const number = (value: number) => ({ shape: [], data: Float64Array.of(value) });
  const layer = (output: string, x: string, n: number, k: number): Node[] => {
    const weight = { shape: [n, k], data: Float32Array.from({ length: n * k }, () => random.below(255) - 127) };
    const bias = { shape: [n], data: Float32Array.from({ length: n }, () => random.below(2000) - 1000) };
    const factors = { shape: [n], data: Float64Array.from({ length: n }, () => (1 + random.unit()) / 500) };
    return [
      node(`${output}_sum`, 'dense', [x, weight, bias], { layout: 'out-in' }),
      node(`${output}_scaled`, 'affine', [`${output}_sum`, factors, number(0.5)], {}),
      node(`${output}_floor`, 'unary', [`${output}_scaled`], { fn: 'floor' }),
      node(`${output}_clip`, 'unary', [`${output}_floor`], { fn: 'clip', alpha: -121, beta: 134 }),
      node(output, 'affine', [`${output}_clip`, number(1), number(-7)], {}),
    ];
  };
  return [
    node('bytes_x', 'affine', ['x', number(40), number(0)], {}),
    node('bytes_floor', 'unary', ['bytes_x'], { fn: 'floor' }),
    node('bytes_whole', 'unary', ['bytes_floor'], { fn: 'clip', alpha: -128, beta: 127 }),
    ...layer('bytes_20', 'bytes_whole', 20, WIDTH),
    ...layer('bytes_3', 'bytes_20', 7, 20),
  ];
}

/** int8 layers of one scale for all rows: with floats around them, with other layers behind them, and twice in a row. */
export function everyStatic(): Graph {
  const random = new Random(27);
  const layer = (
    output: string,
    x: string,
    k: number,
    n: number,
    inputScale: InputScale,
    layout: 'in-out' | 'out-in',
  ) =>
    node(output, 'dense', [x, random.tensor(layout === 'in-out' ? [k, n] : [n, k], 0.3), random.tensor([n])], {
      layout,
      weights: 'int8',
      inputScale,
      ...(output !== 'last' && { clamp: [0, output === 'b' ? 6 : Infinity] }),
    });
  return graphOf(
    { x: [2, 37] },
    [
      layer('a', 'x', 37, 33, [0.03125, -3], 'in-out'),
      layer('b', 'a', 33, 20, [0.01953125, -128], 'out-in'),
      layer('c', 'b', 20, 17, [0.0234375, -128], 'in-out'),
      layer('other', 'b', 20, 3, [0.0234375, -128], 'out-in'),
      node('tanh', 'unary', ['c'], { fn: 'tanh' }),
      layer('last', 'tanh', 17, 9, [1 / 127, 0].map(Math.fround) as unknown as InputScale, 'out-in'),
    ],
    ['last', 'other', 'c'],
  );
}

/** What plans do beside kernels: tables, trees, pairs of classes, requirements, integers in doubles, what only moves. */
export function everyOther(): Graph {
  const random = new Random(25);
  const forest = [
    [0, 0.25, 0, -1, 0, 0, 2, -0.5, 1, -1, 0, 0, -1, 0, 0],
    [1, 0, 2, -1, 0, 0, -1, 0, 0],
  ].flat();
  const trees = [constantOf(forest, [forest.length / 3, 3]), random.tensor([5, 2]), constantOf([1, 0b1011])];
  const wholes = constantOf([0, 1, 2, 3, 2 ** 24, 5, 6]);
  const nodes: Node[] = [
    node('finite', 'require_finite', ['x'], { nan: false }),
    node('few', 'gather', ['finite'], { axis: 0, indices: Int32Array.of(5, 0, 3) }),
    node('ids', 'unary', ['few'], { fn: 'abs' }),
    node('id', 'unary', ['ids'], { fn: 'to_integer', alpha: 2 ** 31 }),
    node('looked_up', 'embedding', ['id', random.tensor([5, 4])], { wrap: false }),
    node('hot', 'one_hot', ['id'], { depth: 4, on: 2, off: -1, axis: 0, wrap: true }),
    ...TREE_SUMS.map((sum) =>
      node(`trees_${sum}`, 'trees', ['few', ...trees], {
        sum,
        outputs: sum === 'none' ? 0 : 3,
        targets: Int32Array.from(sum === 'none' ? [] : [0, 1]),
        divisor: sum === 'float32' ? 2 : 1,
      }),
    ),
    node('pairs', 'unary', ['x'], { fn: 'sigmoid' }),
    node('couple', 'couple', ['pairs'], {}),
    node('joined', 'concat', ['few', random.tensor([4]), 'x'], { axis: 0 }),
    node('turned', 'transpose', ['looked_up'], { permutation: [1, 0] }),
    node('large', 'binary', ['number', wholes], { fn: 'equal' }),
    node('next', 'binary', ['number', constantOf([1])], { fn: 'add' }),
    node('greater', 'sort', ['next'], { axis: 0, count: 2, descending: true, result: 'values' }),
  ];
  const inner = ['finite', 'few', 'ids', 'pairs'];
  const outputs = nodes.map(({ output }) => output).filter((output) => !inner.includes(output));
  const graph = graphOf({ x: [6], number: [7] }, nodes, outputs);
  const integers = ['next', 'greater'];
  return {
    ...graph,
    inputs: graph.inputs.map((input) => (input.name === 'number' ? { ...input, dtype: 'int64' } : input)),
    outputs: graph.outputs.map((output) => (integers.includes(output.value) ? { ...output, dtype: 'int64' } : output)),
  };
}

/** Every kernel that takes ragged rows, for tables of widths around the lanes. */
export function everyBag(): Graph {
  const random = new Random(24);
  const ids = 19;
  const nodes: Node[] = [1, 3, 8, 16, WIDTH, 130].flatMap((width) =>
    BAG_MODES.map((mode) =>
      node(`${mode}_${width}`, 'bag', ['pairs', random.tensor([ids, width]), random.tensor([width])], { mode }),
    ),
  );
  nodes.push(node('scattered', 'scatter', ['pairs'], {}));
  const graph = graphOf(
    { pairs: [ids] },
    nodes,
    nodes.map(({ output }) => output),
  );
  return { ...graph, inputs: graph.inputs.map((input) => ({ ...input, ragged: true })) };
}
