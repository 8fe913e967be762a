/**
 * Frozen models: safetensors files that also contain their network. Shared by reading and writing.
 *
 * The metadata's key `forwardpass` holds the graph as JSON: {@link FrozenGraph}, where constants are the names of
 * tensors. Numbers that JSON cannot represent are encoded by containers/json-numbers.ts.
 *
 * The key `forwardpass.plan` holds the plan made from that graph, for hosts that only run plans, such as the C library:
 * {@link FrozenPlan}. `load` reads only the graph, and makes the plan again.
 */
import type { Boosting, Decision, DType, GraphInput, Integers, Op, Word } from '../../graph/graph.ts';
import type { Plan } from '../../graph/plan-format.ts';

export const FROZEN_KEY = 'forwardpass';
export const FROZEN_VERSION = 1;
export const PLAN_KEY = 'forwardpass.plan';
/** The key of the plan that decides labels, if that is not the outputs; also a {@link FrozenPlan}. */
export const DECIDER_KEY = 'forwardpass.decider';

/** The name of a row tensor, or a constant. An int8 constant has a scale for each output of its layer. */
export type FrozenOperand = string | { readonly tensor: string; readonly scale?: string };

export interface FrozenNode {
  readonly op: Op;
  readonly name: string;
  readonly inputs: readonly FrozenOperand[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface FrozenInput extends Omit<GraphInput, 'categories' | 'hashes' | 'nones' | 'present' | 'cells'> {
  readonly words?: readonly (readonly [element: number, words: readonly Word[]])[];
  readonly hashes?: readonly (readonly [element: number, hashes: readonly number[]])[];
  readonly nones?: readonly (readonly [element: number, none: unknown])[];
  readonly present?: readonly number[];
}

export interface FrozenDecision extends Omit<Decision, 'scores'> {
  readonly scores?: FrozenOperand;
}

export interface FrozenTarget {
  readonly classes: readonly (string | number)[];
  readonly decision: FrozenDecision;
}

export interface FrozenOutput {
  readonly name: string;
  readonly value: FrozenOperand;
  readonly dtype: DType;
  readonly list?: string;
}

export interface FrozenGraph {
  readonly version: typeof FROZEN_VERSION;
  readonly precision: 'f32' | 'f64';
  readonly inputs: readonly FrozenInput[];
  readonly outputs: readonly FrozenOutput[];
  readonly nodes: readonly FrozenNode[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: FrozenDecision;
  readonly targets?: readonly FrozenTarget[];
  readonly integers?: Integers;
  readonly boosting?: readonly Boosting[];
}

/** A parameter array of the plan: a tensor of the plan's precision, or one to be widened to it. */
export type FrozenParameter =
  | { readonly tensor: string }
  | { readonly tensor: string; readonly scale: string; readonly layout: 'in-out' | 'out-in' };

export interface FrozenPort {
  readonly name: string;
  /** The shape of one row. */
  readonly shape: readonly number[];
  /** f32, i64 and so on. */
  readonly dtype: string;
}

export interface FrozenPlanInput extends FrozenPort {
  /** Whether it accepts arrays of integers as well as floats. */
  readonly integers: boolean;
  /** Indices of the elements of a row that may be missing. */
  readonly missing?: readonly number[];
  /** Those among them that the model handles when they are missing: records may omit them. */
  readonly optional?: readonly number[];
}

export interface FrozenPlan {
  /** PLAN_VERSION. */
  readonly version: number;
  readonly precision: 'f32' | 'f64';
  /** The tensor of its words, I32. */
  readonly words: string;
  readonly parameters: readonly FrozenParameter[];
  readonly inputs: readonly FrozenPlanInput[];
  /** `exact`: its integers are exact where a float32 is not. */
  readonly outputs: readonly (FrozenPort & { readonly exact?: true })[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly parameterCount: number;
}

/** The program to which a graph was lowered, written beside it. */
export interface Program {
  readonly plan: Plan;
  /** For each parameter that is a whole constant, the elements of that constant. */
  readonly sources: readonly (ArrayLike<number> | undefined)[];
  readonly inputs: readonly ProgramPort[];
  readonly outputs: readonly ProgramPort[];
  readonly parameterCount: number;
}

interface ProgramPort {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly exact?: boolean;
  /** For an input of floats: whether it is used only for ids. */
  readonly takesIds?: boolean;
  /** For an input, by the index of each element that may be missing: whether the model handles a missing value. */
  readonly fills?: ReadonlyMap<number, { readonly known: boolean }>;
}
