/**
 * Rules for requirements of finite numbers. The requirements move towards the inputs, so that scalers still fold into
 * the layers after them, and are dropped if the numbers are already known to be finite. A sum or product that overflows
 * in between is then no longer detected.
 */
import type { Node, Operand } from '../graph.ts';
import { BINARY } from '../operations/binary.ts';
import type { ElementwiseEntry } from '../operations/entry.ts';
import { UNARY } from '../operations/unary.ts';
import { areAllFinite, leastMagnitude, remembered } from '../spans.ts';
import { termsOf } from './affine.ts';
import { isConstant } from './constants.ts';
import { type Rewriter, rule } from './rewriter.ts';

/** If x is finite, so is x·s + t. If x has no infinities, neither does x·s + t; if s is 0, infinities become NaN. */
export const requireBeforeAffine = rule({
  name: 'require before affine',
  keeps: 'bits',
  ops: ['require_finite'],
  apply(node, graph) {
    const affine = graph.only(node.inputs[0], 'affine');
    if (affine === undefined) return undefined;
    const [scale, shift] = termsOf(affine);
    const isTame = [scale, shift].every(({ data }) => areAllFinite(data));
    if (!isTame || (node.attributes.nan && leastMagnitude(scale.data) === 0)) return undefined;
    const required = graph.add(node, 'require_finite', [affine.inputs[0]], node.attributes);
    return [required, { ...affine, inputs: [required.output, scale, shift], output: node.output }];
  },
});

/** Splits a requirement for the parts of a row, because some parts may need none. */
export const requireOfParts = rule({
  name: 'require of parts',
  keeps: 'bits',
  ops: ['require_finite'],
  apply(node, graph) {
    const concat = graph.only(node.inputs[0], 'concat');
    if (concat === undefined) return undefined;
    const parts = concat.inputs.map((part) =>
      isConstant(part) ? part : graph.add(node, 'require_finite', [part], node.attributes),
    );
    const added = parts.filter((part): part is Node => 'op' in part);
    const operands = parts.map((part): Operand => ('op' in part ? part.output : part));
    if (operands.filter(isConstant).some(({ data }) => !areAllFinite(data))) return undefined;
    return [...added, { ...concat, inputs: operands, output: node.output }];
  },
});

/** Drops requirements that are already checked or always met. */
export const dropRequirements = rule({
  name: 'drop requirements',
  keeps: 'bits',
  ops: ['require_finite'],
  apply(node, graph) {
    const [x] = node.inputs;
    const known = knowledgeOf(x, graph);
    if (known === 'finite' || (known === 'no infinity' && node.attributes.nan)) return x;
    // Of two requirements, keeps the stricter one.
    const inner = graph.only(x, 'require_finite');
    return inner && [graph.replace(node, 'require_finite', [inner.inputs[0]], node.attributes)];
  },
});

type Knowledge = 'finite' | 'no infinity' | 'nothing';

const MOST_STEPS = 64;

const hasInfinity = remembered((data) => data.some((value) => Math.abs(value) === Infinity));

/** What the operations before a value imply about it, after a few steps. */
function knowledgeOf(operand: Operand, graph: Rewriter, left = { steps: MOST_STEPS }): Knowledge {
  if (isConstant(operand)) {
    if (areAllFinite(operand.data)) return 'finite';
    return hasInfinity(operand.data) ? 'nothing' : 'no infinity';
  }
  const node = graph.definition(operand);
  if (node === undefined || left.steps-- <= 0) return 'nothing';
  const of = (operand: Operand) => knowledgeOf(operand, graph, left);
  switch (node.op) {
    case 'require_finite':
      return node.attributes.nan ? 'no infinity' : 'finite';
    case 'gather':
    case 'transpose':
    case 'reshape':
    case 'expand':
    case 'concat':
      return least(node.inputs.map(of));
    case 'sort': {
      if (node.attributes.result === 'places') return 'finite';
      const known = of(node.inputs[0]);
      // A heap turns NaN into infinity.
      return node.attributes.ties === undefined || known === 'finite' ? known : 'nothing';
    }
    case 'embedding':
      return of(node.inputs[1]);
    case 'trees':
      return node.attributes.sum === 'none' ? of(node.inputs[2]) : 'nothing';
    case 'one_hot':
      return Number.isFinite(node.attributes.on) && Number.isFinite(node.attributes.off) ? 'finite' : 'nothing';
    case 'unary':
      return isAlwaysFinite(UNARY[node.attributes.fn]) ? 'finite' : 'nothing';
    case 'binary':
      return isAlwaysFinite(BINARY[node.attributes.fn]) ? 'finite' : 'nothing';
    case 'select': {
      const [condition, a, b] = node.inputs;
      const test = graph.definition(condition);
      // NaN is replaced by a number, as in an imputer.
      const isReplaced = test?.op === 'unary' && test.attributes.fn === 'is_nan' && test.inputs[0] === b;
      if (isReplaced && of(a) === 'finite' && of(b) !== 'nothing') return 'finite';
      return least([of(a), of(b)]);
    }
    default:
      return 'nothing';
  }
}

/** Whether the result is finite for any argument, including NaN. */
function isAlwaysFinite({ gives }: ElementwiseEntry): boolean {
  return gives === 'truth' || gives === 'finite';
}

function least(all: readonly Knowledge[]): Knowledge {
  return all.includes('nothing') ? 'nothing' : all.includes('no infinity') ? 'no infinity' : 'finite';
}
