/** Recognises distances of a row from many points that are spelled out. */
import type { Node, Operand, Tensor } from '../graph.ts';
import { type Rewriter, rule } from './rewriter.ts';

/** With fewer points, the differences stay in cache. */
const FEWEST_POINTS = 256;

const METRICS = { sum_square: 'sum_square', l1: 'l1' } as const;

/** Sums the differences from many points as they are computed, instead of storing them first. */
export const pointsAtOnce = rule({
  name: 'points at once',
  keeps: 'precision',
  ops: ['reduce'],
  apply(node, graph) {
    const { fn, axes, keepDims } = node.attributes;
    if (!(fn === 'sum_square' || fn === 'l1') || axes.length !== 1 || axes[0] !== 1) return undefined;
    const difference = graph.only(node.inputs[0], 'binary');
    if (difference?.attributes.fn !== 'sub' || graph.shape(difference.output).length !== 2) return undefined;
    const [count, features] = graph.shape(difference.output);
    const [a, b] = difference.inputs;
    const [x, points] = typeof a === 'string' ? [a, b] : [b, a];
    if (typeof x !== 'string' || typeof points === 'string' || count < FEWEST_POINTS) return undefined;
    if (points.shape.length !== 2 || points.shape[0] !== count || points.shape[1] !== features) return undefined;
    const before = rowOf(node, x, features, graph);
    if (before === undefined) return undefined;
    const { nodes, row } = before;
    const inputs: readonly [Operand, Tensor] = [row, points];
    if (!keepDims) return [...nodes, graph.replace(node, 'distances', inputs, { metric: METRICS[fn] })];
    const far = graph.add(node, 'distances', inputs, { metric: METRICS[fn] });
    return [...nodes, far, graph.replace(node, 'reshape', [far.output], { shape: graph.shape(node.output) })];
  },
});

/**
 * The one-axis row that is compared with every point, and the nodes that make it from an operand of one or two axes.
 */
function rowOf(
  node: Node,
  x: string,
  features: number,
  graph: Rewriter,
): { readonly nodes: readonly Node[]; readonly row: string } | undefined {
  const shape = graph.shape(x);
  if (shape.length === 1 && shape[0] === features) return { nodes: [], row: x };
  if (!(shape.length === 2 && shape[0] === 1 && shape[1] === features)) return undefined;
  const reshape = graph.definition(x);
  const [source] = reshape?.op === 'reshape' ? reshape.inputs : [];
  if (typeof source === 'string' && graph.shape(source).length === 1) return { nodes: [], row: source };
  const flat = graph.add(node, 'reshape', [x], { shape: [features] });
  return { nodes: [flat], row: flat.output };
}
