/** What the end of a network says about classes. */
import type { Decision, Node, Operand, SoftmaxName } from '../graph/graph.ts';
import { elementCount } from '../graph/shapes.ts';

/** A function of scores that ends a classifier. */
type Ending = SoftmaxName | 'sigmoid';

/** What a final softmax, or a sigmoid of one number, says about the classes, for a model's only output of this shape. */
export function decisionOfEnding(ending: Ending | undefined, shape: readonly number[]): Decision | undefined {
  if (ending === undefined) return undefined;
  if (ending === 'sigmoid') {
    return elementCount(shape) === 1 ? { rule: 'above', threshold: 0.5, probabilities: true } : undefined;
  }
  return shape.length === 1 ? { rule: 'arg_max', probabilities: ending === 'softmax' } : undefined;
}

/** The same for an output of nodes, found through its producer. */
export function decisionOf(
  producers: ReadonlyMap<Operand, Node>,
  output: { readonly operand: Operand; readonly shape: readonly number[] },
): Decision | undefined {
  const end = producers.get(output.operand);
  if (end?.op === 'softmax') return decisionOfEnding(end.attributes.fn, output.shape);
  const last = beforeMoves(producers, end);
  const isSigmoid = last?.op === 'unary' && last.attributes.fn === 'sigmoid';
  return decisionOfEnding(isSigmoid ? 'sigmoid' : undefined, output.shape);
}

/** The node that computes the elements, behind nodes that only move them. */
export function beforeMoves(producers: ReadonlyMap<Operand, Node>, node: Node | undefined): Node | undefined {
  let last = node;
  while (last?.op === 'reshape' || last?.op === 'retype') last = producers.get(last.inputs[0]);
  return last;
}

/** Nodes by their outputs. */
export function producersOf(nodes: readonly Node[]): ReadonlyMap<Operand, Node> {
  return new Map(nodes.map((node) => [node.output, node]));
}
