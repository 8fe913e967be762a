/** Decision trees in a model of f32. */
import { NODE_FIELDS, type Node, SPLITS, type Tensor } from '../graph.ts';
import { rule } from './rewriter.ts';

/**
 * Thresholds become the greatest float32 that is not above them: a float32 is at most the one exactly where it is at most
 * the other, which rounding to the nearest would change.
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
      const threshold = nodes.data[at + 1];
      const isCompared = data[at] !== -1 && data[at + 2] <= SPLITS.at_most_or_nan;
      if (isCompared && data[at + 1] > threshold) data[at + 1] = below(data[at + 1]);
    }
    return [graph.replace(node, 'trees', [x, { shape: nodes.shape, data }, ...others], node.attributes)];
  },
});

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The greatest float32 below one that is not the least. */
function below(value: number): number {
  float[0] = value;
  if (value === 0) return -(2 ** -149);
  bits[0] += value > 0 ? -1 : 1;
  return float[0];
}
