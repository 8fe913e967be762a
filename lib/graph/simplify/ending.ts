/** The end of a dense layer that is computed in another way. */
import type { Node, Op, OpAttributes, Operand } from '../graph.ts';
import type { Rewriter } from './rewriter.ts';

/** The node that computes the layer's result, and its clamp, if any. */
export function endingOfDense<O extends Op>(
  node: Node<'dense'>,
  graph: Rewriter,
  op: O,
  inputs: readonly Operand[],
  attributes: OpAttributes[O],
): Node[] {
  const { clamp } = node.attributes;
  if (clamp === undefined) return [graph.replace(node, op, inputs, attributes)];
  const [alpha, beta] = clamp;
  const before = graph.add(node, op, inputs, attributes);
  const isRelu = alpha === 0 && beta === Infinity;
  return [before, graph.replace(node, 'unary', [before.output], isRelu ? { fn: 'relu' } : { fn: 'clip', alpha, beta })];
}
