/** What Asserts demand of each row: a run that would break one is refused, as TensorFlow refuses it. */
import type { BinaryName } from '../../graph/graph.ts';
import type { GraphBuilder } from '../tracing/builder.ts';
import { sharedAxis } from '../tracing/emitter.ts';
import { constant, literal, type Row, type Value } from '../tracing/value.ts';
import { dataInputs, type Output } from './scope.ts';
import type { Result } from './value.ts';

/** Every element of `x`, or of its comparison with `bound`, must be `holds`. */
export interface Demand {
  readonly x: Output;
  readonly bound?: { readonly fn: BinaryName; readonly value: Output };
  readonly holds: boolean;
}

/** Follows a reference of a node. */
type Follow = (from: Output, reference: string) => Output;

/** A comparison that holds for all elements where it holds for the greatest, or least, of them: on which side that is. */
const BOUNDS: Readonly<Record<string, { readonly fn: BinaryName; readonly sides: readonly [string, string] }>> = {
  Greater: { fn: 'greater', sides: ['Min', 'Max'] },
  GreaterEqual: { fn: 'greater_equal', sides: ['Min', 'Max'] },
  Less: { fn: 'less', sides: ['Max', 'Min'] },
  LessEqual: { fn: 'less_equal', sides: ['Max', 'Min'] },
};

const MOST_PARTS = 32;

/** What a condition says of each row by itself; nothing of those that it says in other ways. */
export function demandsOf(condition: Output, follow: Follow): Demand[] {
  let found: Demand[] = [];
  let stack = [condition];
  for (let parts = 0; stack.length > 0 && parts < MOST_PARTS; parts++) {
    const part = stack.pop() as Output;
    const inputs = dataInputs(part.node).map((input) => follow(part, input));
    const { op } = part.node;
    if (op === 'Identity' || op === 'LogicalAnd') stack = [...stack, ...inputs];
    else if (op === 'All') found.push({ x: inputs[0], holds: true });
    else if (op === 'Equal') found = [...found, ...nowhere(inputs, follow)];
    else if (Object.hasOwn(BOUNDS, op)) found = [...found, ...bounded(op, inputs, follow)];
  }
  return found;
}

/** size(where(x)) == 0 */
function nowhere([count, zero]: readonly Output[], follow: Follow): Demand[] {
  if (count?.node.op !== 'Size' || zero?.node.op !== 'Const') return [];
  const where = follow(count, dataInputs(count.node)[0] ?? '');
  return where.node.op === 'Where' ? [{ x: follow(where, dataInputs(where.node)[0] ?? ''), holds: false }] : [];
}

/** max(x) < bound, bound > max(x) and their kin. */
function bounded(op: string, inputs: readonly Output[], follow: Follow): Demand[] {
  const { fn, sides } = BOUNDS[op];
  const side = inputs.findIndex(({ node }, i) => node.op === sides[i]);
  if (side < 0 || inputs.length !== 2) return [];
  const x = follow(inputs[side], dataInputs(inputs[side].node)[0] ?? '');
  const turned = fn.startsWith('greater') ? fn.replace('greater', 'less') : fn.replace('less', 'greater');
  return [{ x, bound: { fn: side === 0 ? fn : (turned as BinaryName), value: inputs[1 - side] }, holds: true }];
}

/** No feature is likely to be this id, which no table has. */
const REFUSED = -(2 ** 24 - 1);

/** The value itself, in a run that meets the demand. */
export function demanding(build: GraphBuilder, value: Row, demand: Demand, x: Value, bound: Value | undefined): Row {
  const truth = demand.bound === undefined || bound === undefined ? x : build.binary(demand.bound.fn, x, bound);
  if (truth.kind !== 'row') return value;
  const [met, broken] = [literal('int64', [0]), literal('int64', [REFUSED])];
  const ids = build.asRow(demand.holds ? build.select(truth, met, broken) : build.select(truth, broken, met));
  const table = build.tensor(constant(value.type, [1], Float32Array.of(0)));
  const zeros = build.emit('embedding', [ids.operand, table], { wrap: false }, { ...ids, type: value.type });
  // Minus 0 leaves zeros their signs.
  return build.asRow(build.binary('sub', value, broadcastTo(build, zeros, value)));
}

function broadcastTo(build: GraphBuilder, zeros: Row, { shape, batchAxis, merged, stacked }: Row): Row {
  const isAlike = zeros.shape.length === shape.length && zeros.shape.every((size, i) => size === shape[i]);
  const isSame = zeros.batchAxis === batchAxis && zeros.merged === merged && zeros.stacked === stacked;
  if (isAlike && isSame) return zeros;
  if (sharedAxis(zeros) !== undefined || merged || stacked) {
    throw build.crossing('what is asserted of the batch and another axis as one');
  }
  const axes = Array.from({ length: build.rank(zeros) }, (_, axis) => axis).filter((axis) => axis !== zeros.batchAxis);
  const one = build.asRow(build.reduce(zeros, 'sum', axes, false));
  const ones = shape.map(() => 1);
  return build.reshaped(one, ones, batchAxis);
}

/** The conditions of the Asserts that come before a node, as its control inputs say. */
export function conditionsBefore({ node, scope }: Pick<Output, 'node' | 'scope'>, follow: Follow): Output[] {
  return node.inputs.flatMap((input) => {
    if (!input.startsWith('^')) return [];
    const before = scope.nodes.get(input.slice(1));
    const guard = before?.op === 'Identity' ? scope.nodes.get(before.inputs[0]?.split(':')[0] ?? '') : before;
    // Where what it says is not words, TensorFlow says it in a branch.
    const isAssert = guard?.op === 'Assert' || (guard?.op.endsWith('If') && guard.name.includes('AssertGuard'));
    if (guard === undefined || !isAssert) return [];
    return [follow({ node: guard, scope, index: 0 }, dataInputs(guard)[0] ?? '')];
  });
}

/** Whether the result of a node can carry a demand. */
export function carriesDemands(result: Result | undefined): result is Row {
  return result?.kind === 'row' && result.type !== 'string' && result.type !== 'bool' && result.words === undefined;
}
