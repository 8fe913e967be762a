/** Makes a graph from the values that a file's program returns. */

import { ForwardpassError } from '../../errors.ts';
import type { Graph, GraphInput, GraphOutput } from '../../graph/graph.ts';
import { decisionOf, producersOf } from '../decision.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { commonBatch, rowShape } from '../tensors/inputs.ts';
import { apart } from '../tensors/shared-batch.ts';
import { type ElementType, publicType, type Row, type Value } from '../tensors/value.ts';
import type { Argument } from './argument.ts';
import { PyNumber, TensorRef } from './argument.ts';

/** An input as the file has it; the first axis is the batch. */
export interface ProgramInput {
  readonly name: string;
  readonly type: ElementType;
  /** Undefined for a dynamic axis. */
  readonly shape: readonly (number | undefined)[];
}

/** The input's row tensor. Throws `SHAPE` when the shape of a row is not fixed. */
export function inputRow(build: GraphBuilder, input: ProgramInput): { row: Row; declared: GraphInput } {
  const { name, type } = input;
  const { batchAxis } = build;
  const shape = rowShape(build, input.shape, `input ${name}`);
  const row: Row = { kind: 'row', type, shape, batchAxis, operand: build.uniqueName(name) };
  return { row, declared: { name, shape, dtype: publicType(type) } };
}

/** The batch size that the file was exported with, if all inputs have the same. */
export function batchOf(inputs: readonly ProgramInput[]): number | undefined {
  const isOpen = inputs.some(({ shape }) => shape[0] === undefined);
  return isOpen ? undefined : commonBatch(inputs.map(({ shape }) => shape));
}

/** The graph whose outputs are the given values. */
export function finishGraph(
  format: string,
  build: GraphBuilder,
  inputs: readonly GraphInput[],
  results: ReadonlyMap<string, Argument>,
): Graph {
  const outputs: GraphOutput[] = [];
  const rows: Row[] = [];
  for (const [name, result] of results) {
    const place = `output ${name}`;
    build.enter({ name, place, output: name });
    // The elements have the same order whether or not the file merges the batch with another axis.
    const row = build.named(apart(tensorOf(result, place)));
    rows.push(row);
    outputs.push({ name, value: row.operand, dtype: publicType(row.type) });
  }
  if (outputs.length === 0) throw new ForwardpassError('MALFORMED', 'the model gives no tensor', 'outputs');
  const isDouble = [...inputs, ...outputs].some(({ dtype }) => dtype === 'float64');
  return {
    format,
    precision: isDouble ? 'f64' : 'f32',
    inputs: build.bags.finish(
      build,
      inputs,
      outputs.map(({ value }) => value),
    ),
    outputs,
    nodes: build.nodes,
    decision: rows.length === 1 ? decisionOf(producersOf(build.nodes), rows[0]) : undefined,
  };
}

function tensorOf(result: Argument, place: string): Value {
  if (result instanceof PyNumber) return result.constant;
  const value = result instanceof TensorRef ? result.value : undefined;
  if (value !== undefined) return value;
  const message = 'is not a tensor, or one that was changed in place through a view of it';
  throw new ForwardpassError('UNSUPPORTED_OP', message, place);
}
