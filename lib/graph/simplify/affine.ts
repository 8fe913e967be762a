/** Rules that turn arithmetic with constants into affine nodes, and merge those with adjacent nodes. */
import type { Node, Operand, Tensor } from '../graph.ts';
import { sameShape } from '../shapes.ts';
import { areAllFinite } from '../spans.ts';
import {
  combine,
  greatestMagnitude,
  inverted,
  isConstant,
  isNormal,
  isZero,
  negated,
  overTrailingAxes,
  scalar,
} from './constants.ts';
import { type Rewrite, type Rewriter, rule } from './rewriter.ts';

/**
 * How large a shift may become by folding. (x − mean)/deviation, computed as written, subtracts nearby numbers, which
 * is exact. With the factors multiplied out, x/deviation and mean/deviation are rounded first, and the difference
 * inherits their errors: the result loses as many bits as the shift has before the binary point. Five bits are little
 * compared with the rounding of a layer's sum in float32; float64 has bits to spare.
 */
export const MAX_SHIFT = { f32: 2 ** 5, f64: 2 ** 10 } as const;

/** −x is affine. A shift of −0 keeps the sign of zeros. */
export const negationToAffine = rule({
  name: 'negation to affine',
  keeps: 'bits',
  ops: ['unary'],
  apply(node, graph) {
    if (node.attributes.fn !== 'neg') return undefined;
    return [graph.replace(node, 'affine', [node.inputs[0], scalar(-1), scalar(-0)], {})];
  },
});

/** x + c, x − c, c − x and x·c become affine, which also rounds once. */
export const toAffine = rule({
  name: 'to affine',
  keeps: 'bits',
  ops: ['binary'],
  apply(node, graph) {
    const [a, b] = node.inputs;
    const x = isConstant(a) ? b : a;
    const constant = isConstant(a) ? a : b;
    if (!isConstant(constant)) return undefined;
    const terms = affineTerms(node, constant, isConstant(a));
    return terms && affineOf(node, graph, x, terms);
  },
});

/** x/c becomes x·(1/c), which is off by a bit for some quotients: 49·(1/49) is below 1. */
export const divisionToAffine = rule({
  name: 'division to affine',
  keeps: 'precision',
  ops: ['binary'],
  apply(node, graph) {
    const [x, divisor] = node.inputs;
    if (node.attributes.fn !== 'div' || !isConstant(divisor)) return undefined;
    return affineOf(node, graph, x, [{ shape: divisor.shape, data: inverted(divisor.data) }, scalar(-0)]);
  },
});

/** Undefined if the operation broadcasts x, or the precision cannot represent the terms. */
function affineOf(node: Node, graph: Rewriter, x: Operand, [scale, shift]: Terms): Rewrite | undefined {
  if (!sameShape(graph.shape(x), graph.shape(node.output))) return undefined;
  if (!isNormal(scale.data, graph.precision) || !areAllFinite(shift.data)) return undefined;
  return [graph.replace(node, 'affine', [x, scale, shift], {})];
}

type Terms = readonly [scale: Tensor, shift: Tensor];

/**
 * The scale and shift of an affine. Validation ensures that they are constants, and constant results are folded before
 * a rule sees them.
 */
export function termsOf(node: Node<'affine'>): Terms {
  return node.inputs.slice(1) as unknown as Terms;
}

function affineTerms(node: Node<'binary'>, c: Tensor, isFirst: boolean): Terms | undefined {
  switch (node.attributes.fn) {
    case 'add':
      return [scalar(1), c];
    case 'sub':
      return isFirst ? [scalar(-1), c] : [scalar(1), { shape: c.shape, data: negated(c.data) }];
    case 'mul':
      return [c, scalar(-0)];
    default:
      return undefined;
  }
}

/** (x·s + t)·u + v becomes x·su + (tu + v). */
export const mergeAffines = rule({
  name: 'merge affines',
  keeps: 'precision',
  ops: ['affine'],
  apply(node, graph) {
    const inner = graph.only(node.inputs[0], 'affine');
    if (inner === undefined) return undefined;
    const [innerScale, innerShift] = termsOf(inner);
    const [outerScale, outerShift] = termsOf(node);
    if (!graph.affords(3, [innerScale, innerShift, outerScale, outerShift])) return undefined;
    const carried = combine('mul', innerShift, outerScale);
    if (greatestMagnitude(carried.data) > MAX_SHIFT[graph.precision]) return undefined;
    const scale = combine('mul', innerScale, outerScale);
    const shift = isZero(carried) ? outerShift : combine('add', carried, outerShift);
    return affineOf(node, graph, inner.inputs[0], [scale, shift]);
  },
});

/** An affine after a norm becomes the norm's own scale and shift. */
export const affineIntoNorm = rule({
  name: 'affine into norm',
  keeps: 'precision',
  ops: ['affine'],
  apply(node, graph) {
    const norm = graph.only(node.inputs[0], 'layer_norm') ?? graph.only(node.inputs[0], 'rms_norm');
    if (norm === undefined) return undefined;
    const trailing = graph.shape(norm.output).slice(norm.attributes.axis);
    if (!graph.affords(5, [{ shape: trailing }])) return undefined;
    const [outerScale, outerShift] = termsOf(node).map((term) => overTrailingAxes(term, trailing));
    if (outerScale === undefined || outerShift === undefined) return undefined;
    const [x, innerScale = scalar(1), innerShift = scalar(0)] = norm.inputs;
    const scale = combine('mul', innerScale as Tensor, outerScale);
    const shift = combine('add', combine('mul', innerShift as Tensor, outerScale), outerShift);
    if (!isNormal(scale.data, graph.precision) || !areAllFinite(shift.data)) return undefined;
    if (norm.op === 'layer_norm') return [graph.replace(node, 'layer_norm', [x, scale, shift], norm.attributes)];
    return isZero(shift) ? [graph.replace(node, 'rms_norm', [x, scale], norm.attributes)] : undefined;
  },
});
