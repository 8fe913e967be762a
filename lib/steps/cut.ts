/** The graph of a model with steps of its author's own, cut into what is computed before each of them, and at the end. */
import { decidersOf, type Graph, type Node, type OwnStep } from '../graph/graph.ts';

export interface Cut {
  /** For each step, what it takes of what is computed; undefined where that is nothing. */
  readonly before: readonly (Graph | undefined)[];
  readonly last: Graph;
  /** The whole, with all that the parts give for outputs. */
  readonly whole: Graph;
}

/** Of a stage its one output. */
const TAKEN = 'taken';

export function cut(graph: Graph, steps: readonly OwnStep[]): Cut {
  const { format, precision, inputs, nodes, outputs } = graph;
  const dtype = precision === 'f64' ? ('float64' as const) : ('float32' as const);
  const taken = steps.map(takenOf);
  const before = taken.map((value): Graph | undefined => {
    if (value === undefined) return undefined;
    return { format, precision, outputs: [{ name: TAKEN, value, dtype }], ...neededFor(graph, [value]) };
  });
  const { steps: _, rows: __, featureNames: ___, ...rest } = graph;
  const values = [...outputs, ...decidersOf(graph)].map(({ value }) => value);
  const others = taken.flatMap((value, at) => (value === undefined ? [] : [{ name: `${TAKEN} ${at}`, value, dtype }]));
  return {
    before,
    last: { ...rest, ...neededFor(graph, values) },
    whole: { format, precision, inputs, nodes, outputs: [...deciding(graph), ...others] },
  };
}

/** The outputs, and what decides them. */
function deciding(graph: Graph): Graph['outputs'] {
  const deciders = decidersOf(graph).map((output) => ({ ...output, name: `${output.name} decided` }));
  return [...graph.outputs, ...deciders];
}

/** The row of which a step takes elements. */
function takenOf({ takes }: OwnStep): string | undefined {
  if (typeof takes === 'string') return undefined;
  for (const column of takes) if ('value' in column) return column.value;
  return undefined;
}

/** What values are computed of; one input at the least. */
function neededFor({ inputs, nodes }: Graph, values: readonly string[]): Pick<Graph, 'inputs' | 'nodes'> {
  const makers = new Map<string, Node>(nodes.map((node) => [node.output, node]));
  const needed = new Set(values);
  for (const value of needed) {
    for (const operand of makers.get(value)?.inputs ?? []) if (typeof operand === 'string') needed.add(operand);
  }
  const used = inputs.filter(({ name }) => needed.has(name));
  return {
    inputs: used.length > 0 ? used : inputs.slice(0, 1),
    nodes: nodes.filter(({ output }) => needed.has(output)),
  };
}
