import type { Node } from '../../graph/graph.ts';

/** The columns of the input that no node takes: they may hold anything. Nodes take some columns, or all of them. */
export function unusedColumns(nodes: readonly Node[], input: string, width: number): readonly number[] {
  const used = new Set<number>();
  for (const node of nodes) {
    if (!node.inputs.includes(input)) continue;
    if (node.op !== 'gather') return [];
    for (const column of node.attributes.indices) used.add(column);
  }
  return Array.from({ length: width }, (_, column) => column).filter((column) => !used.has(column));
}
