/** The combined results of an operator's trees, in its own precision, before any transform. */
import type { TreeSum } from '../../../../graph/graph.ts';
import { castSteps } from '../../../casts.ts';
import { literal, type Row, type Value } from '../../../tensors/value.ts';
import { Forest } from '../../../trees.ts';
import type { OnnxCall } from '../../call.ts';
import { type AttributeTree, asFileTree, Memberships } from './tree-splits.ts';

export const AGGREGATES = ['AVERAGE', 'SUM', 'MIN', 'MAX'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** The row that trees compare, in the precision of the comparison. */
export function treeRow(call: OnnxCall): Row & { readonly type: 'float32' | 'float64' } {
  const { build } = call;
  const x = call.row(0);
  if (x.shape.length !== 1) throw call.error('SHAPE', `expected rows of columns, found rows of ${x.shape.length} axes`);
  if (call.integerArray('nodes_missing_value_tracks_true')?.some((tracks) => tracks !== 0)) build.takesMissing = true;
  if (x.type === 'float64') {
    build.needsDoubles = true;
    return { ...x, type: 'float64' };
  }
  if (x.type !== 'float32' && !/^int(32|64)$/.test(x.type)) {
    throw call.error('UNSUPPORTED_DTYPE', `expected float32, float64, int32 or int64, found ${x.type}`);
  }
  return { ...build.asRow(singles(call, build.cast(x, 'float32'))), type: 'float32' };
}

/** As float32, even if the model computes in float64. */
function singles(call: OnnxCall, x: Value): Value {
  const steps = castSteps('float64', 'float32', 'wrap');
  return steps.reduce(
    (value, step) => ('fn' in step ? call.build.unary(value, step.fn, step.alpha, step.beta) : value),
    x,
  );
}

/** One number for each target. */
export function summed(
  call: OnnxCall,
  x: Row,
  trees: readonly AttributeTree[],
  targets: number,
  aggregate: Aggregate,
): Row {
  if (aggregate === 'MIN' || aggregate === 'MAX') return extreme(call, x, trees, targets, aggregate);
  return added(call, x, trees, targets, aggregate === 'AVERAGE' ? trees.length : 1);
}

function added(
  call: OnnxCall,
  x: Row,
  trees: readonly AttributeTree[],
  targets: number,
  divisor: number,
  counts = false,
) {
  const width = trees.reduce((most, { ids: [least, greatest] }) => Math.max(most, greatest - least + 1), 1);
  const first = ({ ids: [least] }: AttributeTree) => Math.min(least, targets - width);
  const sum = x.type === 'float64' ? 'float64' : 'float32';
  return emitted(call, x, trees, { width, first, absent: 0, sum, outputs: targets, divisor, counts });
}

interface Plan {
  /** The number of values of each leaf, and the target of the first one. */
  readonly width: number;
  readonly first: (tree: AttributeTree) => number;
  /** The value of a leaf for a target that it has no weight for. */
  readonly absent: number;
  readonly sum: TreeSum;
  readonly outputs: number;
  readonly divisor: number;
  /** Whether the leaves hold, instead of the weights, which targets they have a weight for. */
  readonly counts?: boolean;
}

function emitted(call: OnnxCall, x: Row, trees: readonly AttributeTree[], plan: Plan): Row {
  const { build } = call;
  const { width, first, sum, outputs, divisor, counts = false } = plan;
  const isDouble = x.type === 'float64';
  const [features] = x.shape;
  const memberships = new Memberships(build.budget, features, isDouble);
  const forest = new Forest(build.budget, Infinity, width);
  const leafOf = leafWriter(call, plan, isDouble);
  for (const tree of trees) {
    const offset = first(tree);
    forest.add(asFileTree(tree, memberships, features, isDouble, leafOf(tree, offset)), offset);
  }
  const row = memberships.count === 0 ? x : withMemberships(call, x, memberships);
  const { operands, attributes } = forest.build(sum, outputs, divisor, !counts);
  const shape = sum === 'none' ? [trees.length, width] : [outputs];
  return build.emit('trees', [row.operand, ...operands], attributes, { type: x.type, shape, batchAxis: x.batchAxis });
}

/** Writes leaves of a tree whose weights belong to targets from `offset` on. */
function leafWriter(call: OnnxCall, { width, absent }: Plan, isDouble: boolean) {
  /** For each position in a leaf, the last leaf, counted from 1, that has a weight for it. */
  const namedBy = new Int32Array(width);
  let leaf = 0;
  return (tree: AttributeTree, offset: number) => (node: number, to: Float64Array) => {
    to.fill(absent);
    leaf++;
    let given = 0;
    tree.weights(node, (id, weight) => {
      const place = id - offset;
      if (namedBy[place] === leaf)
        throw call.error('UNSUPPORTED_OP', `a leaf has two weights for ${id}, which runtimes add up differently`);
      namedBy[place] = leaf;
      given++;
      to[place] = isDouble ? weight : Math.fround(weight);
    });
    // The file's own values were already charged; a growing list exists twice while it is copied.
    call.build.budget.build(2 * Float64Array.BYTES_PER_ELEMENT * (to.length - given), tree.place);
  };
}

/** The row, followed by the columns of `Memberships`. */
function withMemberships(call: OnnxCall, x: Row, { forest, count }: Memberships): Row {
  const { build } = call;
  const { operands, attributes } = forest.build('float64', count, 1, false);
  const columns = build.emit('trees', [x.operand, ...operands], attributes, { ...x, shape: [count] });
  return build.concat([x, columns], lastAxis(x)) as Row;
}

/** In the operators' numbering. */
export function lastAxis(x: Row): number {
  return x.batchAxis === undefined ? x.shape.length - 1 : x.shape.length;
}

/** The minimum or maximum over the trees for a target; 0 if no tree gives a value. */
function extreme(call: OnnxCall, x: Row, trees: readonly AttributeTree[], targets: number, by: 'MIN' | 'MAX'): Row {
  const { build } = call;
  const absent = by === 'MIN' ? Infinity : -Infinity;
  const plan: Plan = { width: targets, first: () => 0, absent, sum: 'none', outputs: targets, divisor: 1 };
  const all = emitted(call, x, trees, plan);
  const found = build.asRow(build.reduce(all, by === 'MIN' ? 'min' : 'max', [lastAxis(all) - 1], false));
  return whereGiven(call, found, givenTo(call, x, trees, targets), 0);
}

/** The scores, with another value for targets for which no tree has a weight. */
export function whereGiven(call: OnnxCall, scores: Row, isGiven: Row | undefined, otherwise: number): Row {
  if (isGiven === undefined) return scores;
  return call.build.asRow(call.build.select(isGiven, scores, call.build.scalar(scores, otherwise)));
}

/** Whether the leaves of a row have a weight for a target; undefined if they always have. */
export function givenTo(call: OnnxCall, x: Row, trees: readonly AttributeTree[], targets: number): Row | undefined {
  if (isAlwaysGiven(trees, targets)) return undefined;
  // The trees are visited once more.
  const [{ met: before }] = trees;
  const met = before && new Uint8Array(before.length);
  const counting = trees.map((tree) => ({
    ...tree,
    met,
    weights: (node: number, give: (id: number, weight: number) => void) => tree.weights(node, (id) => give(id, 1)),
  }));
  const counts = added(call, x, counting, targets, 1, true);
  return call.build.asRow(call.build.binary('greater', counts, call.build.scalar(counts, 0)));
}

/** Whether each target has a tree whose leaves all have a weight for it. */
function isAlwaysGiven(trees: readonly AttributeTree[], targets: number): boolean {
  const always = new Set<number>();
  for (const tree of trees) {
    for (const id of alwaysGiven(tree)) always.add(id);
    if (always.size === targets) return true;
  }
  return false;
}

/** The targets that all leaves of a tree have a weight for. */
export function alwaysGiven(tree: AttributeTree): readonly number[] {
  const counts = new Map<number, number>();
  let leaves = 0;
  for (const node of tree.leaves()) {
    leaves++;
    tree.weights(node, (id) => counts.set(id, (counts.get(id) ?? 0) + 1));
  }
  return [...counts].filter(([, count]) => count === leaves).map(([id]) => id);
}

/** Adds the base values to the sums, with the same additional rounding as the operator. */
export function plusBase(call: OnnxCall, scores: Row, base: ArrayLike<number>): Row {
  const isSingle = scores.type === 'float32';
  const values = Array.from(base, (value) => (isSingle ? Math.fround(value) : value));
  const sum = call.build.binary('add', scores, literal(scores.type, values, [values.length]));
  return call.build.asRow(isSingle ? singles(call, sum) : sum);
}
