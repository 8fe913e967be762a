/** Reads a TensorFlow Lite model into a graph: its signature, its operators in order, and the form of its results. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Fold } from '../../graph/fold.ts';
import type { Decision, Graph, GraphInput, GraphOutput } from '../../graph/graph.ts';
import { decisionOfEnding } from '../decision.ts';
import type { ReadOptions } from '../format.ts';
import { commonBatch, readRows, rowShape } from '../tensors/inputs.ts';
import { checkShared } from '../tensors/shared-batch.ts';
import { isFloat, type Row, type Value } from '../tensors/value.ts';
import { LiteBuilder } from './builder.ts';
import { TfliteCall } from './call.ts';
import { LiteModel, type OperatorInfo, type Subgraph } from './model.ts';
import { refusal } from './operators.ts';
import { takesMerged, translationOf } from './ops/table.ts';
import { elementType, isQuantized, readConstant } from './tensor.ts';

/** A tensor that is an input or output of the model, with its name for users. */
interface Port {
  readonly name: string;
  readonly tensor: number;
}

/** The data needed to read a file, independent of what a row is. */
interface Reading {
  readonly model: LiteModel;
  readonly subgraph: Subgraph;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** The operators that the outputs need, in the order of computation. */
  readonly operators: readonly OperatorInfo[];
  readonly budget: Budget;
  readonly fold: Fold | undefined;
  readonly bytes: number;
}

export function readModel(
  bytes: Uint8Array,
  name: string,
  { budget, fold, signature: asked }: ReadOptions,
): Promise<Graph> {
  const model = new LiteModel(bytes, name, budget);
  const signature = model.signature(asked);
  const subgraph = model.subgraph(signature?.subgraph ?? 0);
  const outputs = signature?.outputs ?? subgraph.outputs.map((tensor) => portOf(subgraph, tensor, 'output'));
  if (outputs.length === 0) throw new ForwardpassError('MALFORMED', 'the model has no outputs');
  const places = new Map(subgraph.outputs.map((tensor, place): [number, number] => [tensor, place]).reverse());
  return readGraph({
    model,
    subgraph,
    inputs: subgraph.inputs.map((tensor) => {
      const name = signature?.inputs.get(tensor);
      return name === undefined ? portOf(subgraph, tensor, 'input') : { name, tensor };
    }),
    outputs: outputs.toSorted((a, b) => (places.get(a.tensor) ?? -1) - (places.get(b.tensor) ?? -1)),
    operators: neededOperators(subgraph, outputs, budget),
    budget,
    fold,
    bytes: bytes.length,
  });
}

function portOf(subgraph: Subgraph, tensor: number, kind: 'input' | 'output'): Port {
  const { name } = subgraph.tensor(tensor, kind);
  return { name: name === '' ? `${kind}_${tensor}` : name, tensor };
}

/** Operators are in the order of computation; those that no output needs are omitted. */
function neededOperators(subgraph: Subgraph, outputs: readonly Port[], budget: Budget): OperatorInfo[] {
  const { operatorCount } = subgraph;
  if (operatorCount > budget.limits.nodes) {
    throw new ForwardpassError(
      'LIMIT',
      `the model has ${operatorCount} operators; \`limits.nodes\` is ${budget.limits.nodes}`,
    );
  }
  const needed = new Set(outputs.map(({ tensor }) => tensor));
  const operators: OperatorInfo[] = [];
  for (let index = operatorCount - 1; index >= 0; index--) {
    const operator = subgraph.operator(index);
    if (!operator.outputs.some((tensor) => needed.has(tensor))) continue;
    for (const tensor of operator.inputs) needed.add(tensor);
    operators.push(operator);
  }
  return operators.reverse();
}

function readGraph(reading: Reading): Promise<Graph> {
  const { subgraph, inputs } = reading;
  const shapes = inputs.map(({ name, tensor }) => subgraph.tensor(tensor, `input ${name}`).signature);
  return readRows(shapes, (batchAxis) => readWith(batchAxis, reading));
}

