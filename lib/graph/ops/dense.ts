import type { InputScale, Node, ReducedWeights } from '../graph.ts';
import { isInputScale } from '../input-scales.ts';
import { MOST_INT8_INPUTS, OPCODES, WEIGHTS } from '../plan-format.ts';
import { elementCount, formatShape, type Shape } from '../shapes.ts';
import { checkNumber, type OpDefinition, refuse } from './definition.ts';

/** The inputs (K) and outputs (N) of a dense layer, and the strides of its weight along each. */
export function denseLayout(
  layout: 'in-out' | 'out-in',
  weight: Shape,
): { k: number; n: number; kStep: number; nStep: number } {
  return layout === 'in-out'
    ? { k: weight[0], n: weight[1], kStep: weight[1], nStep: 1 }
    : { k: weight[1], n: weight[0], kStep: 1, nStep: weight[1] };
}

/** Whether the engine supports such a layer with weights in reduced precision. */
export function canReduce(weights: ReducedWeights, k: number, n: number): boolean {
  switch (weights) {
    case 'bf16':
      return n > 8 || k < 4 * n; // very narrow layers are summed along k: see docs/numerics.md
    case 'int8':
      return k <= MOST_INT8_INPUTS;
    default:
      return false;
  }
}

function inferDense(node: Node<'dense'>, [x, weight, bias]: readonly Shape[]): Shape {
  const { layout, clamp, weights, inputScale } = node.attributes;
  if (layout !== 'in-out' && layout !== 'out-in') {
    refuse(node, 'MALFORMED', `layout must be in-out or out-in, found ${String(layout)}`);
  }
  if (weight.length !== 2) refuse(node, 'SHAPE', `weight must have 2 axes, found ${formatShape(weight)}`);
  const { k, n } = denseLayout(layout, weight);
  if (x.at(-1) !== k) {
    refuse(
      node,
      'SHAPE',
      `weight ${formatShape(weight)} (${layout}) takes rows that end in ${k}, found ${formatShape(x)}`,
    );
  }
  if (bias !== undefined && !(bias.length === 1 && bias[0] === n)) {
    refuse(
      node,
      'SHAPE',
      `bias must be [${n}] beside a weight of ${formatShape(weight)} (${layout}), found ${formatShape(bias)}`,
    );
  }
  for (const bound of clamp ?? []) checkNumber(node, 'clamp', bound);
  if (weights !== undefined && !canReduce(weights, k, n)) {
    refuse(node, 'MALFORMED', `a weight of ${formatShape(weight)} (${layout}) has no form in ${String(weights)}`);
  }
  if (inputScale !== undefined) checkInputScale(node, inputScale);
  return x.with(x.length - 1, n);
}

function checkInputScale(node: Node<'dense'>, inputScale: InputScale): void {
  if (node.attributes.weights !== 'int8')
    refuse(node, 'MALFORMED', 'only a layer of int8 weights has a scale of its input');
  if (isInputScale(inputScale)) return;
  const wanted = 'a float32 from 2^-100 to 2^100 and an integer from -128 to 127';
  const [scale, zero] = inputScale;
  refuse(node, 'MALFORMED', `inputScale must be ${wanted}, but the scale is ${scale} and the zero is ${zero}`);
}

export const dense: OpDefinition<'dense'> = {
  operands: [2, 3],
  constants: [1, 2],
  infer: inferDense,

  evaluate(node, [x, weight, bias], shape) {
    const { k, n, kStep, nStep } = denseLayout(node.attributes.layout, weight.shape);
    const [low, high] = node.attributes.clamp ?? [-Infinity, Infinity];
    return Float64Array.from({ length: elementCount(shape) }, (_, at) => {
      const start = Math.floor(at / n) * k;
      const column = at % n;
      let sum = bias?.data[column] ?? 0;
      for (let i = 0; i < k; i++) sum += x.data[start + i] * weight.data[i * kStep + column * nStep];
      return Math.min(Math.max(sum, low), high);
    });
  },

  lower(node, shape, plan) {
    const { layout, clamp, weights, inputScale } = node.attributes;
    const [x, weight, bias] = node.inputs;
    const matrix = plan.constant(weight);
    const { k, n } = denseLayout(layout, matrix.shape);
    const repeat = elementCount(shape) / n;
    const row = plan.row(plan.view(x));
    const layer = [
      repeat,
      k,
      n,
      layout === 'in-out' ? 0 : 1,
      plan.parameter(matrix.data),
      bias === undefined ? -1 : plan.parameter(plan.constant(bias).data),
      clamp === undefined ? -1 : plan.numbers(clamp),
    ];
    if (inputScale !== undefined) return plan.staticDense(row, shape, layer, inputScale, node.output);
    const given = weights === 'int8' ? plan.quantized(row, repeat, k) : row;
    return plan.instruction(OPCODES.dense, shape, [given, ...layer, WEIGHTS[weights ?? 'whole']]);
  },
};
