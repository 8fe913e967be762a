/** Decision trees in f32 models. */
import { floorFloat } from '../float32.ts';
import { NODE_FIELDS, type Node, SPLITS, type Tensor } from '../graph.ts';
import { rule } from './rewriter.ts';

/**
 * Replaces thresholds by the greatest float32 that is not above them, which decides in the same way. Rounding to
 * nearest would not always.
 */
export const floatThresholds = rule({
  name: 'floatThresholds',
  keeps: 'bits',
  ops: ['trees'],
  apply(node: Node<'trees'>, graph) {
    const [x, nodes, ...others] = node.inputs as [string, Tensor];
    if (graph.precision !== 'f32' || nodes.data instanceof Float32Array) return undefined;
    graph.budget.build(nodes.data.length * Float32Array.BYTES_PER_ELEMENT, `node ${node.name}`);
    const data = Float32Array.from(nodes.data);
    for (let at = 0; at < data.length; at += NODE_FIELDS) {
      const isCompared = data[at] !== -1 && data[at + 2] <= SPLITS.at_most_or_nan;
      if (isCompared) data[at + 1] = floorFloat(nodes.data[at + 1]);
    }
    return [graph.replace(node, 'trees', [x, { shape: nodes.shape, data }, ...others], node.attributes)];
  },
});
