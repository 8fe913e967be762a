/** The nodes of a graph that its outputs depend on. */
import type { Node } from '../graph/graph.ts';

/** The nodes that the operands depend on, in order. */
export function neededFor(operands: readonly string[], nodes: readonly Node[]): Node[] {
  const needed = new Set(operands);
  const kept: Node[] = [];
  for (const node of nodes.toReversed()) {
    if (!needed.has(node.output)) continue;
    for (const input of node.inputs) if (typeof input === 'string') needed.add(input);
    kept.push(node);
  }
  return kept.reverse();
}
