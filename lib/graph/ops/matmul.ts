/** The product of two matrices, both of which may differ between rows. */
import type { Node } from '../graph.ts';
import { OPCODES } from '../plan-format.ts';
import { broadcastShapes, elementCount, formatShape, type Shape, takeBroadcast } from '../shapes.ts';
import { type OpDefinition, refuse } from './definition.ts';

interface Sizes {
  /** Axes before the last two, broadcast together. */
  readonly batch: Shape;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

function sizesOf(node: Node<'matmul'>, [a, b]: readonly Shape[]): Sizes {
  const { layout } = node.attributes;
  if (layout !== 'in-out' && layout !== 'out-in') {
    refuse(node, 'MALFORMED', `layout must be in-out or out-in, found ${String(layout)}`);
  }
  if (a.length < 2 || b.length < 2) {
    refuse(node, 'SHAPE', `both sides must have at least 2 axes, found ${formatShape(a)} and ${formatShape(b)}`);
  }
  const [m, k] = a.slice(-2);
  const [inputs, n] = layout === 'in-out' ? b.slice(-2) : b.slice(-2).toReversed();
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  if (k !== inputs || batch === undefined) {
    refuse(node, 'SHAPE', `${formatShape(a)} and ${formatShape(b)} (${layout}) have no product`);
  }
  return { batch, m, k, n };
}

export const matmul: OpDefinition<'matmul'> = {
  operands: [2, 2],

  infer(node, shapes) {
    const { batch, m, n } = sizesOf(node, shapes);
    return [...batch, m, n];
  },

  evaluate(node, [a, b], shape) {
    const { batch, m, k, n } = sizesOf(node, [a.shape, b.shape]);
    const isInOut = node.attributes.layout === 'in-out';
    const left = takeBroadcast(a.data, a.shape, [...batch, m, k]);
    const right = takeBroadcast(b.data, b.shape, [...batch, ...b.shape.slice(-2)]);
    return Float64Array.from({ length: elementCount(shape) }, (_, at) => {
      const [row, column] = [Math.floor(at / n), at % n];
      const matrix = Math.floor(row / m) * k * n;
      let sum = 0;
      for (let i = 0; i < k; i++) {
        sum += left[row * k + i] * right[matrix + (isInOut ? i * n + column : column * k + i)];
      }
      return sum;
    });
  },

  lower(node, shape, plan) {
    const shapes = node.inputs.map((operand) =>
      typeof operand === 'string' ? plan.defined(operand).shape : operand.shape,
    );
    const { batch, m, k, n } = sizesOf(node, shapes);
    // If one matrix serves all, they are one product.
    const isOne = elementCount(shapes[1].slice(0, -2)) === 1;
    const repeat = isOne ? 1 : elementCount(batch);
    const a = plan.operand(node.inputs[0], [...batch, m, k]);
    const b = plan.operand(node.inputs[1], isOne ? shapes[1] : [...batch, ...shapes[1].slice(-2)]);
    const rows = elementCount(shape) / n / repeat;
    const layout = node.attributes.layout === 'in-out' ? 0 : 1;
    return plan.instruction(OPCODES.matmul, shape, [a, b, repeat, rows, k, n, layout]);
  },
};
