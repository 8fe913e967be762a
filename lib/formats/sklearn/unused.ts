import type { Node } from '../../graph/graph.ts';

/** The input columns that no node uses, which may contain anything. Nodes take some columns, or all of them. */
export function unusedColumns(nodes: readonly Node[], input: string, width: number): readonly number[] {
  const used = new Uint8Array(width);
  for (const node of nodes) {
    if (!node.inputs.includes(input)) continue;
    if (node.op !== 'gather') return [];
    for (const column of node.attributes.indices) used[column] = 1;
  }
  const unused: number[] = [];
  for (let column = 0; column < width; column++) if (used[column] === 0) unused.push(column);
  return unused;
}
