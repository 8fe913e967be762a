/** Which int8 layers give integers to the layers behind them: see docs/quantize.md, "One scale for all rows". */
import type { InputScale, Node, Operand, Tensor } from './graph.ts';
import { LEAST_BYTE, MOST_BYTE } from './input-scales.ts';
import { denseLayout } from './ops/dense.ts';
import { greatestMagnitude } from './simplify/constants.ts';

interface Layers {
  readonly nodes: readonly Node[];
  readonly outputs: readonly { readonly value: Operand }[];
}

/**
 * By the name of a layer's result, its scale where only layers of that scale take it: the layer then gives their integers,
 * and nobody needs its floats.
 */
export function resultScales({ nodes, outputs }: Layers): ReadonlyMap<string, InputScale> {
  const scales = new Map<string, InputScale | undefined>();
  for (const { value } of outputs) if (typeof value === 'string') scales.set(value, undefined);
  for (const node of nodes) {
    const own = node.op === 'dense' ? node.attributes.inputScale : undefined;
    for (const operand of node.inputs) {
      if (typeof operand !== 'string') continue;
      const known = scales.has(operand) ? scales.get(operand) : own;
      scales.set(operand, known?.[0] === own?.[0] && known?.[1] === own?.[1] ? own : undefined);
    }
  }
  const found = new Map<string, InputScale>();
  for (const node of nodes) {
    const scale = scales.get(node.output);
    if (scale !== undefined && node.op === 'dense' && isAlwaysFinite(node)) found.set(node.output, scale);
  }
  return found;
}

/** Whether a layer of such a scale gives finite numbers for every row that is finite: others have no integer. */
function isAlwaysFinite({ inputs, attributes: { inputScale, layout, clamp } }: Node<'dense'>): boolean {
  if (inputScale === undefined) return false;
  const [weight, bias] = inputs.slice(1) as [Tensor, Tensor?];
  const [least, most] = clamp ?? [-Infinity, Infinity];
  if (least === Infinity || most === -Infinity) return false;
  const { k } = denseLayout(layout, weight.shape);
  // A weight is rounded by less than the factor of 2.
  const sum = k * (MOST_BYTE - LEAST_BYTE) * inputScale[0] * 2 * greatestMagnitude(weight.data);
  return sum + (bias === undefined ? 0 : greatestMagnitude(bias.data)) < 2 ** 127;
}
