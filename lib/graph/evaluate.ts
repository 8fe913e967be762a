import type { Node, Tensor } from './graph.ts';
import { definitionOf } from './ops.ts';

/**
 * The result of a node for constants, in float64. The node must have passed validation with operands of these shapes.
 */
export function evaluate(node: Node, operands: readonly Tensor[]): Tensor {
  const definition = definitionOf(node.op);
  const shape = definition.infer(
    node,
    operands.map((operand) => operand.shape),
  );
  return { shape, data: definition.evaluate(node, operands, shape) };
}
