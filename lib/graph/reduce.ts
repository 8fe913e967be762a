/** Which dense layers keep their weights in fewer bits: bf16 or int8. See docs/quantize.md. */
import type { Node, ReducedWeights, Tensor } from './graph.ts';
import { canReduce, denseLayout } from './ops/dense.ts';
import type { SimplifiedGraph } from './simplify.ts';
import { areAllFinite, remembered } from './spans.ts';

/** Below these sizes a layer is over before reading its weights matters, and the last, narrow one decides most. */
const LEAST_INPUTS = 32;
const LEAST_OUTPUTS = 16;

/** Times the middle one that an input's greatest weight may be. */
const MOST_UNEVEN = 32;

/**
 * The graph with its layers' weights reduced where that pays, `keep` naming those that stay as they are; with `none`,
 * nowhere. What the source says of its layers is overruled.
 */
export function reduceWeights(
  graph: SimplifiedGraph,
  weights: ReducedWeights | 'none',
  keep: ReadonlySet<string> = new Set(),
): SimplifiedGraph {
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'dense') return node;
    const reduced = weights !== 'none' && !keep.has(node.name) && pays(node, weights) ? weights : undefined;
    return { ...node, attributes: { ...node.attributes, weights: reduced } };
  });
  return { ...graph, nodes };
}

/** The fewest bits that any layer's weights are kept in, where they are fewer than the model's own. */
export function reducedTo(graph: SimplifiedGraph): ReducedWeights | undefined {
  const found = graph.nodes.flatMap((node) => (node.op === 'dense' && node.attributes.weights) || []);
  return found.includes('int8') ? 'int8' : found[0];
}

function pays(node: Node<'dense'>, weights: ReducedWeights): boolean {
  const { shape, data } = node.inputs[1] as Tensor;
  const { k, n } = denseLayout(node.attributes.layout, shape);
  if (k < LEAST_INPUTS || n < LEAST_OUTPUTS || !canReduce(weights, k, n)) return false;
  // A column of int8 with one weight that is not finite would be lost as a whole.
  return weights === 'bf16' || (areAllFinite(data) && !isUneven(node));
}

/**
 * Whether some inputs weigh far more than most. That means that they are far smaller, as measurements in other units
 * are whose scaler was folded into the layer: with one int8 scale for all of a row they would be lost.
 */
function isUneven({ inputs, attributes: { layout } }: Node<'dense'>): boolean {
  const { shape, data } = inputs[1] as Tensor;
  return UNEVEN[layout](data)(shape);
}

/** By layout, and of an array by its shape: layers may share one. */
const UNEVEN = { 'in-out': unevenness('in-out'), 'out-in': unevenness('out-in') } as const;

function unevenness(layout: 'in-out' | 'out-in') {
  return remembered((data) => {
    const known = new Map<number, boolean>();
    return (shape: Tensor['shape']) => {
      const found = known.get(shape[0]) ?? hasUnevenInputs(data, shape, layout);
      known.set(shape[0], found);
      return found;
    };
  });
}

function hasUnevenInputs(data: Tensor['data'], shape: Tensor['shape'], layout: 'in-out' | 'out-in'): boolean {
  const { k, n, kStep, nStep } = denseLayout(layout, shape);
  const greatest = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < n; j++) greatest[i] = Math.max(greatest[i], Math.abs(data[i * kStep + j * nStep]));
  }
  const used = greatest.filter((weight) => weight > 0).sort();
  return used.length > 0 && used[used.length - 1] > MOST_UNEVEN * used[Math.floor(used.length / 2)];
}
