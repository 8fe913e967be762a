/** The inputs and outputs of a graph without a signature: its placeholders, and nodes that nothing uses. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { GraphDef, NodeDef } from './proto.ts';
import type { InputPort, OutputPort } from './trace.ts';

/** No operator has a longer name. */
const LONGEST_NAME = 1000;

/** Operators that end a graph without being a result. */
const NO_RESULT =
  /^(NoOp|Assert|Const|Placeholder|PlaceholderWithDefault|VarHandleOp|Variable(V2)?|Assign.*|VarIsInitializedOp|ReadVariableOp|Save.*|Restore.*|.*Summary.*|Print(V2)?|(Mutable)?HashTable.*|InitializeTable.*|LookupTableImport.*)$/;

/**
 * Inputs and outputs have the names of their nodes. Placeholders that no result needs are omitted, and so are ends that
 * depend on no placeholder.
 */
export function frozenPorts({ nodes }: GraphDef, budget: Budget): { inputs: InputPort[]; outputs: OutputPort[] } {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const used = new Set(nodes.flatMap(producers));
  const fed = leadingFrom(nodes);
  const ends = nodes.filter(
    ({ name, op }) => fed.has(name) && !used.has(name) && !NO_RESULT.test(op.slice(0, LONGEST_NAME)),
  );
  if (ends.length === 0)
    throw new ForwardpassError('MALFORMED', 'no result depends on a placeholder of the graph', 'graph');
  const needed = new Set(ends.map(({ name }) => name));
  for (const name of needed) for (const before of producers(byName.get(name))) needed.add(before);
  const inputs = nodes.filter(({ name, op }) => op === PLACEHOLDER && needed.has(name)).map(inputOf);
  const outputs: OutputPort[] = [];
  for (const end of ends) {
    const ports = outputsOf(end);
    budget.step(ports.length, 'graph');
    budget.build(OUTPUT_BYTES * ports.length, 'graph');
    for (const port of ports) outputs.push(port);
  }
  return { inputs, outputs };
}

const PLACEHOLDER = 'Placeholder';

/** The placeholders and everything that depends on them. */
function leadingFrom(nodes: readonly NodeDef[]): Set<string> {
  const users = new Map<string, string[]>();
  for (const node of nodes) {
    for (const before of producers(node)) {
      const known = users.get(before) ?? [];
      users.set(before, known);
      known.push(node.name);
    }
  }
  const fed = new Set(nodes.filter(({ op }) => op === PLACEHOLDER).map(({ name }) => name));
  for (const name of fed) for (const user of users.get(name) ?? []) fed.add(user);
  return fed;
}

/** The nodes whose values it uses. */
function producers(node: NodeDef | undefined): string[] {
  return (node?.inputs ?? []).filter((input) => !input.startsWith('^')).map((input) => input.split(':')[0]);
}

function inputOf({ name, attributes }: NodeDef): InputPort {
  return {
    name,
    reference: name,
    type: attributes.get('dtype')?.type ?? 0,
    dims: attributes.get('shape')?.shape?.dims,
  };
}

/** The first has the node's name, others also a number, like in TensorFlow. */
function outputsOf(node: NodeDef): OutputPort[] {
  return Array.from({ length: outputCount(node) }, (_, i) => {
    const name = i === 0 ? node.name : `${node.name}:${i}`;
    return { name, reference: name };
  });
}

const MOST_OUTPUTS = 1000;
const OUTPUT_BYTES = 200;

function outputCount({ op, attributes }: NodeDef): number {
  const lists = { IdentityN: 'T', PartitionedCall: 'Tout', StatefulPartitionedCall: 'Tout' } as const;
  const list = Object.entries(lists).find(([name]) => name === op)?.[1];
  const numbers = { Split: 'num_split', Unpack: 'num' } as const;
  const number = Object.entries(numbers).find(([name]) => name === op)?.[1];
  const count = list ? attributes.get(list)?.list?.types.length : number && attributes.get(number)?.integer;
  return Math.min(count || 1, MOST_OUTPUTS);
}
