/**
 * Where a last bit decides. A function that jumps, such as floor or a comparison, makes a difference of one of what
 * rounding left of a quotient; at a pole or at the edge of what it is defined for, so does a division, a root or a
 * logarithm. What leads there has to be computed as the source computes it.
 */
import type { BinaryName, Node, Op, Operand, ReduceName, UnaryName } from '../graph.ts';
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

const UNARY: ReadonlySet<UnaryName> = new Set<UnaryName>([
  ...(['floor', 'ceil', 'round', 'trunc', 'sign', 'not', 'to_bool', 'to_integer', 'wrap', 'narrow'] as const),
  ...(['thresholded_relu', 'threshold', 'hard_shrink', 'soft_shrink'] as const),
  ...(['sqrt', 'log', 'log1p', 'log2', 'log10', 'reciprocal'] as const),
  ...(['tan', 'asin', 'acos', 'acosh', 'atanh'] as const),
]);

/** By the function, the positions of its operands that are stepped on. */
const BINARY: ReadonlyMap<BinaryName, readonly number[]> = new Map<BinaryName, readonly number[]>([
  ...(['equal', 'less', 'less_equal', 'greater', 'greater_equal', 'and', 'or', 'xor', 'fmod', 'atan2'] as const).map(
    (fn) => [fn, [0, 1]] as const,
  ),
  ['div', [1]],
  ['pow', [0]],
]);

const REDUCE: ReadonlySet<ReduceName> = new Set<ReduceName>([
  ...(['arg_max', 'arg_min', 'arg_max_last', 'arg_min_last', 'arg_max_number', 'arg_min_number'] as const),
  ...(['arg_max_scan', 'arg_min_scan', 'arg_max_last_scan', 'arg_min_last_scan'] as const),
  ...(['log_sum', 'sum_float32', 'sum_in_order'] as const),
]);

/** The operands of which a last bit may decide the node's result. */
function steppedOn(node: Node): readonly Operand[] {
  const { op, inputs } = node;
  switch (op) {
    case 'unary':
      return UNARY.has(node.attributes.fn) ? inputs : [];
    case 'binary':
      return (BINARY.get(node.attributes.fn) ?? []).map((at) => inputs[at]);
    case 'reduce':
      return REDUCE.has(node.attributes.fn) ? inputs : [];
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
