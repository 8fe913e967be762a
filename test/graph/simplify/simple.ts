import type { Node } from '../../../lib/graph/graph.ts';
import { type SimplifiedGraph, simplify } from '../../../lib/graph/simplify.ts';
import { checkedOf } from '../graphs.ts';

interface Options {
  readonly precision?: 'f32' | 'f64';
  readonly outputs?: readonly string[];
}

/** In f64 unless told otherwise. */
export function simple(
  inputs: Readonly<Record<string, readonly number[]>>,
  nodes: readonly Node[],
  { precision = 'f64', outputs }: Options = {},
): SimplifiedGraph {
  return simplify(checkedOf(inputs, nodes, outputs), { precision });
}

/** The nodes that are left, in order, each by its function where it has one. */
export function kinds(...given: Parameters<typeof simple>): string[] {
  return simple(...given).nodes.map(({ op, attributes }) => ('fn' in attributes ? attributes.fn : op));
}
