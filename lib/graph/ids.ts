/** Finds inputs that a file declares as floats but uses as ids, as Keras does by default. */
import type { GraphInput, Node, Op, Operand, UnaryName } from './graph.ts';
import { COMPARISONS, type Computation } from './integers.ts';
import { areAllIntegers } from './spans.ts';

/** How a value is used: only compared with numbers, looked up, or computed with. Later uses override earlier ones. */
const USES = ['compared', 'looked up', 'computed with'] as const;
type Use = (typeof USES)[number];

const MOVES: ReadonlySet<Op> = new Set<Op>(['gather', 'transpose', 'reshape', 'expand', 'concat', 'retype', 'select']);

/** The inputs declared as floats that are only looked up, in tables or among numbers, or truncated to integers. */
export function idsOf({ inputs, nodes, outputs }: Omit<Computation, 'shapes'>): ReadonlySet<string> {
  const uses = new Map<Operand, Use>();
  const add = (operand: Operand, use: Use) => {
    const known = uses.get(operand);
    if (known === undefined || USES.indexOf(use) > USES.indexOf(known)) uses.set(operand, use);
  };
  for (const { value } of outputs) add(value, 'computed with');
  for (const node of nodes.toReversed()) {
    for (const [at, operand] of node.inputs.entries()) add(operand, useOf(node, at, uses.get(node.output)));
  }
  const isFloat = ({ dtype, categories }: GraphInput) => dtype.includes('float') && categories === undefined;
  return new Set(inputs.filter((x) => isFloat(x) && uses.get(x.name) === 'looked up').map(({ name }) => name));
}

function useOf(node: Node, at: number, ofResult: Use = 'compared'): Use {
  if (MOVES.has(node.op)) return ofResult;
  if (node.op === 'unary') return useOfFunction(node.attributes.fn, ofResult);
  if (node.op === 'binary') {
    const other = node.inputs[1 - at];
    if (typeof other === 'string' || !COMPARISONS.has(node.attributes.fn)) return 'computed with';
    return node.attributes.fn === 'equal' && areAllIntegers(other.data) ? 'looked up' : 'compared';
  }
  return (node.op === 'embedding' || node.op === 'one_hot') && at === 0 ? 'looked up' : 'computed with';
}

/** Functions that truncate floats to integers. */
const CUTS: ReadonlySet<UnaryName> = new Set<UnaryName>(['trunc', 'to_integer', 'wrap']);

function useOfFunction(fn: UnaryName, ofResult: Use): Use {
  if (CUTS.has(fn)) return 'looked up';
  if (fn === 'clip') return ofResult;
  return COMPARISONS.has(fn) ? 'compared' : 'computed with';
}
