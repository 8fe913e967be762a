/**
 * Frozen models: safetensors files that hold their network too. What reading and writing them share.
 *
 * The metadata's key `forwardpass` holds the graph as JSON: {@link FrozenGraph}, with constants by the name of their
 * tensor. Numbers that JSON does not have stand as containers/json-numbers.ts says.
 */
import type { Decision, DType, GraphInput, Op } from '../../graph/graph.ts';

export const FROZEN_KEY = 'forwardpass';
export const FROZEN_VERSION = 1;

/** A row tensor by its name, or a constant. An int8 constant has a scale for each output of its layer. */
export type FrozenOperand = string | { readonly tensor: string; readonly scale?: string };

export interface FrozenNode {
  readonly op: Op;
  readonly name: string;
  readonly inputs: readonly FrozenOperand[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface FrozenInput extends Omit<GraphInput, 'words'> {
  readonly words?: readonly (readonly [element: number, words: readonly string[]])[];
}

export interface FrozenDecision extends Omit<Decision, 'scores'> {
  readonly scores?: FrozenOperand;
}

export interface FrozenTarget {
  readonly classes: readonly (string | number)[];
  readonly decision: FrozenDecision;
}

export interface FrozenGraph {
  readonly version: typeof FROZEN_VERSION;
  readonly precision: 'f32' | 'f64';
  readonly inputs: readonly FrozenInput[];
  readonly outputs: readonly { readonly name: string; readonly value: FrozenOperand; readonly dtype: DType }[];
  readonly nodes: readonly FrozenNode[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: FrozenDecision;
  readonly targets?: readonly FrozenTarget[];
}
