/** An ONNX model as a graph: its inputs, the walk from its outputs, and what the result is to users. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph, GraphInput, GraphOutput } from '../../graph/graph.ts';
import { elementCount, formatShape } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import { everywhere } from '../everywhere.ts';
import type { ReadOptions, Source } from '../format.ts';
import { GraphBuilder } from '../tensors/builder.ts';
import { CrossesRows } from '../tensors/emitter.ts';
import { type Constant, elementType, HIGHEST_RANK, publicType, type Row, type Value } from '../tensors/value.ts';
import { answersOf } from './answers.ts';
import { bagLoops } from './bag-loops.ts';
import { isRowNumber } from './batch-loop.ts';
import { Evaluator } from './evaluate.ts';
import type { Sequence } from './known.ts';
import { decodeModel, type GraphProto, type ModelProto, type ValueProto } from './proto.ts';
import { opsetVersions, Scope, shortened } from './scope.ts';
import { ExternalData } from './tensor.ts';

const OLDEST_IR = 3;
const NEWEST_IR = 14;

/** The graph of a whole ONNX file; `source` has the files beside it. */
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

/**
 * Axis 0 of every input is the batch. When the model mixes it into the result, or the inputs differ in it, and every
 * shape is fixed, the model is read with each whole tensor as one row.
 */
async function readGraph(model: ModelProto, external: ExternalData, options: ReadOptions): Promise<Graph> {
  const { graph } = model;
  if (graph === undefined) throw new ForwardpassError('MALFORMED', 'the model holds no graph', 'graph');
  if (graph.outputs.length === 0) throw new ForwardpassError('MALFORMED', 'the graph has no outputs', 'graph');
  const given = new Set(graph.initializers.map((tensor) => tensor.name));
  const inputs = graph.inputs.filter((input) => !given.has(input.name));
  const whole = () => readWith(undefined, model, graph, inputs, external, options);
  const isWhole = inputs.every(isFixed);
  if (isWhole && new Set(inputs.map((input) => input.dims?.[0])).size > 1) return whole();
  try {
    return await readWith(0, model, graph, inputs, external, options);
  } catch (error) {
    if (error instanceof CrossesRows && isWhole) return whole();
    throw error;
  }
}

function isFixed(input: ValueProto): boolean {
  return input.dims?.every((dim) => typeof dim === 'number' && dim > 0) ?? false;
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
    declaredBatch: batchAxis === 0 ? commonBatch(inputs) : undefined,
    budget,
    fold,
    casts: 'wrap',
  });
  const scope = new Scope(graph, opsetVersions(model.opsets));
  const graphInputs = addInputs(build, scope, inputs);
  build.suppose(graphInputs);
  const evaluator = new Evaluator(build, external, model.functions, bagLoops(graph, budget));
  const outputs: GraphOutput[] = [];
  const rows: Row[] = [];
  const lists: Constant[] = [];
  for (const output of graph.outputs) {
    const place = `output ${output.name}`;
    const value = await evaluator.resolve(scope, output.name, place);
    build.enter({ name: output.name, place, output: output.name });
    if (isRowNumber(value)) throw build.crossing('the output is the place of the row in the batch');
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

/** Of a sequence, or of a tensor in which another axis stands before the batch: what a list has, each with its rows. */
function itemsOf(build: GraphBuilder, value: Value | Sequence): readonly Value[] | undefined {
  if (value.kind === 'sequence') {
    build.checkResults(value.items.length);
    if (value.items.length > 0) return value.items;
    throw build.error('SHAPE', 'the output is an empty sequence');
  }
  // A batch of a fixed size may be no batch at all.
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

/** The batch that the file was exported with, where its inputs agree on one. */
function commonBatch(inputs: readonly ValueProto[]): number | undefined {
  const batches = new Set(inputs.map((input) => input.dims?.[0]).filter((dim) => typeof dim === 'number' && dim > 0));
  const [batch] = batches;
  return batches.size === 1 && typeof batch === 'number' ? batch : undefined;
}

/** Puts the inputs into the scope. One that a row model cannot have is refused only if something needs it. */
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
      const shape = rowShape(input, place, build.batchAxis === undefined ? 0 : 1, build.budget);
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

function rowShape({ dims }: ValueProto, place: string, lead: 0 | 1, { limits: { rowElements } }: Budget): number[] {
  if (dims === undefined) throw new ForwardpassError('SHAPE', 'the file does not give its shape', place);
  if (dims.length < lead) throw new CrossesRows('the input is a single number without a batch', place);
  if (dims.length > HIGHEST_RANK) {
    throw new ForwardpassError('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${dims.length}`, place);
  }
  const shape = dims.slice(lead).map((dim, i) => {
    if (typeof dim === 'number' && dim > 0) return dim;
    const message = `axis ${i + lead} is ${dim === undefined ? 'open' : quote(String(dim))}; the shape of a row must be fixed`;
    throw new ForwardpassError('SHAPE', message, place);
  });
  if (elementCount(shape) <= rowElements) return shape;
  throw new ForwardpassError('LIMIT', `a row of shape ${formatShape(shape)} exceeds \`limits.rowElements\``, place);
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
