/** Rules that drop operations without effect. */
import { type Node, type Op, TRUTHS } from '../graph.ts';
import { broadcastShapes, elementCount, isIdentity, type Shape, sameShape } from '../shapes.ts';
import { isConstant, isNegativeZero, uniform } from './constants.ts';
import { type Rewriter, type Rule, rule } from './rewriter.ts';

/** Operations whose result is their operand's own array. */
const KEEP_ARRAYS: ReadonlySet<Op> = new Set<Op>(['reshape', 'retype', 'require_finite']);

/** Operations on constants become constants, with the bits that a run would give. */
export const foldConstants: Rule = {
  name: 'fold constants',
  keeps: 'bits',
  apply(node, graph) {
    if (!node.inputs.every(isConstant)) return undefined;
    if (!KEEP_ARRAYS.has(node.op))
      graph.budget.buildElements(elementCount(graph.shape(node.output)), `node ${node.name}`);
    return graph.fold(node, node.inputs.filter(isConstant));
  },
};

/** Movements that leave every element in place, and functions that leave every value as it is. */
export const dropIdentities = rule({
  name: 'drop identities',
  keeps: 'bits',
  ops: ['reshape', 'expand', 'concat', 'gather', 'unary', 'affine', 'retype'],
  apply(node, graph) {
    const [x] = node.inputs;
    if (!sameShape(graph.shape(x), graph.shape(node.output))) return undefined;
    return isIdentityNode(node, graph) ? x : undefined;
  },
});

const FLOAT32_STEPS = 2 ** 23;

function isIdentityNode(node: Node, { precision, tellsIntegers }: Rewriter): boolean {
  switch (node.op) {
    case 'reshape':
    case 'expand':
      return true;
    case 'concat':
      return node.inputs.length === 1;
    case 'gather':
      return isIdentity(node.attributes.indices, node.attributes.indices.length);
    case 'unary': {
      const { fn, alpha = 0, beta = 0 } = node.attributes;
      // The model's own precision already has no more bits.
      if (fn === 'narrow') return alpha >= FLOAT32_STEPS && precision === 'f32';
      return fn === 'clip' && alpha === -Infinity && beta === Infinity;
    }
    case 'affine':
      return rounded(uniform(node.inputs[1]), precision) === 1 && isNegativeZero(node.inputs[2]);
    case 'retype':
      return !tellsIntegers;
    default:
      return false;
  }
}

function rounded(value = Number.NaN, precision: 'f32' | 'f64'): number {
  return precision === 'f32' ? Math.fround(value) : value;
}

/** A transpose that moves no element becomes a reshape; two reshapes become one. */
export const plainReshapes = rule({
  name: 'plain reshapes',
  keeps: 'bits',
  ops: ['transpose', 'reshape'],
  apply(node, graph) {
    const [x] = node.inputs;
    const shape = graph.shape(node.output);
    if (node.op === 'transpose') {
      const longAxes = node.attributes.permutation.filter((axis) => graph.shape(x)[axis] > 1);
      const isOrdered = longAxes.every((axis, at) => at === 0 || longAxes[at - 1] < axis);
      if (isOrdered) return [graph.replace(node, 'reshape', [x], { shape })];
    }
    const inner = graph.definition(x);
    if (node.op === 'reshape' && inner?.op === 'reshape') {
      return [graph.replace(node, 'reshape', [inner.inputs[0]], { shape })];
    }
    return undefined;
  },
});

/** Drops expansions before element-wise operations, which broadcast anyway. */
export const impliedExpansions = rule({
  name: 'implied expansions',
  keeps: 'bits',
  ops: ['binary', 'select'],
  apply(node, graph) {
    for (const [at, operand] of node.inputs.entries()) {
      const expansion = graph.definition(operand);
      if (expansion?.op !== 'expand') continue;
      const inputs = node.inputs.with(at, expansion.inputs[0]);
      // Operands that broadcast after expansion also broadcast before it.
      const shape = broadcastShapes(...inputs.map((input) => graph.shape(input))) as Shape;
      if (sameShape(shape, graph.shape(node.output))) return [{ ...node, inputs } as Node];
    }
    return undefined;
  },
});

/** Drops conversions to 1 or 0 of values that already are. */
export const plainTruths = rule({
  name: 'plain truths',
  keeps: 'bits',
  ops: ['unary'],
  apply(node, graph) {
    if (node.attributes.fn !== 'to_bool') return undefined;
    const source = graph.definition(node.inputs[0]);
    const isTruth = (source?.op === 'binary' || source?.op === 'unary') && TRUTHS.has(source.attributes.fn);
    return isTruth ? node.inputs[0] : undefined;
  },
});
