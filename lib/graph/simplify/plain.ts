/** Rules that bring the many spellings of a function to a single one, so that other rules only need to know that. */
import type { Node, Operand } from '../graph.ts';
import { REDUCE } from '../operations/rowwise.ts';
import { UNARY } from '../operations/unary.ts';
import { sameShape } from '../shapes.ts';
import { remembered } from '../spans.ts';
import { termsOf } from './affine.ts';
import { isConstant, isNegativeZero, scalar, uniform } from './constants.ts';
import { type Rewrite, type Rewriter, rule } from './rewriter.ts';

/**
 * Replaces powers that have their own function; the cube becomes x·x². Roots are excluded if x may be −∞ or −0, where
 * pow differs.
 */
export const plainPowers = rule({
  name: 'plain powers',
  keeps: 'function',
  ops: ['binary'],
  apply(node, graph) {
    const [x, exponent] = node.inputs;
    if (!sameShape(graph.shape(x), graph.shape(node.output))) return undefined;
    if (node.attributes.fn === 'mul' && x === exponent) return [graph.replace(node, 'unary', [x], { fn: 'square' })];
    if (node.attributes.fn !== 'pow') return undefined;
    const power = uniform(exponent);
    if ((power === 0.5 || power === -0.5) && !isPositive(x, graph)) return undefined;
    switch (power) {
      case 1:
        return x;
      case 2:
        return [graph.replace(node, 'unary', [x], { fn: 'square' })];
      case 3: {
        const square = graph.add(node, 'unary', [x], { fn: 'square' });
        return [square, graph.replace(node, 'binary', [x, square.output], { fn: 'mul' })];
      }
      case 0.5:
        if (!isPositive(x, graph)) return undefined;
        return [graph.replace(node, 'unary', [x], { fn: 'sqrt' })];
      case -1:
        return [graph.replace(node, 'unary', [x], { fn: 'reciprocal' })];
      case -0.5: {
        if (!isPositive(x, graph)) return undefined;
        const root = graph.add(node, 'unary', [x], { fn: 'sqrt' });
        return [root, graph.replace(node, 'unary', [root.output], { fn: 'reciprocal' })];
      }
      default:
        return undefined;
    }
  },
});

const areAllPositive = remembered((data) => data.every((value) => value > 0 || Object.is(value, 0)));
const areAtLeastZero = remembered((data) => data.every((value) => value >= 0));

/** Whether no element is negative or −0, judging by the last few operations. */
function isPositive(operand: Operand, graph: Rewriter, depth = 8): boolean {
  if (isConstant(operand)) return areAllPositive(operand.data);
  const node = depth > 0 ? graph.definition(operand) : undefined;
  const all = (operands: readonly Operand[]) => operands.every((each) => isPositive(each, graph, depth - 1));
  switch (node?.op) {
    case 'unary':
      return UNARY[node.attributes.fn].gives === 'positive' || (clampOf(node)?.[0] ?? 0) > 0;
    case 'reduce':
      return (
        REDUCE[node.attributes.fn].gives === 'positive' ||
        (['sum', 'mean'].includes(node.attributes.fn) && all(node.inputs))
      );
    case 'binary':
      return ['add', 'mul'].includes(node.attributes.fn) && all(node.inputs);
    case 'affine': {
      const [scale, shift] = termsOf(node);
      return all([node.inputs[0], scale]) && areAtLeastZero(shift.data);
    }
    case 'reshape':
    case 'expand':
      return all(node.inputs);
    default:
      return false;
  }
}

/** 1/x becomes the reciprocal. */
export const plainReciprocals = rule({
  name: 'plain reciprocals',
  keeps: 'bits',
  ops: ['binary'],
  apply(node, graph) {
    const [one, x] = node.inputs;
    if (node.attributes.fn !== 'div' || uniform(one) !== 1) return undefined;
    if (!sameShape(graph.shape(x), graph.shape(node.output))) return undefined;
    return [graph.replace(node, 'unary', [x], { fn: 'reciprocal' })];
  },
});

/** a·(1/b) becomes a/b, which is rounded once instead of twice. */
export const plainDivisions = rule({
  name: 'plain divisions',
  keeps: 'precision',
  ops: ['binary'],
  apply(node, graph) {
    if (node.attributes.fn !== 'mul') return undefined;
    const [a, b] = node.inputs;
    for (const [x, inverse] of [node.inputs, [b, a]]) {
      const reciprocal = graph.definition(inverse);
      if (reciprocal?.op === 'unary' && reciprocal.attributes.fn === 'reciprocal') {
        return [graph.replace(node, 'binary', [x, reciprocal.inputs[0]], { fn: 'div' })];
      }
    }
    return undefined;
  },
});

