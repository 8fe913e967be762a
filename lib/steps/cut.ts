/** Cuts the graph of a model with custom steps into the parts before each step and the last part. */
import { decidersOf, type Graph, type Node, type OwnStep } from '../graph/graph.ts';

export interface Cut {
  /** For each step, the graph of its computed arguments; undefined if there are none. */
  readonly before: readonly (Graph | undefined)[];
  readonly last: Graph;
  /** The whole graph, with all results of the parts as outputs. */
  readonly whole: Graph;
}

/** The name of a stage's only output. */
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

/** The outputs and their deciders. */
function deciding(graph: Graph): Graph['outputs'] {
  const deciders = decidersOf(graph).map((output) => ({ ...output, name: `${output.name} decided` }));
  return [...graph.outputs, ...deciders];
}

/** The row tensor from which a step takes elements. */
function takenOf({ takes }: OwnStep): string | undefined {
  if (typeof takes === 'string') return undefined;
  for (const column of takes) if ('value' in column) return column.value;
  return undefined;
}

/** The inputs and nodes needed for values; at least one input. */
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
