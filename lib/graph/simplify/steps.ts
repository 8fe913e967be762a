/**
 * Finds steps, where a last bit decides. A function with jumps, such as floor or a comparison, turns a rounding error
 * into a difference of one. So does a division, a root or a logarithm at a pole or at the edge of its domain. Values
 * that lead there must be computed as the source computes them.
 */
import type { Node, Op, Operand } from '../graph.ts';
import { BINARY } from '../operations/binary.ts';
import { REDUCE } from '../operations/rowwise.ts';
import { UNARY } from '../operations/unary.ts';
import { areAllIntegers } from '../spans.ts';
import { isConstant } from './constants.ts';

/** The names of the values that lead to a step through operations that propagate last bits. */
export function stepsOf(nodes: readonly Node[]): Set<string> {
  const steps = new Set<string>();
  for (const node of nodes.toReversed()) {
    const operands = steps.has(node.output) && carries(node) ? node.inputs : steppedOn(node);
    for (const operand of operands) if (typeof operand === 'string') steps.add(operand);
  }
  return steps;
}

/** The operands whose last bit may decide the node's result. */
function steppedOn(node: Node): readonly Operand[] {
  const { op, inputs } = node;
  switch (op) {
    case 'unary':
      return UNARY[node.attributes.fn].step ? inputs : [];
    case 'binary':
      return (BINARY[node.attributes.fn].steps ?? []).map((at) => inputs[at]);
    case 'reduce':
      return REDUCE[node.attributes.fn].step ? inputs : [];
    case 'sort':
      return node.attributes.result === 'places' ? inputs : [];
    case 'normalize': {
      const { epsilon, floor } = node.attributes;
      return epsilon !== floor || floor === 0 ? inputs : [];
    }
    case 'select':
    case 'embedding':
    case 'one_hot':
    case 'trees':
      return [inputs[0]];
    default:
      return [];
  }
}

const CARRIERS: ReadonlySet<Op> = new Set<Op>([
  ...(['affine', 'unary', 'binary', 'select', 'reduce', 'sort', 'distances'] as const),
  ...(['concat', 'gather', 'transpose', 'reshape', 'expand', 'retype', 'require_finite'] as const),
]);

/**
 * A dense layer propagates last bits if its sums are exact: if its weights are integers, as in trees that are written
 * as layers.
 */
function carries({ op, inputs }: Node): boolean {
  if (op !== 'dense') return CARRIERS.has(op);
  return inputs.every((operand) => !isConstant(operand) || areAllIntegers(operand.data));
}
