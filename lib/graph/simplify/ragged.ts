/** Rules that avoid making dense rows of a ragged input before a dense layer. */
import type { Node, Operand, Tensor } from '../graph.ts';
import { denseLayout } from '../ops/dense.ts';
import { areAllFinite } from '../spans.ts';
import { endingOfDense } from './ending.ts';
import { hotOf } from './hot.ts';
import { type Rewriter, rule } from './rewriter.ts';

/**
 * x·W + b of a scattered row is the sum of the rows of W that its pairs select. All other rows would be multiplied by
 * 0, which only makes no difference if W is finite.
 */
export const denseOfScatter = rule({
  name: 'dense of scatter',
  keeps: 'precision',
  ops: ['dense'],
  apply(node, graph) {
    const scatter = graph.definition(node.inputs[0]);
    const [, weight, bias] = node.inputs as readonly Tensor[];
    if (scatter?.op !== 'scatter' || !areAllFinite(weight.data)) return undefined;
    const { k, n, nStep } = denseLayout(node.attributes.layout, weight.shape);
    const isInOut = nStep === 1 || n === 1;
    if (!isInOut && !graph.affords(1, [weight])) return undefined;
    const table = isInOut ? weight.data : transposed(weight.data, n, k);
    const inputs = [
      scatter.inputs[0],
      { ...weight, shape: [k, n], data: table },
      ...(bias === undefined ? [] : [bias]),
    ];
    return endingOfDense(node, graph, 'bag', inputs, { mode: 'sum' });
  },
});

/**
 * A dense layer of selected columns of a scattered row becomes one of the whole row, with zero weights for the others.
 */
export const denseOfChosen = rule({
  name: 'dense of chosen columns',
  keeps: 'precision',
  ops: ['dense'],
  apply(node, graph) {
    const gather = graph.definition(node.inputs[0]);
    if (gather?.op !== 'gather' || graph.definition(gather.inputs[0])?.op !== 'scatter') return undefined;
    const [, weight, ...bias] = node.inputs as readonly Tensor[];
    const [count] = graph.shape(gather.inputs[0]);
    const { n, kStep, nStep } = denseLayout(node.attributes.layout, weight.shape);
    if (!areAllFinite(weight.data) || !graph.affords(1, [{ shape: [count, n] }])) return undefined;
    const data = new Float64Array(count * n);
    for (const [i, column] of gather.attributes.indices.entries()) {
      for (let j = 0; j < n; j++) data[column * n + j] += weight.data[i * kStep + j * nStep];
    }
    const inputs = [gather.inputs[0], { shape: [count, n], data }, ...bias];
    return [graph.replace(node, 'dense', inputs, { ...node.attributes, layout: 'in-out' })];
  },
});

/** A dense layer of scattered or one-hot rows beside other columns becomes the sum of one layer for each. */
export const denseOfParts = rule({
  name: 'dense of parts',
  keeps: 'precision',
  ops: ['dense'],
  apply(node, graph) {
    const concat = graph.definition(node.inputs[0]);
    if (concat?.op !== 'concat' || graph.shape(concat.output).length !== 1) return undefined;
    const [, weight, ...bias] = node.inputs as readonly Tensor[];
    const parts = partsOf(concat.inputs, graph);
    if (!parts.some((part) => isSparse(part, graph)) || !graph.affords(1, [weight])) return undefined;
    const { n, kStep, nStep } = denseLayout(node.attributes.layout, weight.shape);
    const nodes: Node[] = [];
    let sum: string | undefined;
    let first = 0;
    for (const [at, run] of runsOf(parts, graph).entries()) {
      const count = run.reduce((total, part) => total + graph.shape(part)[0], 0);
      const start = first;
      first += count;
      const data = Float64Array.from(
        { length: count * n },
        (_, i) => weight.data[(start + Math.floor(i / n)) * kStep + (i % n) * nStep],
      );
      let [x] = run;
      if (run.length > 1) {
        nodes.push(graph.add(node, 'concat', run, { axis: 0 }));
        x = nodes[nodes.length - 1].output;
      }
      const inputs = [x, { shape: [count, n], data }, ...(at === 0 ? bias : [])];
      const layer = graph.add(node, 'dense', inputs, { layout: 'in-out' });
      nodes.push(layer);
      if (first === weight.data.length / n) {
        // The last node. A layer of a single part is not for this rule.
        if (sum === undefined) return undefined;
        return [...nodes, ...endingOfDense(node, graph, 'binary', [sum, layer.output], { fn: 'add' })];
      }
      if (sum !== undefined) nodes.push(graph.add(node, 'binary', [sum, layer.output], { fn: 'add' }));
      sum = nodes[nodes.length - 1].output;
    }
    return undefined;
  },
});

/** The parts of concatenated rows, which may be concatenated themselves. */
function partsOf(inputs: readonly Operand[], graph: Rewriter): Operand[] {
  const parts: Operand[] = [];
  const left = inputs.toReversed();
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    const node = graph.definition(part);
    const isNested = node?.op === 'concat' && graph.shape(part).length === 1;
    if (!isNested) parts.push(part);
    else for (const inner of node.inputs.toReversed()) left.push(inner);
  }
  return parts;
}

/** Groups the parts: each scattered row separately, and adjacent other parts together. */
function runsOf(parts: readonly Operand[], graph: Rewriter): Operand[][] {
  const runs: Operand[][] = [];
  let isOpen = false;
  for (const part of parts) {
    const isAlone = isSparse(part, graph);
    if (isOpen && !isAlone) runs[runs.length - 1].push(part);
    else runs.push([part]);
    isOpen = !isAlone;
  }
  return runs;
}

/** Whether it is a scattered row, possibly with columns selected or scaled, or a one-hot row. */
function isSparse(operand: Operand, graph: Rewriter): boolean {
  if (hotOf(operand, graph) !== undefined) return true;
  let node = graph.definition(operand);
  while (node?.op === 'gather' || node?.op === 'affine') node = graph.definition(node.inputs[0]);
  return node?.op === 'scatter';
}

function transposed(data: Tensor['data'], rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: data.length }, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]);
}
