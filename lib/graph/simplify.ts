import type { DType, GraphInput, Node, Operand } from './graph.ts';
import type { Shape } from './shapes.ts';
import { affineIntoNorm, mergeAffines, toAffine } from './simplify/affine.ts';
import { affineAfterDense, affineBeforeDense, clampIntoDense } from './simplify/dense.ts';
import { dropIdentities, foldConstants, impliedExpansions, plainReshapes, plainTruths } from './simplify/identities.ts';
import { PATTERNS } from './simplify/patterns.ts';
import { Rewriter, type Rule } from './simplify/rewriter.ts';
import { sharing } from './simplify/sharing.ts';
import { hoistScales, mergeClips, oneSlope, plainClips, plainDivisions, plainPowers } from './simplify/spellings.ts';
import type { CheckedGraph } from './validate.ts';

declare const simplified: unique symbol;

/** A graph in its simplest form, made by {@link simplify} alone. Every node takes at least one row tensor. */
export interface SimplifiedGraph {
  readonly inputs: readonly GraphInput[];
  /** An output may have become a constant. */
  readonly outputs: readonly { readonly name: string; readonly value: Operand; readonly dtype: DType }[];
  /** In the order of computation. */
  readonly nodes: readonly Node[];
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly [simplified]: true;
}

/** At each node the first that has something to do goes first. */
export const RULES: readonly Rule[] = [
  foldConstants,
  dropIdentities,
  plainReshapes,
  impliedExpansions,
  plainTruths,
  plainPowers,
  plainDivisions,
  plainClips,
  mergeClips,
  oneSlope,
  toAffine,
  ...PATTERNS,
  hoistScales,
  mergeAffines,
  affineAfterDense,
  affineBeforeDense,
  affineIntoNorm,
  clampIntoDense,
];

/** Every pass that changes something simplifies; files that want more passes than this are odd, and still right. */
const MAX_PASSES = 32;

/**
 * Folds constants, scalers and batch norms, fuses activations, recognises functions in pieces, drops what does
 * nothing and shares what is computed twice. Arithmetic is in float64; nothing is rounded here.
 */
export function simplify(graph: CheckedGraph, options: { readonly precision: 'f32' | 'f64' }): SimplifiedGraph {
  const rewriter = new Rewriter(graph, options.precision);
  for (let pass = 0; pass < MAX_PASSES; pass++) if (!rewriter.pass([...RULES, sharing()])) break;
  const { inputs, outputs, nodes, shapes } = rewriter;
  return { inputs, outputs, nodes, shapes } as unknown as SimplifiedGraph;
}
