/**
 * Where a last bit decides. A function that jumps, such as floor or a comparison, makes a difference of one of what
 * rounding left of a quotient; at a pole or at the edge of what it is defined for, so does a division, a root or a
 * logarithm. What leads there has to be computed as the source computes it.
 */
import type { Node, Op, Operand } from '../graph.ts';
import { BINARY } from '../operations/binary.ts';
import { REDUCE } from '../operations/rowwise.ts';
import { UNARY } from '../operations/unary.ts';
import { areAllIntegers } from '../spans.ts';
import { isConstant } from './constants.ts';

/** The names of the values that lead to a step through operations that carry last bits on. */
export function stepsOf(nodes: readonly Node[]): Set<string> {
  const steps = new Set<string>();
  for (const node of nodes.toReversed()) {
    const operands = steps.has(node.output) && carries(node) ? node.inputs : steppedOn(node);
    for (const operand of operands) if (typeof operand === 'string') steps.add(operand);
  }
  return steps;
}

/** The operands of which a last bit may decide the node's result. */
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

/** A layer carries last bits on where its sums are exact: of whole weights, as those of trees written as layers have. */
function carries({ op, inputs }: Node): boolean {
  if (op !== 'dense') return CARRIERS.has(op);
  return inputs.every((operand) => !isConstant(operand) || areAllIntegers(operand.data));
}
