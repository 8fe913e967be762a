/** Rules that fold adjacent nodes into dense layers. A weight is only copied if something is folded into it. */
import type { Node, Tensor } from '../graph.ts';
import { denseLayout } from '../ops/dense.ts';
import { areAllFinite } from '../spans.ts';
import { MAX_SHIFT, termsOf } from './affine.ts';
import { greatestMagnitude, isNormalNumber, overLastAxis } from './constants.ts';
import { clampOf, clampTwice } from './plain.ts';
import { type Rewrite, type Rewriter, rule } from './rewriter.ts';

/** (x·s + t)·W + b becomes x·(diag(s)·W) + (b + tᵀ·W), unless a large shift would cost precision. */
export const affineBeforeDense = rule({
  name: 'affine before dense',
  keeps: 'precision',
  ops: ['dense'],
  apply(node, graph) {
    // A scale was measured on the numbers that come in as they are.
    if (node.attributes.inputScale !== undefined) return undefined;
    const before = graph.feedsOnlyDense(node.inputs[0]) ? graph.definition(node.inputs[0]) : undefined;
    if (before?.op !== 'affine' || !graph.mayFold(parameters(node).weight)) return undefined;
    const terms = vectors(before, graph);
    if (terms === undefined) return undefined;
    const { scale, shift } = terms;
    if (!(greatestMagnitude(shift) <= MAX_SHIFT[graph.precision])) return undefined;
    const { weight, bias, k, n, kStep, nStep } = parameters(node);
    const bases = Float64Array.from({ length: n }, (_, column) => {
      let sum = bias?.data[column] ?? 0;
      for (let i = 0; i < k; i++) sum += shift[i] * weight.data[i * kStep + column * nStep];
      return sum;
    });
    return withParameters(node, graph, before.inputs[0], { along: 'k', scale }, bases);
  },
});

/** (x·W + b)·s + t becomes x·(W·diag(s)) + (b·s + t). */
export const affineAfterDense = rule({
  name: 'affine after dense',
  keeps: 'precision',
  ops: ['affine'],
  apply(node, graph) {
    const dense = graph.only(node.inputs[0], 'dense');
    if (dense === undefined || dense.attributes.clamp !== undefined) return undefined;
    const terms = graph.mayFold(parameters(dense).weight) ? vectors(node, graph) : undefined;
    if (terms === undefined) return undefined;
    const { scale, shift } = terms;
    const { bias } = parameters(dense);
    const bases = Float64Array.from(shift, (value, column) => (bias?.data[column] ?? 0) * scale[column] + value);
    const folded = { ...dense, name: dense.name, output: node.output };
    return withParameters(folded, graph, dense.inputs[0], { along: 'n', scale }, bases);
  },
});

/** relu and clip become part of the dense layer that they follow. */
export const clampIntoDense = rule({
  name: 'clamp into dense',
  keeps: 'bits',
  ops: ['unary'],
  apply(node, graph) {
    const bounds = clampOf(node);
    const dense = graph.only(node.inputs[0], 'dense');
    if (bounds === undefined || dense === undefined) return undefined;
    const clamp = clampTwice(dense.attributes.clamp ?? [-Infinity, Infinity], bounds);
    return [{ ...dense, output: node.output, attributes: { ...dense.attributes, clamp } }];
  },
});

/** Scale and shift of an affine node as vectors over its last axis. */
function vectors(node: Node<'affine'>, graph: Rewriter): { scale: Tensor['data']; shift: Tensor['data'] } | undefined {
  const [scale, shift] = termsOf(node).map((term) => overLastAxis(term, graph.shape(node.output)));
  return scale === undefined || shift === undefined ? undefined : { scale, shift };
}

function parameters(node: Node<'dense'>) {
  const [, weight, bias] = node.inputs as readonly Tensor[];
  return { weight, bias, ...denseLayout(node.attributes.layout, weight.shape) };
}

/** The factors of the weights, one for each input (k) or for each output (n). */
interface Scaling {
  readonly along: 'k' | 'n';
  readonly scale: Tensor['data'];
}

/** The layer with new parameters; undefined if the precision cannot represent them. */
function withParameters(
  node: Node<'dense'>,
  graph: Rewriter,
  x: Node['inputs'][number],
  scaling: Scaling,
  bias: Float64Array,
): Rewrite | undefined {
  if (!areAllFinite(bias)) return undefined;
  const weight = scaleWeight(node, graph, scaling);
  return weight && [graph.replace(node, 'dense', [x, weight, { shape: [bias.length], data: bias }], node.attributes)];
}

/** The scaled weight; the same object if nothing changes, and undefined if the precision cannot represent it. */
function scaleWeight(node: Node<'dense'>, graph: Rewriter, { along, scale }: Scaling): Tensor | undefined {
  const { weight, n, k, kStep, nStep } = parameters(node);
  if (scale.every((factor) => factor === 1)) return weight;
  const each = (put: (at: number, value: number) => void) => {
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < n; j++) {
        const at = i * kStep + j * nStep;
        put(at, weight.data[at] * scale[along === 'k' ? i : j]);
      }
    }
  };
  let isHeld = true;
  each((_, value) => {
    isHeld &&= isNormalNumber(value, graph.precision);
  });
  if (!isHeld) return undefined;
  const data = graph.foldedFrom(weight.data);
  each((at, value) => {
    data[at] = value;
  });
  return { shape: weight.shape, data };
}