/** A clip from 0 becomes relu; one from −0 would turn 0 into −0. */
export const plainRelus = rule({
  name: 'plain relus',
  keeps: 'bits',
  ops: ['unary'],
  apply(node, graph) {
    const { fn, alpha = 0, beta } = node.attributes;
    const isRelu = fn === 'clip' && Object.is(alpha, 0) && beta === Infinity;
    return isRelu ? [graph.replace(node, 'unary', node.inputs, { fn: 'relu' })] : undefined;
  },
});

/** max and min with one number become clips. */
export const plainClips = rule({
  name: 'plain clips',
  keeps: 'numbers',
  ops: ['binary'],
  apply(node, graph) {
    if (node.attributes.fn !== 'max' && node.attributes.fn !== 'min') return undefined;
    for (const [x, constant] of [node.inputs, node.inputs.toReversed()]) {
      const bound = uniform(constant);
      if (bound === undefined || !sameShape(graph.shape(x), graph.shape(node.output))) continue;
      const [alpha, beta] = node.attributes.fn === 'max' ? [bound, Infinity] : [-Infinity, bound];
      return [graph.replace(node, 'unary', [x], { fn: 'clip', alpha, beta })];
    }
    return undefined;
  },
});

/** The bounds of relu and clip, ordered; undefined for other nodes and for crossed bounds. */
export function clampOf(node: Node | undefined): readonly [number, number] | undefined {
  if (node?.op !== 'unary') return undefined;
  const { fn, alpha = 0, beta = 0 } = node.attributes;
  if (fn === 'relu') return [0, Infinity];
  return fn === 'clip' && alpha <= beta ? [alpha, beta] : undefined;
}

/** The bounds of one clamp after another: the second's image of the first's. */
export function clampTwice(
  [low, high]: readonly [number, number],
  [min, max]: readonly [number, number],
): [number, number] {
  const clamp = (value: number) => Math.min(Math.max(value, min), max);
  return [clamp(low), clamp(high)];
}

/** Two clips become one: relu6 is often min(max(x, 0), 6). */
export const mergeClips = rule({
  name: 'merge clips',
  keeps: 'numbers',
  ops: ['unary'],
  apply(node, graph) {
    const outer = clampOf(node);
    const inner = graph.only(node.inputs[0], 'unary');
    const bounds = clampOf(inner);
    if (outer === undefined || inner === undefined || bounds === undefined) return undefined;
    const [alpha, beta] = clampTwice(bounds, outer);
    return [graph.replace(node, 'unary', inner.inputs, { fn: 'clip', alpha, beta })];
  },
});

/** PRelu with one slope becomes leaky relu. */
export const oneSlope = rule({
  name: 'one slope',
  keeps: 'bits',
  ops: ['binary'],
  apply(node, graph) {
    if (node.attributes.fn !== 'prelu') return undefined;
    const [x, slope] = node.inputs;
    const alpha = uniform(slope);
    if (alpha === undefined || !sameShape(graph.shape(x), graph.shape(node.output))) return undefined;
    return [graph.replace(node, 'unary', [x], { fn: 'leaky_relu', alpha })];
  },
});

/** Larger factors stay where they are, because products without them might overflow or underflow. */
const HOISTED = 2 ** 8;

/**
 * (c·x)·y becomes c·(x·y), and likewise for quotients: the scale can then be merged further, and products have one
 * form.
 */
export const hoistScales = rule({
  name: 'hoist scales',
  keeps: 'precision',
  ops: ['binary'],
  apply(node, graph) {
    if (node.attributes.fn !== 'mul' && node.attributes.fn !== 'div') return undefined;
    for (const [at, operand] of node.inputs.entries()) {
      const scaling = graph.only(operand, 'affine');
      if (scaling === undefined || !isNegativeZero(scaling.inputs[2])) continue;
      const factor = uniform(scaling.inputs[1]);
      if (factor === undefined || Math.abs(factor) > HOISTED || Math.abs(factor) < 1 / HOISTED) continue;
      const isDivisor = node.attributes.fn === 'div' && at === 1;
      return scaled(node, graph, node.inputs.with(at, scaling.inputs[0]), isDivisor ? 1 / factor : factor);
    }
    return undefined;
  },
});

function scaled(node: Node<'binary'>, graph: Rewriter, inputs: Node['inputs'], factor: number): Rewrite {
  const inner = graph.add(node, 'binary', inputs, node.attributes);
  return [inner, graph.replace(node, 'affine', [inner.output, scalar(factor), scalar(-0)], {})];
}
