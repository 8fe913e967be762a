/** Reads an ONNX model into a graph: its inputs, the walk back from its outputs, and the form of its results. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph, GraphInput, GraphOutput } from '../../graph/graph.ts';
import { elementCount } from '../../graph/shapes.ts';
import { everywhere } from '../everywhere.ts';
import type { ReadOptions, Source } from '../format.ts';
import { GraphBuilder } from '../tensors/builder.ts';
import { commonBatch, readRows, rowShape } from '../tensors/inputs.ts';
import { type Constant, publicType, type Row, type Value } from '../tensors/value.ts';
import { answersOf } from './answers.ts';
import type { BagLoop } from './bag-loops.ts';
import { isRowNumber } from './batch-loop.ts';
import { elementType } from './element-types.ts';
import { Evaluator } from './evaluate.ts';
import type { Sequence } from './known.ts';
import { decodeModel, type GraphProto, type ModelProto, type NodeProto, type ValueProto } from './proto.ts';
import { opsetVersions, Scope, shortened } from './scope.ts';
import { ExternalData } from './tensor.ts';

const OLDEST_IR = 3;
const NEWEST_IR = 14;

/** The graph of a whole ONNX file; `source` gives access to the files beside it. */
export async function readModel(bytes: Uint8Array, source: Source, options: ReadOptions): Promise<Graph> {
  const { budget } = options;
  const model = decodeModel(bytes, source.main.name, budget);
  if (model.irVersion >= OLDEST_IR && model.irVersion <= NEWEST_IR) {
    return readGraph(model, new ExternalData(source, budget), options);
  }
  throw new ForwardpassError(
    'UNSUPPORTED_VERSION',
    `expected ONNX IR version ${OLDEST_IR} to ${NEWEST_IR}, found ${model.irVersion}`,
  );
}

async function readGraph(model: ModelProto, external: ExternalData, options: ReadOptions): Promise<Graph> {
  const { graph } = model;
  if (graph === undefined) throw new ForwardpassError('MALFORMED', 'the model contains no graph', 'graph');
  if (graph.outputs.length === 0) throw new ForwardpassError('MALFORMED', 'the graph has no outputs', 'graph');
  const given = new Set(graph.initializers.map((tensor) => tensor.name));
  const inputs = graph.inputs.filter((input) => !given.has(input.name));
  const shapes = inputs.map(({ dims }) => dims);
  return readRows(shapes, (batchAxis) => readWith(batchAxis, model, graph, inputs, external, options));
}

async function readWith(
  batchAxis: 0 | undefined,
  model: ModelProto,
  graph: GraphProto,
  inputs: readonly ValueProto[],
  external: ExternalData,
  { budget, fold }: ReadOptions,
): Promise<Graph> {
  const build = new GraphBuilder({
    batchAxis,
    declaredBatch: batchAxis === 0 ? commonBatch(inputs.map(({ dims }) => dims)) : undefined,
    budget,
    fold,
    casts: 'wrap',
  });
  const scope = new Scope(graph, opsetVersions(model.opsets));
  const graphInputs = addInputs(build, scope, inputs);
  build.suppose(graphInputs);
  const evaluator = new Evaluator(build, external, model.functions, await bagsOf(graph, budget));
  const outputs: GraphOutput[] = [];
  const rows: Row[] = [];
  const lists: Constant[] = [];
  for (const output of graph.outputs) {
    const place = `output ${output.name}`;
    const value = await evaluator.resolve(scope, output.name, place);
    build.enter({ name: output.name, place, output: output.name });
    if (isRowNumber(value)) throw build.crossing('the output is the position of the row in the batch');
    if (value.kind === 'batch test') throw build.crossing('the output depends on the batch size');
    const constants = value.kind === 'sequence' ? value.items : [value];
    if (constants.length > 0 && constants.every((x) => isClassList(build, x)) && graph.outputs.length > 1) {
      if (value.kind === 'constant') lists.push(value);
      continue;
    }
    const list = itemsOf(build, value);
    for (const [at, item] of (list ?? [value as Value]).entries()) {
      const row = build.named(item);
      const type = output.elementType === undefined ? row.type : elementType(output.elementType, place);
      const name = list ? `${output.name}[${at}]` : output.name;
      rows.push(row);
      outputs.push({ name, value: row.operand, dtype: publicType(type), ...(list && { list: output.name }) });
    }
  }
  return {
    format: 'onnx',
    precision: build.needsDoubles ? 'f64' : precisionOf(graphInputs, scope),
    inputs: build.bags.finish(
      build,
      build.takesMissing ? graphInputs.map(withMissing) : graphInputs,
      outputs.map(({ value }) => value),
    ),
    outputs,
    nodes: build.nodes,
    ...answersOf(build, outputs, rows, lists),
  };
}

