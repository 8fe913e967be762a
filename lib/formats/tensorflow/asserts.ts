/** The conditions of Assert operators on each row: a run that violates one is refused, as in TensorFlow. */
import type { BinaryName } from '../../graph/graph.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { sharedAxis } from '../tensors/emitter.ts';
import { type Constant, constant, literal, type Row, type Value } from '../tensors/value.ts';
import type { NodeDef } from './proto.ts';
import { dataInputs, type Output, type Scope } from './scope.ts';
import type { Result } from './value.ts';

/** Every element of `x`, or of its comparison with `bound`, must be `holds`; or every element must be finite. */
export interface Demand {
  readonly x: Output;
  readonly bound?: { readonly fn: BinaryName; readonly value: Output };
  readonly holds: boolean | 'finite';
}

/** Resolves a reference of a node. */
type Follow = (from: Output, reference: string) => Output;

/** Comparisons that are true for all elements if they are true for the maximum, or minimum, and on which side that is. */
const BOUNDS: Readonly<Record<string, { readonly fn: BinaryName; readonly sides: readonly [string, string] }>> = {
  Greater: { fn: 'greater', sides: ['Min', 'Max'] },
  GreaterEqual: { fn: 'greater_equal', sides: ['Min', 'Max'] },
  Less: { fn: 'less', sides: ['Max', 'Min'] },
  LessEqual: { fn: 'less_equal', sides: ['Max', 'Min'] },
};

const MOST_PARTS = 32;

/**
 * The demands on each row that a condition implies; if it cannot be split into these, that the condition itself is
 * true.
 */
function demandsOf(condition: Output, follow: Follow): Demand[] {
  const found: Demand[] = [];
  let stack = [condition];
  while (stack.length > 0 && stack.length + found.length < MOST_PARTS) {
    const part = stack.pop() as Output;
    const inputs = dataInputs(part.node).map((input) => follow(part, input));
    if (part.node.op === 'Identity' || part.node.op === 'LogicalAnd') stack = [...stack, ...inputs];
    else found.push(demandOf(part, inputs, follow) ?? { x: part, holds: true });
  }
  return [...found, ...stack.map((x): Demand => ({ x, holds: true }))];
}

function demandOf({ node: { op } }: Output, inputs: readonly Output[], follow: Follow): Demand | undefined {
  const [first] = inputs;
  if (op === 'All') return { x: first, holds: true };
  if (op === 'LogicalNot' && first?.node.op === 'Any') {
    return { x: follow(first, dataInputs(first.node)[0] ?? ''), holds: false };
  }
  if (op === 'Equal') return nowhere(inputs, follow);
  return Object.hasOwn(BOUNDS, op) ? bounded(op, inputs, follow) : undefined;
}

/** size(where(x)) == 0 */
function nowhere([count, zero]: readonly Output[], follow: Follow): Demand | undefined {
  if (count?.node.op !== 'Size' || zero?.node.op !== 'Const') return undefined;
  const where = follow(count, dataInputs(count.node)[0] ?? '');
  return where.node.op === 'Where' ? { x: follow(where, dataInputs(where.node)[0] ?? ''), holds: false } : undefined;
}

/** max(x) < bound, bound > max(x) and similar. */
function bounded(op: string, inputs: readonly Output[], follow: Follow): Demand | undefined {
  const { fn, sides } = BOUNDS[op];
  const side = inputs.findIndex(({ node }, i) => node.op === sides[i]);
  if (side < 0 || inputs.length !== 2) return undefined;
  const x = follow(inputs[side], dataInputs(inputs[side].node)[0] ?? '');
  const turned = fn.startsWith('greater') ? fn.replace('greater', 'less') : fn.replace('less', 'greater');
  return { x, bound: { fn: side === 0 ? fn : (turned as BinaryName), value: inputs[1 - side] }, holds: true };
}

/** An id that no table has and that is unlikely to be a feature. */
const REFUSED = -(2 ** 24 - 1);

/** The value unchanged, in a run that meets the demand. */
export function demanding(build: GraphBuilder, value: Row, demand: Demand, x: Value, bound: Value | undefined): Row {
  const truth =
    demand.holds === 'finite' ? finite(build, x) : bound ? build.binary(demand.bound?.fn ?? 'equal', x, bound) : x;
  if (truth.kind !== 'row') return inEveryRun(build, value, truth, demand.holds !== false);
  const [met, broken] = [literal('int64', [0]), literal('int64', [REFUSED])];
  const ids = build.asRow(demand.holds ? build.select(truth, met, broken) : build.select(truth, broken, met));
  const table = build.tensor(constant(value.type, [1], Float32Array.of(0)));
  const zeros = build.emit('embedding', [ids.operand, table], { wrap: false }, { ...ids, type: value.type });
  // Subtracting 0 keeps the sign of zeros.
  const fn = value.type === 'bool' ? 'or' : 'sub';
  return build.asRow(build.binary(fn, value, broadcastTo(build, zeros, value)));
}

/** x − x: 0 for a finite number, otherwise NaN. */
function finite(build: GraphBuilder, x: Value): Value {
  return build.binary('equal', build.binary('sub', x, x), build.scalar(x, 0));
}

