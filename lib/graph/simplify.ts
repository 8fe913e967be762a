import { Budget } from './budget.ts';
import { evaluate } from './evaluate.ts';
import type { Fold } from './fold.ts';
import type { DType, GraphInput, Integers, Node, Op, Operand } from './graph.ts';
import type { Shape } from './shapes.ts';
import { affineIntoNorm, divisionToAffine, mergeAffines, negationToAffine, toAffine } from './simplify/affine.ts';
import { affineAfterDense, affineBeforeDense, clampIntoDense } from './simplify/dense.ts';
import { pointsAtOnce } from './simplify/distances.ts';
import { dropRequirements, requireBeforeAffine, requireOfParts } from './simplify/finite.ts';
import { denseOfHot, sumOfHot } from './simplify/hot.ts';
import { dropIdentities, foldConstants, impliedExpansions, plainReshapes, plainTruths } from './simplify/identities.ts';
import {
  hoistScales,
  mergeClips,
  oneSlope,
  plainClips,
  plainDivisions,
  plainPowers,
  plainReciprocals,
  plainRelus,
} from './simplify/plain.ts';
import { denseOfChosen, denseOfParts, denseOfScatter } from './simplify/ragged.ts';
import { type Rewrite, Rewriter, type Rule } from './simplify/rewriter.ts';
import { sharing } from './simplify/sharing.ts';
import { knownFunctions } from './simplify/spellings.ts';
import { floatThresholds } from './simplify/trees.ts';
import type { CheckedGraph } from './validate.ts';

declare const simplified: unique symbol;

/** A graph in its simplest form, only made by {@link simplify}. Every node takes at least one row tensor. */
export interface SimplifiedGraph {
  readonly inputs: readonly GraphInput[];
  /** An output may have become a constant. */
  readonly outputs: readonly SimplifiedOutput[];
  /** What decides labels, for each output, if it is not the outputs themselves: see `Decision.scores`. */
  readonly deciders?: readonly SimplifiedOutput[];
  /** The nodes in the order of computation. */
  readonly nodes: readonly Node[];
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly integers?: Integers;
  readonly [simplified]: true;
}

export interface SimplifiedOutput {
  readonly name: string;
  readonly value: Operand;
  readonly dtype: DType;
  readonly list?: string;
}

/** At each node, the first rule that applies is used. */
export const RULES: readonly Rule[] = [
  foldConstants,
  dropIdentities,
  plainReshapes,
  impliedExpansions,
  plainTruths,
  plainPowers,
  plainReciprocals,
  plainDivisions,
  plainRelus,
  plainClips,
  mergeClips,
  oneSlope,
  negationToAffine,
  toAffine,
  divisionToAffine,
  knownFunctions,
  hoistScales,
  mergeAffines,
  affineAfterDense,
  affineBeforeDense,
  affineIntoNorm,
  denseOfParts,
  denseOfChosen,
  denseOfScatter,
  denseOfHot,
  sumOfHot,
  pointsAtOnce,
  clampIntoDense,
  dropRequirements,
  requireBeforeAffine,
  requireOfParts,
  floatThresholds,
];

/** The rules by the operation of the nodes they apply to, so that few have to be tried for most nodes. */
function byOp(rules: readonly Rule[]): (op: Op) => readonly Rule[] {
  const known = new Map<Op, readonly Rule[]>();
  return (op) => {
    let found = known.get(op);
    if (found === undefined) {
      found = rules.filter(({ ops }) => ops === undefined || ops.includes(op));
      known.set(op, found);
    }
    return found;
  };
}

const allByOp = byOp(RULES);

function firstOf(rules: readonly Rule[], node: Node, graph: Rewriter): Rewrite | undefined {
  for (const rule of rules) {
    if (rule.keeps === 'precision' && graph.feedsStep(node)) continue;
    const rewrite = rule.apply(node, graph);
    if (rewrite !== undefined) return rewrite;
  }
  return undefined;
}

/**
 * The most passes. Each pass that changes something simplifies; a graph that needs more passes is unusual, but still
 * correct.
 */
const MAX_PASSES = 32;

/**
 * Folds constants, scalers and batch norms, fuses activations, recognises functions that are spelled out, removes
 * operations without effect, and shares repeated ones. Parameters are multiplied out in float64 and not rounded here;
 * constants are computed as a run would. Each rule says what it preserves of results (`keeps`).
 */
export function simplify(
  graph: CheckedGraph,
  {
    precision,
    integers,
    budget = new Budget(),
    fold,
    rules,
  }: {
    readonly precision: 'f32' | 'f64';
    readonly integers?: Integers;
    readonly budget?: Budget;
    /** Computes with constants. The default computes in float64, which is close to the results of a run. */
    readonly fold?: Fold;
    /** Some of {@link RULES}, for tests of what they keep. */
    readonly rules?: readonly Rule[];
  },
): SimplifiedGraph {
  const rewriter = new Rewriter(graph, {
    precision,
    tellsIntegers: integers !== undefined,
    budget,
    fold: fold === undefined ? evaluate : (node, operands) => fold.node(node, operands),
  });
  const rulesFor = rules === undefined ? allByOp : byOp(rules);
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const shared = sharing();
    const rewriteOf = (node: Node) => firstOf(rulesFor(node.op), node, rewriter) ?? shared.apply(node, rewriter);
    if (!rewriter.pass(rewriteOf)) break;
  }
  const { inputs, nodes, shapes } = rewriter;
  const count = graph.outputs.length;
  const [outputs, deciders] = [rewriter.outputs.slice(0, count), rewriter.outputs.slice(count)];
  const decided = deciders.length > 0 && { deciders };
  return { inputs, outputs, ...decided, nodes, shapes, ...(integers && { integers }) } as unknown as SimplifiedGraph;
}

/** The nodes that the outputs need, without those that only the deciders need. */
export function neededNodes({ outputs, nodes }: Pick<SimplifiedGraph, 'outputs' | 'nodes'>): readonly Node[] {
  const needed = new Set<Operand>(outputs.map(({ value }) => value));
  const kept = nodes.toReversed().filter(({ output, inputs }) => {
    if (!needed.has(output)) return false;
    for (const operand of inputs) needed.add(operand);
    return true;
  });
  return kept.toReversed();
}