/** Nodes that are bags of ids in a loop, which few files have. */
async function bagsOf(graph: GraphProto, budget: Budget): Promise<ReadonlyMap<NodeProto, BagLoop>> {
  if (!graph.nodes.some(({ opType }) => opType === 'Loop')) return new Map();
  return (await import('./bag-loops.ts')).bagLoops(graph, budget);
}

/** The items of a sequence, or of a tensor with another axis before the batch, each with its rows. */
function itemsOf(build: GraphBuilder, value: Value | Sequence): readonly Value[] | undefined {
  if (value.kind === 'sequence') {
    build.checkResults(value.items.length);
    if (value.items.length > 0) return value.items;
    throw build.error('SHAPE', 'the output is an empty sequence');
  }
  // An axis of fixed size may not be the batch at all.
  if (value.kind === 'constant' || !value.batchAxis || build.declaredBatch !== undefined) return undefined;
  if (value.merged || value.stacked) return undefined;
  const { shape, batchAxis } = value;
  const count = elementCount(shape.slice(0, batchAxis));
  if (count === 1) return undefined;
  build.checkResults(count);
  const whole = build.reshaped(value, [count, ...shape.slice(batchAxis)], 1);
  return Array.from({ length: count }, (_, at) =>
    build.reshaped(build.gather(whole, 0, build.positions(at, at + 1)), shape.slice(batchAxis), 0),
  );
}

/** A list of words or integers that is the same for every row, or one for each target: sklearn-onnx's class labels. */
function isClassList(build: GraphBuilder, value: Value): boolean {
  if (value.kind !== 'constant' || build.batchAxis === undefined || value.batch) return false;
  const { shape, type } = value;
  const isOfClasses = type === 'string' || /^u?int/.test(type);
  return isOfClasses && (shape.length === 1 || shape.length === 2) && shape[0] > 1 && shape[0] !== build.declaredBatch;
}

/** Adds the inputs to the scope. An input that a row model cannot have is refused only if something needs it. */
function addInputs(build: GraphBuilder, scope: Scope, inputs: readonly ValueProto[]): GraphInput[] {
  const accepted: GraphInput[] = [];
  for (const input of inputs) {
    const { name } = input;
    const place = `input ${shortened(name)}`;
    if (scope.owner(name)) throw new ForwardpassError('DUPLICATE', 'the name is defined twice', place);
    try {
      if (input.container !== undefined) {
        throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected a tensor, found ${input.container}`, place);
      }
      const type = elementType(input.elementType ?? 0, place);
      const words = type === 'string' ? build.inputWords : undefined;
      const shape = rowShape(build, input.dims, place);
      // The list of words grows while the model is read.
      const operand = build.uniqueName(name);
      scope.values.set(name, { kind: 'row', type, shape, batchAxis: build.batchAxis, operand, words });
      accepted.push({
        name,
        shape,
        dtype: publicType(type),
        categories: words && everywhere(words.list, shape, build.budget, place),
      });
    } catch (error) {
      if (!(error instanceof ForwardpassError)) throw error;
      scope.refused.set(name, error);
    }
  }
  return accepted;
}

function precisionOf(inputs: readonly GraphInput[], scope: Scope): 'f32' | 'f64' {
  const floats = inputs.filter(({ dtype }) => dtype.includes('float'));
  if (floats.length > 0) return floats.some(({ dtype }) => dtype === 'float64') ? 'f64' : 'f32';
  const weights = [...scope.initializers.keys()].map((name) => scope.values.get(name));
  return weights.some((weight) => weight?.kind === 'constant' && weight.type === 'float64') ? 'f64' : 'f32';
}

function withMissing(input: GraphInput): GraphInput {
  return input.dtype.startsWith('float') ? { ...input, missing: true } : input;
}
