/** Short spellings for graphs in tests. */
import type { Graph, Node, Op, OpAttributes, Operand, Tensor } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { type CheckedGraph, validate } from '../../lib/graph/validate.ts';

/** A constant of float32 elements; without a shape, as many as there are. */
export function constant(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { shape, data: Float32Array.from(values) };
}

export function scalar(value: number): Tensor {
  return constant([value], []);
}

export function node<O extends Op>(
  output: string,
  op: O,
  inputs: readonly Operand[],
  attributes: OpAttributes[O],
): Node {
  return { op, name: `n_${output}`, inputs, output, attributes } as Node;
}

/** A graph with float32 inputs; the output `y` is the last node's result unless told otherwise. */
export function graphOf(
  inputs: Readonly<Record<string, readonly number[]>>,
  nodes: readonly Node[],
  outputs: readonly string[] = [nodes.at(-1)?.output ?? ''],
): Graph {
  return {
    format: 'test',
    precision: 'f32',
    inputs: Object.entries(inputs).map(([name, shape]) => ({ name, shape, dtype: 'float32' })),
    outputs: outputs.map((value, at) => ({ name: at === 0 ? 'y' : `y${at}`, value, dtype: 'float32' })),
    nodes,
  };
}

export function checkedOf(...graph: Parameters<typeof graphOf>): CheckedGraph {
  return validate(graphOf(...graph), DEFAULT_LIMITS);
}
