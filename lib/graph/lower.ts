import { Budget } from './budget.ts';
import { ByteLayers } from './byte-layers.ts';
import { type Elements, elementsOf } from './elements.ts';
import { ExactIntegers } from './exact-integers.ts';
import type { DType, GraphInput, GraphOutput, Node } from './graph.ts';
import { idsOf } from './ids.ts';
import { definitionOf } from './ops.ts';
import { makersOf, originsOf } from './origins.ts';
import { type FirstOrigin, type Origins, type Place, PlanBuilder } from './plan-builder.ts';
import type { MostBytes, Plan } from './plan-format.ts';
import { resultScales } from './result-scales.ts';
import { elementCount, type Shape } from './shapes.ts';
import { neededNodes, type SimplifiedGraph } from './simplify.ts';
import { type TreesInfo, treesInfo } from './trees-info.ts';

/** An input or output of the plan, in the plan's order. */
export interface Port extends Pick<GraphInput, (typeof DETAILS)[number]>, Pick<GraphOutput, 'list'>, Elements {
  readonly name: string;
  /** The shape of one row. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** The number of elements of one row. */
  readonly width: number;
  /** Whether it holds integers that must be exact beyond float32: arrays made for it are of doubles. */
  readonly exact?: boolean;
  /**
   * For an input that is declared as floats: whether it is only used as ids, so that it may be an array of integers.
   */
  readonly takesIds?: boolean;
}

/** One operation of the simplified graph, for the summary. */
export interface LayerSummary {
  readonly name: string;
  readonly kind: string;
  /** The shape of one row of the result. */
  readonly shape: Shape;
  /** The number of elements of its constants. */
  readonly parameterCount: number;
}

/** What summaries and messages need to know of a model. */
export interface About {
  readonly layers: readonly LayerSummary[];
  /** For each instruction of the plan, the node it comes from. */
  readonly places: readonly string[];
  /**
   * Where the elements of an instruction's operand come from, by instruction at which a run may stop: see origins.ts.
   */
  readonly origins: Readonly<Record<number, readonly number[] | FirstOrigin>>;
  /** The function before an instruction that may turn a number into NaN, by instruction at which a run may stop. */
  readonly makers: Readonly<Record<number, string>>;
  readonly trees?: TreesInfo;
  /** Tensors of the source that the model does not use. */
  readonly leftOut?: readonly string[];
}

