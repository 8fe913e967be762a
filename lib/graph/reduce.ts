/** Chooses the dense layers whose weights are reduced to bf16 or int8. See docs/quantize.md. */
import type { Node, ReducedWeights, Tensor } from './graph.ts';
import { type InputRange, inputScaleOf } from './input-scales.ts';
import { canReduce, denseLayout } from './ops/dense.ts';
import type { SimplifiedGraph } from './simplify.ts';
import { areAllFinite, remembered } from './spans.ts';

/** In smaller layers, reading the weights takes little time, and the last, narrow layer affects results most. */
const LEAST_INPUTS = 32;
const LEAST_OUTPUTS = 16;

/** How many times the median an input's greatest weight may be. */
const MOST_UNEVEN = 32;

/**
 * The graph with its layers' weights reduced where that pays off, except the layers named by `keep`; with `none`, no
 * layer is reduced. Overrides what the source says of its layers. `ranges` are those of layers' inputs, by name: int8
 * layers with a known range have one scale for all rows.
 */
export function reduceWeights(
  graph: SimplifiedGraph,
  weights: ReducedWeights | 'none',
  keep: ReadonlySet<string> = new Set(),
  ranges?: ReadonlyMap<string, InputRange>,
): SimplifiedGraph {
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'dense') return node;
    const reduced = weights !== 'none' && !keep.has(node.name) && pays(node, weights) ? weights : undefined;
    const range = reduced === 'int8' ? ranges?.get(inputOf(node)) : undefined;
    const inputScale = range && inputScaleOf(range);
    return { ...node, attributes: { ...node.attributes, weights: reduced, inputScale } };
  });
  return { ...graph, nodes };
}

/** Of the layers that are reduced to int8, by the names of their inputs, in the order of computation; the first of several layers. */
export function int8Inputs({ nodes }: SimplifiedGraph): ReadonlyMap<string, Node<'dense'>> {
  const found = new Map<string, Node<'dense'>>();
  for (const node of nodes) {
    if (node.op !== 'dense' || node.attributes.weights !== 'int8') continue;
    if (!found.has(inputOf(node))) found.set(inputOf(node), node);
  }
  return found;
}

/** A constant input would have been folded. */
function inputOf({ inputs: [x] }: Node<'dense'>): string {
  return x as string;
}

/** The lowest precision of any layer's weights, if it is lower than the model's own. */
export function reducedTo(graph: SimplifiedGraph): ReducedWeights | undefined {
  const found = graph.nodes.flatMap((node) => (node.op === 'dense' && node.attributes.weights) || []);
  return found.includes('int8') ? 'int8' : found[0];
}

function pays(node: Node<'dense'>, weights: ReducedWeights): boolean {
  const { shape, data } = node.inputs[1] as Tensor;
  const { k, n } = denseLayout(node.attributes.layout, shape);
  if (k < LEAST_INPUTS || n < LEAST_OUTPUTS || !canReduce(weights, k, n)) return false;
  // One weight that is not finite would spoil its whole int8 column.
  return weights === 'bf16' || (areAllFinite(data) && !isUneven(node));
}

/**
 * Whether some inputs have far greater weights than most. Their values are then far smaller, such as measurements in
 * other units whose scaler was folded into the layer. With one int8 scale for the whole row they would be lost.
 */
function isUneven({ inputs, attributes: { layout } }: Node<'dense'>): boolean {
  const { shape, data } = inputs[1] as Tensor;
  return UNEVEN[layout](data)(shape);
}

/** Cached by layout, array and shape, because layers may share an array. */
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
