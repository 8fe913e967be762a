/** Every kernel of the engine in one graph. */
import {
  BAG_MODES,
  BINARY_NAMES,
  type Graph,
  METRIC_NAMES,
  NORM_NAMES,
  type Node,
  REDUCE_NAMES,
  SOFTMAX_NAMES,
  UNARY_NAMES,
} from '../../lib/graph/graph.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';

export const WIDTH = 37;

/** Each kernel is an output: two layers, and the functions of what the first gives. */
export function everyKernel(): Graph {
  const random = new Random(23);
  const constant = () => random.tensor([WIDTH]);
  const nodes: Node[] = [
    node('d', 'dense', ['x', random.tensor([WIDTH, WIDTH], 0.3), constant()], { layout: 'in-out' }),
    node('s', 'dense', ['d', random.tensor([3, WIDTH], 0.3), random.tensor([3])], { layout: 'out-in', clamp: [0, 6] }),
    ...UNARY_NAMES.map((fn) => node(`u_${fn}`, 'unary', ['d'], { fn, alpha: 0.75, beta: 1.25 })),
    ...BINARY_NAMES.map((fn) => node(`b_${fn}`, 'binary', ['d', 'x'], { fn })),
    ...REDUCE_NAMES.map((fn) => node(`r_${fn}`, 'reduce', ['d'], { fn, axes: [0], keepDims: true })),
    ...NORM_NAMES.map((norm) => node(`n_${norm}`, 'normalize', ['d'], { axis: 0, norm, epsilon: 0, floor: 1 })),
    node('affine', 'affine', ['d', constant(), constant()], {}),
    node('select', 'select', ['b_less', 'd', constant()], {}),
    ...SOFTMAX_NAMES.map((fn) => node(fn, 'softmax', ['d'], { axis: 0, fn })),
    node('rows', 'reshape', ['d'], { shape: [1, WIDTH] }),
    node('columns', 'reshape', ['x'], { shape: [WIDTH, 1] }),
    node('inner', 'matmul', ['rows', 'columns'], { layout: 'in-out' }),
    node('inner_dot', 'matmul', ['rows', 'rows'], { layout: 'out-in' }),
    node('outer', 'matmul', ['columns', 'rows'], { layout: 'in-out' }),
    node('several', 'matmul', ['rows', random.tensor([WIDTH, 20])], { layout: 'in-out' }),
    node('order', 'sort', ['d'], { axis: 0, count: 9, descending: true, result: 'places' }),
    ...METRIC_NAMES.map((metric) => {
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
  return graphOf({ x: [WIDTH] }, nodes, outputs);
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
