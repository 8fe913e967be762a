/** One call of an operator with its arguments by name, as the translations in operators/ see it. */
import type { ErrorCode, ForwardpassError } from '../../errors.ts';
import { formatShape } from '../../graph/shapes.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import {
  type Constant,
  type ElementType,
  HIGHEST_RANK,
  isFloat,
  type Row,
  range,
  type Value,
} from '../tensors/value.ts';
import { type Argument, kindOf, PyNumber, type Result, TensorRef } from './argument.ts';
import { asFloat, type Operand, resultType, typeOfCode } from './element-types.ts';
import { ShapeMismatch } from './shape-mismatch.ts';

/** The longest list that has one or two numbers for each axis. */
const MOST_SIZES = 2 * HIGHEST_RANK;
/** The longest text of a setting or an equation. */
const LONGEST_TEXT = 1000;

/** Translates one call of an operator. */
export type Translation = (call: AtenCall) => Result;

/** Translations by the operator's signature; the forms of one name are tried in order. */
export type Translations = Readonly<Record<string, Translation>>;

export class AtenCall {
  readonly build: GraphBuilder;
  readonly #arguments: ReadonlyMap<string, Argument>;

  /** `given` was matched to a signature, so every parameter has an argument of its type. */
  constructor(build: GraphBuilder, given: ReadonlyMap<string, Argument>) {
    this.build = build;
    this.#arguments = given;
  }

  error(code: ErrorCode, message: string): ForwardpassError {
    return this.build.error(code, message);
  }

  has(name: string): boolean {
    return (this.#arguments.get(name) ?? null) !== null;
  }

  /** A tensor, or a number in place of one. */
  operand(name: string): Operand {
    return this.#operandOf(this.#arguments.get(name) ?? null);
  }

  /** Numbers are taken as tensors of rank 0. */
  tensor(name: string): Value {
    return tensorOf(this.operand(name));
  }

  optional(name: string): Value | undefined {
    return this.has(name) ? this.tensor(name) : undefined;
  }

  /** A tensor that must be the same for every row. */
  constant(name: string): Constant {
    const value = this.tensor(name);
    if (value.kind === 'constant') return value;
    throw this.error('UNSUPPORTED_OP', `${name} depends on the model's input; here it must be a constant`);
  }

  /** A tensor as the value of a row, converted to floats. */
  row(name: string): Row {
    const value = this.tensor(name);
    return this.build.asRow(this.build.cast(value, asFloat(value.type)));
  }

  /** At least one tensor. */
  tensors(name: string): Value[] {
    const list = this.#list(name);
    if (list.length === 0) throw this.error('SHAPE', `expected at least one tensor as ${name}, found none`);
    return list.map((item) => tensorOf(this.#operandOf(item)));
  }

  /** Like {@link tensors}, but items of the list may be None. */
  optionalTensors(name: string): (Value | undefined)[] {
    return this.#list(name).map((item) => (item === null ? undefined : tensorOf(this.#operandOf(item))));
  }

  text(name: string): string {
    const argument = this.#arguments.get(name);
    if (typeof argument !== 'string') return this.#refuse(name, 'text');
    if (argument.length <= LONGEST_TEXT) return argument;
    throw this.error('MALFORMED', `expected a word as ${name}, found text of ${argument.length} characters`);
  }

  /** False if this form of the operator has no such flag. */
  flag(name: string): boolean {
    return this.has(name) && this.number(name) !== 0;
  }

  /** A number that does not depend on the batch. */
  number(name: string): number {
    return this.#plain(name, this.#number(name, this.#arguments.get(name)));
  }

  /** A list of integers, about one for each axis; a single integer counts as a list of one. */
  integers(name: string, most = MOST_SIZES): number[] {
    return this.sizes(name, most).map((item) => this.#plain(name, item));
  }

  /** A list of integers that may hold the batch size. */
  sizes(name: string, most = MOST_SIZES): PyNumber[] {
    const list = this.#list(name);
    if (list.length <= most) return list.map((item) => this.#number(name, item));
    throw this.error('LIMIT', `expected at most ${most} numbers as ${name}, found ${list.length}`);
  }

  /** The numbers from `start` up to `end` in steps; checks the budget first. */
  range(start: number, end: number, step: number): number[] {
    this.build.spend(Math.max(Math.ceil((end - start) / step), 0));
    return range(start, end, step);
  }

  /** The axes to work along: those given, or all if none are. */
  axes(name: string, x: Value): number[] {
    const given = this.has(name) ? this.integers(name) : [];
    const rank = this.build.rank(x);
    return given.length > 0 || rank === 0 ? given.map((axis) => this.build.axis(axis, rank)) : [...Array(rank).keys()];
  }

  type(name: string): ElementType | undefined {
    return this.has(name) ? typeOfCode(this.number(name), this.build.place) : undefined;
  }

  /** The type that torch gives to a result of these operands. */
  typeOf(operands: readonly Operand[]): ElementType {
    return resultType(operands, (x) => this.build.rank(x));
  }

  /** The same elements, cast to another type. */
  cast(operand: Operand, type: ElementType): Value {
    return this.build.cast(tensorOf(operand), type);
  }

  /** The tensor, cast to floats if it has another type. */
  floating(name: string): Value {
    const value = this.tensor(name);
    return isFloat(value.type) ? value : this.build.cast(value, asFloat(value.type));
  }

  /** Throws `SHAPE` when two sizes differ that must be equal. */
  match(found: number, expected: number, message: string): void {
    if (found !== expected) throw new ShapeMismatch(message, this.build.place, found - expected);
  }

  #operandOf(argument: Argument): Operand {
    if (argument instanceof PyNumber) return argument;
    if (!(argument instanceof TensorRef)) throw this.error('MALFORMED', `expected a Tensor, found ${kindOf(argument)}`);
    const { value } = argument;
    if (value !== undefined) return value;
    throw this.error(
      'UNSUPPORTED_OP',
      'the tensor was changed in place through a view of it; write the model without such changes, or trace it again',
    );
  }

  #list(name: string): readonly Argument[] {
    const argument = this.#arguments.get(name) ?? null;
    return Array.isArray(argument) ? argument : [argument];
  }

  #number(name: string, argument: Argument | undefined): PyNumber {
    if (argument instanceof PyNumber) return argument;
    return this.#refuse(name, 'a number');
  }

  #plain(name: string, { value }: PyNumber): number {
    if (value !== undefined) return value;
    throw this.build.crossing(`${name} depends on the batch size`);
  }

  #refuse(name: string, expected: string): never {
    throw this.error(
      'MALFORMED',
      `expected ${expected} as ${name}, found ${kindOf(this.#arguments.get(name) ?? null)}`,
    );
  }
}

function tensorOf(operand: Operand): Value {
  return operand instanceof PyNumber ? operand.constant : operand;
}

export function sizesText(...shapes: readonly (readonly number[])[]): string {
  return shapes.map(formatShape).join(' and ');
}
