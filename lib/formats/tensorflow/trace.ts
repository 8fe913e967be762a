/** Translates the graph between inputs and outputs, with axis 0 of every input as the batch if possible. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Fold } from '../../graph/fold.ts';
import type { Graph, GraphInput, GraphOutput } from '../../graph/graph.ts';
import { decisionOf, producersOf } from '../decision.ts';
import { everywhere } from '../everywhere.ts';
import { GraphBuilder } from '../tensors/builder.ts';
import { CrossesRows } from '../tensors/emitter.ts';
import { commonBatch, readRows, rowShape } from '../tensors/inputs.ts';
import { Spread } from '../tensors/spread.ts';
import { publicType } from '../tensors/value.ts';
import { Evaluator } from './evaluate.ts';
import type { GraphDef, NodeDef } from './proto.ts';
import { Scope } from './scope.ts';
import type { Stored } from './stored.ts';
import { elementType } from './types.ts';
import type { Result, Row, Value } from './value.ts';

export interface OutputPort {
  /** The name for users. */
  readonly name: string;
  /** `node:0` */
  readonly reference: string;
}

export interface InputPort extends OutputPort {
  readonly type: number;
  /** Undefined if the rank is unknown; an unknown dimension is −1. */
  readonly dims: readonly number[] | undefined;
}

export interface Traced {
  /** The name of the format. */
  readonly format: string;
  readonly graph: GraphDef;
  readonly inputs: readonly InputPort[];
  readonly outputs: readonly OutputPort[];
  /** Created anew for each attempt. */
  readonly stored: () => Stored;
  readonly budget: Budget;
  readonly fold: Fold | undefined;
}

export function traceGraph(traced: Traced): Promise<Graph> {
  const shapes = traced.inputs.map(({ dims }) => dims);
  return readRows(shapes, (batchAxis) => traceWith(batchAxis, traced));
}

async function traceWith(batchAxis: 0 | undefined, traced: Traced): Promise<Graph> {
  const { graph, budget, fold } = traced;
  const build = new GraphBuilder({
    batchAxis,
    declaredBatch: batchAxis === 0 ? commonBatch(traced.inputs.map(({ dims }) => dims)) : undefined,
    budget,
    fold,
    casts: traced.format === 'tfjs' ? 'tfjs' : 'tensorflow',
  });
  const main = new Scope(graph.nodes);
  const stored = traced.stored();
  const functions = new Map(graph.functions.map((fn) => [fn.name, fn]));
  const evaluator = new Evaluator(build, functions, stored);
  const rows = feed(build, main, traced.inputs);
  build.suppose(rows.flatMap((row) => (row.kind === 'row' ? [{ dtype: publicType(row.type) }] : [])));
  await stored.collect(evaluator, main);
  const outputs: GraphOutput[] = [];
  const values: Row[] = [];
  for (const { name, reference } of traced.outputs) {
    const place = `output ${name}`;
    const found = await evaluator.resolve(main, reference, place);
    if (found.kind === 'dead') continue;
    build.enter({ name, place, output: name });
    const row = build.named(numbersOf(found, place));
    values.push(row);
    outputs.push({ name, value: row.operand, dtype: publicType(row.type) });
  }
  const given = traced.inputs.flatMap((input, i) => graphInput(input, rows[i], budget));
  const texts = build.texts.finish(
    build,
    given,
    outputs.map(({ value }) => value),
  );
  const { inputs } = texts;
  const isDouble = [...inputs, ...outputs].some(({ dtype }) => dtype === 'float64');
  return {
    format: traced.format,
    precision: isDouble ? 'f64' : 'f32',
    ...texts,
    outputs,
    decision: values.length === 1 ? decisionOf(producersOf(build.nodes), values[0]) : undefined,
  };
}

/** The maximum number of node outputs besides the model's inputs. */
const MOST_BESIDE = 100;

/** Sets the values of the input nodes. An input that a row model cannot have is refused only if something needs it. */
function feed(build: GraphBuilder, main: Scope, inputs: readonly InputPort[]): Result[] {
  const fed = new Map<NodeDef, (Result | undefined)[]>();
  return inputs.map((input) => {
    const place = `input ${input.name}`;
    const { node, index } = main.output(input.reference, place);
    const results = fed.get(node) ?? [];
    if (results[index] !== undefined) throw new ForwardpassError('DUPLICATE', 'two inputs are the same tensor', place);
    if (index > inputs.length + MOST_BESIDE)
      throw new ForwardpassError('DANGLING', `the node has no output ${index}`, place);
    const value = inputValue(build, input, place);
    while (results.length < index) results.push(undefined);
    results[index] = value;
    fed.set(node, results);
    main.results.set(node, results);
    return value;
  });
}

function inputValue(build: GraphBuilder, input: InputPort, place: string): Result {
  try {
    const type = elementType(input.type, place);
    const known = type === 'string' ? { words: build.inputWords, spread: new Spread() } : undefined;
    const shape = rowShape(build, input.dims, place);
    return { kind: 'row', type, shape, batchAxis: build.batchAxis, operand: build.uniqueName(input.name), ...known };
  } catch (error) {
    if (error instanceof CrossesRows || !(error instanceof ForwardpassError)) throw error;
    return { kind: 'refused', error };
  }
}

/** Empty for an input that was refused. The words are those that operations look up. */
function graphInput({ name }: InputPort, value: Result, budget: Budget): GraphInput[] {
  if (value.kind !== 'row') return [];
  const { shape, type, words, spread } = value;
  const every = words && everywhere(words.list, shape, budget, `input ${name}`);
  return [{ name, shape, dtype: publicType(type), categories: every, ...(spread?.ways && { spread: spread.ways }) }];
}

function numbersOf(found: Result, place: string): Value {
  if (found.kind === 'refused') throw found.error;
  const isNumbers = (found.kind === 'constant' || found.kind === 'row') && found.type !== 'string';
  if (!isNumbers) throw new ForwardpassError('UNSUPPORTED_DTYPE', 'is not a tensor of numbers', place);
  return found;
}