function inEveryRun(build: GraphBuilder, value: Row, truth: Constant, holds: boolean): Row {
  build.lookThrough(truth.data.length);
  if (truth.batch !== undefined) throw build.crossing('the asserted condition depends on the batch size');
  if (truth.data.every((element) => (element !== 0) === holds)) return value;
  throw build.error('UNSUPPORTED_OP', 'the asserted condition is false in every run');
}

function broadcastTo(build: GraphBuilder, zeros: Row, { shape, batchAxis, merged, stacked }: Row): Row {
  const isAlike = zeros.shape.length === shape.length && zeros.shape.every((size, i) => size === shape[i]);
  const isSame = zeros.batchAxis === batchAxis && zeros.merged === merged && zeros.stacked === stacked;
  if (isAlike && isSame) return zeros;
  if (sharedAxis(zeros) !== undefined || merged || stacked) {
    throw build.crossing('an Assert on the batch merged with another axis is not supported');
  }
  const axes = Array.from({ length: build.rank(zeros) }, (_, axis) => axis).filter((axis) => axis !== zeros.batchAxis);
  const one = axes.length === 0 ? zeros : build.asRow(build.reduce(zeros, 'sum', axes, false));
  const ones = shape.map(() => 1);
  return build.reshaped(one, ones, batchAxis);
}

/** Whether a node may be preceded by Asserts, or is one. */
export function mayDemand({ op, inputs }: NodeDef): boolean {
  return op === 'CheckNumerics' || inputs.some((input) => input.startsWith('^'));
}

/**
 * The demands of a node and of the Asserts before it, found through control inputs; `inside` is the scope within a
 * call.
 */
export function demandsBefore(
  build: GraphBuilder,
  { node, scope }: Pick<Output, 'node' | 'scope'>,
  follow: Follow,
  inside: (node: NodeDef, scope: Scope) => Scope | undefined,
): Demand[] {
  const found: Demand[] = node.op === 'CheckNumerics' ? [isFiniteOf({ node, scope, index: 0 }, follow)] : [];
  const given = new Set(dataInputs(node).map((input) => input.split(':')[0]));
  const seen = new Map<Scope, Set<string>>();
  const stack = controlsOf(node, scope);
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const known = seen.get(next.scope) ?? new Set();
    if (known.has(next.name)) continue;
    seen.set(next.scope, known.add(next.name));
    const before = next.scope.nodes.get(next.name);
    // The demands of a call that supplies the node's value apply to that value.
    if (before === undefined || (next.scope === scope && given.has(before.name))) continue;
    build.budget.step(1, build.place);
    const guard = guardOf(before, next.scope);
    const called = guard === undefined ? inside(before, next.scope) : undefined;
    if (before.op === 'NoOp') for (const each of controlsOf(before, next.scope)) stack.push(each);
    for (const name of called?.function?.controls ?? []) stack.push({ name, scope: called as Scope });
    if (guard === undefined) continue;
    const at = { node: guard, scope: next.scope, index: 0 };
    const isCheck = guard.op === 'CheckNumerics';
    const demands = isCheck ? [isFiniteOf(at, follow)] : demandsOf(follow(at, dataInputs(guard)[0] ?? ''), follow);
    for (const demand of demands) found.push(demand);
  }
  return found;
}

function controlsOf({ inputs }: NodeDef, scope: Scope): { name: string; scope: Scope }[] {
  return inputs.filter((input) => input.startsWith('^')).map((input) => ({ name: input.slice(1), scope }));
}

/**
 * The Assert that a node is or waits for; if its message is not a constant of words, TensorFlow puts it into a branch.
 */
function guardOf(before: NodeDef, scope: Scope): NodeDef | undefined {
  const guard = before.op === 'Identity' ? scope.nodes.get(before.inputs[0]?.split(':')[0] ?? '') : before;
  const isBranch = guard?.op.endsWith('If') && guard.name.includes('AssertGuard');
  return isBranch || guard?.op === 'Assert' || guard?.op === 'CheckNumerics' ? guard : undefined;
}

function isFiniteOf(check: Output, follow: Follow): Demand {
  return { x: follow(check, dataInputs(check.node)[0] ?? ''), holds: 'finite' };
}

/** Kinds of values that are not checked: texts, whose parts are known to match, and what no run reaches. */
const PASSED_OVER: ReadonlySet<Result['kind']> = new Set<Result['kind']>([
  ...(['text', 'spelled', 'tokens', 'numbers', 'test', 'partition', 'dead'] as const),
]);

/** The numbers that a demand refers to; undefined if nothing needs to be checked. */
export function demandedOf(build: GraphBuilder, found: Result): Value | undefined {
  if (found.kind === 'row' || found.kind === 'constant') return found;
  if (PASSED_OVER.has(found.kind)) return undefined;
  throw found.kind === 'refused'
    ? found.error
    : build.error('UNSUPPORTED_OP', 'an Assert on something other than numbers is not supported');
}

/** Whether demands can be attached to the result of a node. */
export function carriesDemands(result: Result | undefined): result is Row {
  return result?.kind === 'row' && result.type !== 'string' && result.words === undefined;
}