function readWith(batchAxis: 0 | undefined, reading: Reading): Graph {
  const { model, subgraph, budget, fold } = reading;
  const shapes = reading.inputs.map(({ tensor }) => subgraph.tensor(tensor, 'inputs').shape);
  const build = new LiteBuilder({
    batchAxis,
    declaredBatch: batchAxis === 0 ? commonBatch(shapes) : undefined,
    budget,
    fold,
    casts: 'tflite',
  });
  const values = new Map<number, Value>();
  const inputs = reading.inputs.map(({ name, tensor }) => addInput(build, values, name, tensor, subgraph));
  // Computations on quantised numbers nearly always need float64.
  const isQuantised = ({ outputs }: OperatorInfo) => outputs.some((at) => isQuantized(subgraph.tensor(at, 'operator')));
  build.suppose(reading.operators.some(isQuantised) ? [{ dtype: 'float64' }] : inputs);
  for (const operator of reading.operators) compute(build, values, operator, model, subgraph);

  const rows: Row[] = [];
  const outputs = reading.outputs.map(({ name, tensor }): GraphOutput => {
    const place = `output ${name}`;
    const info = subgraph.tensor(tensor, place);
    const value = values.get(tensor) ?? readConstant(model, info);
    if (value === undefined) throw new ForwardpassError('DANGLING', 'no operator computes it', place);
    build.enter({ name, place, output: name });
    const row = build.named(value);
    rows.push(row);
    return { name, value: row.operand as string, dtype: elementType(info) };
  });
  const isDouble = build.needsDouble || inputs.some(({ dtype }) => dtype === 'float64');
  return {
    format: 'tflite',
    precision: isDouble ? 'f64' : 'f32',
    inputs,
    outputs,
    nodes: build.nodes,
    decision: rows.length === 1 ? decisionOf(reading, rows[0]) : undefined,
  };
}

function addInput(
  build: LiteBuilder,
  values: Map<number, Value>,
  name: string,
  tensor: number,
  subgraph: Subgraph,
): GraphInput {
  const place = `input ${name}`;
  const info = subgraph.tensor(tensor, place);
  const shape = rowShape(build, info.signature, place);
  if (values.has(tensor)) throw new ForwardpassError('DUPLICATE', 'the tensor is an input twice', place);
  const { batchAxis } = build;
  values.set(tensor, { kind: 'row', type: elementType(info), shape, batchAxis, operand: build.uniqueName(name) });
  return { name, shape, dtype: elementType(info) };
}

function compute(
  build: LiteBuilder,
  values: Map<number, Value>,
  operator: OperatorInfo,
  model: LiteModel,
  subgraph: Subgraph,
): void {
  const { name, place } = operator;
  const translation = translationOf(name);
  if (translation === undefined) throw new ForwardpassError('UNSUPPORTED_OP', `${name} ${refusal(name)}`, place);
  const infos = operator.inputs.map((tensor) => (tensor === -1 ? undefined : subgraph.tensor(tensor, place)));
  const results = operator.outputs.map((tensor) => subgraph.tensor(tensor, place));
  const inputs = operator.inputs.map((tensor, i) => {
    const info = infos[i];
    if (info === undefined) return undefined;
    const value = values.get(tensor) ?? readConstant(model, info);
    if (value === undefined)
      throw new ForwardpassError('DANGLING', `takes ${info.place}, which no operator computes`, place);
    values.set(tensor, value);
    return value;
  });
  const output = results[0]?.name || 'value';
  build.enter({ name: output, place, output });
  checkShared(build, inputs, { merged: takesMerged(name), stacked: name === 'RESHAPE' });
  const translated = translation(new TfliteCall(build, operator.options, inputs, { inputs: infos, outputs: results }));
  const found: readonly Value[] = 'kind' in translated ? [translated] : translated;
  for (const [i, tensor] of operator.outputs.entries()) {
    if (values.has(tensor)) throw new ForwardpassError('DUPLICATE', `${results[i].place} is computed twice`, place);
    if (found[i] === undefined) {
      throw new ForwardpassError('MALFORMED', `expected ${found.length} outputs, found ${results.length}`, place);
    }
    values.set(tensor, found[i]);
  }
}

/** What a final SOFTMAX, or a LOGISTIC of one number, says about the classes. */
function decisionOf({ operators, outputs }: Reading, output: Row): Decision | undefined {
  let tensor = outputs[0].tensor;
  for (const { name, inputs, outputs: results } of operators.toReversed()) {
    if (!results.includes(tensor)) continue;
    switch (name) {
      case 'RESHAPE':
      case 'SQUEEZE':
      case 'DEQUANTIZE':
        tensor = inputs[0];
        continue;
      case 'SOFTMAX':
      case 'LOG_SOFTMAX':
        return decisionOfEnding(name === 'SOFTMAX' && isFloat(output.type) ? 'softmax' : 'log_softmax', output.shape);
      case 'LOGISTIC':
        return decisionOfEnding(isFloat(output.type) ? 'sigmoid' : undefined, output.shape);
      default:
        return undefined;
    }
  }
  return undefined;
}
