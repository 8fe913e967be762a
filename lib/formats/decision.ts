/** What the end of a network says about classes. */
import type { Decision, Node, Operand } from '../graph/graph.ts';
import { elementCount } from '../graph/shapes.ts';

/** What a final softmax, or a sigmoid of one number, says about the classes: of a model's only output. */
export function decisionOf(
  nodes: readonly Node[],
  output: { readonly operand: Operand; readonly shape: readonly number[] },
): Decision | undefined {
  const producers = new Map<Operand, Node>(nodes.map((node) => [node.output, node]));
  let last = producers.get(output.operand);
  if (last?.op === 'softmax' && output.shape.length === 1) {
    return { rule: 'arg_max', probabilities: last.attributes.fn === 'softmax' };
  }
  while (last?.op === 'reshape') last = producers.get(last.inputs[0]);
  const isProbability = last?.op === 'unary' && last.attributes.fn === 'sigmoid' && elementCount(output.shape) === 1;
  return isProbability ? { rule: 'above', threshold: 0.5, probabilities: true } : undefined;
}
