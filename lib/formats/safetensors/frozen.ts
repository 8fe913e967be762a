/**
 * Frozen models: safetensors files that hold their network too. What reading and writing them share.
 *
 * The metadata's key `forwardpass` holds the graph as JSON: {@link FrozenGraph}, with constants by the name of their
 * tensor. Numbers that JSON does not have stand as objects: `{"number":"Infinity"}`, likewise NaN and −0.
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

export interface FrozenGraph {
  readonly version: typeof FROZEN_VERSION;
  readonly precision: 'f32' | 'f64';
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly { readonly name: string; readonly value: FrozenOperand; readonly dtype: DType }[];
  readonly nodes: readonly FrozenNode[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
}

/** For JSON.stringify. */
export function encodeNumber(value: number): number | { readonly number: string } {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: Object.is(value, -0) ? '-0' : `${value}` };
}

/** What {@link encodeNumber} made; undefined for anything else. */
export function decodeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null || !('number' in value)) return undefined;
  switch (value.number) {
    case 'Infinity':
      return Infinity;
    case '-Infinity':
      return -Infinity;
    case 'NaN':
      return Number.NaN;
    case '-0':
      return -0;
    default:
      return undefined;
  }
}
