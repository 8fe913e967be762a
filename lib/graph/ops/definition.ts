/** The type of an entry of the op table, and checks that entries share. */
import { type ErrorCode, ForwardpassError } from '../../errors.ts';
import type { Node, Op, Tensor } from '../graph.ts';
import type { PlanBuilder, View } from '../plan-builder.ts';
import { broadcastsTo, formatShape, type Shape } from '../shapes.ts';

export type Values = Float32Array | Float64Array;

export interface OpDefinition<O extends Op = Op> {
  /** The least and the greatest number of operands. */
  readonly operands: readonly [number, number];
  /** Positions of the operands that must be constants. */
  readonly constants?: readonly number[];
  /** Checks the attributes and the operands' shapes; returns the row shape of the result. */
  infer(node: Node<O>, shapes: readonly Shape[]): Shape;
  /** The result for constants, computed in float64; `shape` is the result of `infer`. */
  evaluate(node: Node<O>, operands: readonly Tensor[], shape: Shape): Values;
  /** Adds the instructions that compute the result; `shape` is the result of `infer`. */
  lower(node: Node<O>, shape: Shape, plan: PlanBuilder): View;
}

/** Float32 represents every integer up to this one. */
export const EXACT_F32 = 2 ** 24;

type AnyNode = Pick<Node, 'op' | 'name'>;

export function refuse(node: AnyNode, code: ErrorCode, message: string): never {
  throw new ForwardpassError(code, `${node.op}: ${message}`, `node ${node.name}`);
}

export function checkAxis(node: AnyNode, axis: number, rank: number): void {
  if (Number.isInteger(axis) && axis >= 0 && axis < rank) return;
  refuse(node, 'SHAPE', `axis must be an integer from 0 to below the ${rank} axes of a row, found ${axis}`);
}

export function checkNumber(node: AnyNode, attribute: string, value: unknown): void {
  if (typeof value === 'number' && !Number.isNaN(value)) return;
  refuse(node, 'MALFORMED', `${attribute} must be a number, found ${String(value)}`);
}

/** Epsilons and floors of norms. */
export function checkNotNegative(node: AnyNode, attribute: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  refuse(node, 'MALFORMED', `${attribute} must be finite and not negative, found ${String(value)}`);
}

export function checkFunction(node: AnyNode, known: readonly string[], fn: string): void {
  if (!known.includes(fn)) refuse(node, 'UNSUPPORTED_OP', `unknown function ${String(fn)}`);
}

export function checkBroadcast(node: AnyNode, operand: string, from: Shape, to: Shape): void {
  if (broadcastsTo(from, to)) return;
  refuse(node, 'SHAPE', `${operand} must broadcast to ${formatShape(to)}, found ${formatShape(from)}`);
}