export interface Lowered extends About {
  readonly plan: Plan;
  readonly most: MostBytes;
  /** For each parameter, the elements of the constant that it holds, if it is a whole constant. */
  readonly sources: readonly (ArrayLike<number> | undefined)[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** The most origins that are stored one by one. */
const MOST_ORIGINS = 2 ** 18;

/** Turns a graph into the engine's plan; constants are rounded to the precision only here. */
export function lower(graph: SimplifiedGraph, precision: 'f32' | 'f64', budget = new Budget()): Lowered {
  const nodes = neededNodes(graph);
  const plan = new PlanBuilder(precision, budget, resultScales({ ...graph, nodes }));
  const exactly = graph.integers && new ExactIntegers({ ...graph, nodes }, graph.integers, plan);
  for (const input of graph.inputs) {
    if (input.ragged) plan.raggedInput(input.name, input.shape);
    else plan.input(input.name, input.shape, exactly?.isWideInput(input));
  }
  exactly?.checkInputs();

  const bytes = precision === 'f64' ? new ByteLayers({ ...graph, nodes }) : undefined;
  const layers: LayerSummary[] = [];
  const origins = originsOf({ ...graph, nodes });
  const makers = makersOf(nodes);
  for (const node of nodes) {
    const shape = graph.shapes.get(node.output) as Shape;
    plan.place = { name: node.name, origins: origins.get(node), maker: makers.get(node) };
    if (!bytes?.isWithin(node)) {
      const special = bytes?.lower(node, shape, plan) ?? exactly?.lower(node, shape);
      plan.define(node.output, special ?? definitionOf(node.op).lower(node, shape, plan));
    }
    const kind = bytes?.isWithin(node) && node.op === 'dense' ? 'dense in bytes' : kindOf(node);
    layers.push({ name: node.name, kind, shape, parameterCount: parameterCount(node) });
  }

  // The engine writes each output into the caller's array, so each must be a separate value and not an input.
  const taken = new Set(graph.inputs.map(({ name }) => plan.defined(name).value));
  const values: number[] = [];
  const outputs = graph.outputs.map(({ name, value, dtype, list }) => {
    plan.place = { name };
    plan.isWide = typeof value === 'string' && plan.holdsDoubles(plan.defined(value));
    const view = plan.view(value);
    let row = plan.row(view);
    if (taken.has(row)) row = plan.copy(value).value;
    taken.add(row);
    values.push(row);
    return {
      ...port(name, view.shape, dtype),
      ...(plan.isWide && { exact: true }),
      ...(list !== undefined && { list }),
    };
  });

  const elements = elementsOf(graph);
  const takesIds = idsOf({ ...graph, nodes });
  const inputs = graph.inputs.map((input, i) => ({
    ...port(input.name, input.shape, input.dtype),
    ...((plan.holdsDoubles(plan.defined(input.name)) || exactly?.isLarge(input.name)) && { exact: true }),
    ...(takesIds.has(input.name) && { takesIds: true }),
    ...detailsOf(input),
    ...elements[i],
  }));
  const places = plan.places();
  const trees = treesInfo({ ...graph, nodes });
  return {
    plan: plan.build(values),
    most: plan.most(),
    sources: plan.sources(),
    inputs,
    outputs,
    layers,
    places: places.map(({ name }) => name),
    origins: shortOrigins(places),
    makers: Object.fromEntries(places.flatMap(({ maker }, at) => (maker === undefined ? [] : [[at, maker]]))),
    ...(trees && { trees }),
  };
}

/** The origins by instruction, up to {@link MOST_ORIGINS} elements in total. */
function shortOrigins(places: readonly Place[]): About['origins'] {
  const found: Record<number, readonly number[] | FirstOrigin> = {};
  let left = MOST_ORIGINS;
  for (const [at, { origins }] of places.entries()) {
    if (origins === undefined) continue;
    const short = firstOf(origins) ?? origins;
    if (short instanceof Int32Array) left -= short.length;
    if (left < 0) break;
    found[at] = short instanceof Int32Array ? Array.from(short) : short;
  }
  return found;
}

function firstOf(origins: Origins): FirstOrigin | undefined {
  if (!(origins instanceof Int32Array)) return origins;
  const [first] = origins;
  return first >= 0 && origins.every((origin, at) => origin === first + at) ? { first } : undefined;
}

/** What the graph says of an input beside its name, shape and type. */
const DETAILS = [
  'categories',
  'hashes',
  'spread',
  'missing',
  'nones',
  'present',
  'ragged',
  'terms',
  'features',
  'cells',
] as const;

function detailsOf(input: GraphInput): Pick<GraphInput, (typeof DETAILS)[number]> {
  const details: Record<string, unknown> = {};
  for (const key of DETAILS) if (input[key]) details[key] = input[key];
  return details;
}

function port(name: string, shape: Shape, dtype: DType): Port {
  return { name, shape, dtype, width: elementCount(shape) };
}

function kindOf(node: Node): string {
  switch (node.op) {
    case 'dense':
      return denseName(node);
    case 'unary':
    case 'binary':
      return node.attributes.fn;
    case 'softmax':
      return node.attributes.fn;
    case 'reduce':
      return `reduce ${node.attributes.fn}`;
    case 'sort':
      return `sort ${node.attributes.result}`;
    case 'distances':
      return `distances ${node.attributes.metric}`;
    case 'bag':
      return `bag ${node.attributes.mode}`;
    case 'normalize':
      return `normalize ${node.attributes.norm}`;
    default:
      return node.op;
  }
}

function denseName({ attributes: { weights, clamp, inputScale } }: Node<'dense'>): string {
  const name = ['dense', weights, inputScale && 'static'].filter(Boolean).join(' ');
  return clamp === undefined ? name : `${name} + ${clampName(clamp)}`;
}

function clampName([low, high]: readonly [number, number]): string {
  return low === 0 && high === Infinity ? 'relu' : `clip(${low}, ${high})`;
}

function parameterCount(node: Node): number {
  return node.inputs.reduce((count, operand) => count + (typeof operand === 'string' ? 0 : operand.data.length), 0);
}
