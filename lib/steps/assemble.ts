/** Assembles the model of a graph with custom steps. */
import { ForwardpassError } from '../errors.ts';
import type { Budget } from '../graph/budget.ts';
import { elementsOf } from '../graph/elements.ts';
import type { Graph, OwnStep } from '../graph/graph.ts';
import type { Port } from '../graph/lower.ts';
import { elementCount } from '../graph/shapes.ts';
import { type CheckedGraph, validate } from '../graph/validate.ts';
import type { Model } from '../model.ts';
import { cut } from './cut.ts';
import { disposeStep, Staged, type StagedStep } from './staged.ts';
import type { Step } from './types.ts';

/** How the parts become models, and properties of the whole. */
export interface Making {
  readonly compile: (graph: Graph, staged?: Staged) => Model;
  readonly countParameters: (graph: CheckedGraph) => number;
  readonly budget: Budget;
}

export function stagedModel(
  graph: Graph,
  steps: readonly OwnStep[],
  functions: ReadonlyMap<string, Step>,
  { compile, countParameters, budget }: Making,
): Model {
  const { before, last, whole } = cut(graph, steps);
  const checked = validate(whole, budget.limits);
  const ports = portsOf(checked);
  const made: StagedStep[] = [];
  try {
    for (const [i, step] of steps.entries()) {
      const part = before[i];
      const stage = part && {
        model: compile(withNames(part, graph, steps)),
        inputs: part.inputs.map(({ name }) => name),
      };
      const modules = new Map<string, Model>();
      made.push({ step, run: functionOf(step, functions), ...(stage && { stage }), modules });
      for (const [name, module] of step.modules ?? []) modules.set(name, compile(module));
    }
    const staged = new Staged({
      steps: made,
      last: last.inputs.map(({ name }) => name),
      ports,
      rows: graph.rows ?? [graph.inputs[0].name],
      names: graph.featureNames,
      parameterCount: countParameters(checked),
    });
    return compile(withNames(last, graph, steps), staged);
  } catch (error) {
    for (const step of made) disposeStep(step);
    throw error;
  }
}

function functionOf({ name, place }: OwnStep, functions: ReadonlyMap<string, Step>): Step['run'] {
  const found = functions.get(name);
  if (found !== undefined) return found.run;
  throw new ForwardpassError('OPTION', `function not found for ${name}; pass it in the option functions`, place);
}

/** The caller's inputs, whichever part takes them. */
function portsOf(graph: CheckedGraph): ReadonlyMap<string, Port> {
  const elements = elementsOf(graph);
  return new Map(
    graph.inputs.map((input, i): [string, Port] => [
      input.name,
      { ...input, width: elementCount(input.shape), ...elements[i] },
    ]),
  );
}

/** Adds names for messages: those of the rows in the file, and those expected from steps. */
function withNames(part: Graph, whole: Graph, steps: readonly OwnStep[]): Graph {
  if (part.inputs.some(({ features }) => features !== undefined)) return part;
  const featureNames = part.inputs.flatMap(({ name, shape, cells }) => {
    if (cells !== undefined) return [];
    const isRows = whole.rows?.length === 1 && name === whole.rows[0];
    const names = isRows ? whole.featureNames : steps.find((step) => step.gives === name)?.givesNames;
    return names ?? Array.from({ length: elementCount(shape) }, (_, at) => `${name}[${at}]`);
  });
  return { ...part, featureNames };
}
