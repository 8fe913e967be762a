/** One node with its inputs, as the translations in ops/ see it. */
import type { ErrorCode, ForwardpassError } from '../../errors.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { type Dimension, dimensions } from '../tensors/dimensions.ts';
import type { Constant, ElementType } from '../tensors/value.ts';
import type { Attribute, NodeDef } from './proto.ts';
import { elementType } from './types.ts';
import type { Result, Row, Value } from './value.ts';

/** Translates a node: returns its outputs, as far as a row model has them. */
export type Translation = (call: TensorFlowCall) => Result | readonly (Result | undefined)[];

/** Translations by operator name. */
export type Translations = Readonly<Record<string, Translation>>;

export class TensorFlowCall {
  readonly build: GraphBuilder;
  readonly node: NodeDef;
  readonly inputs: readonly Result[];
  constructor(build: GraphBuilder, node: NodeDef, inputs: readonly Result[]) {
    this.build = build;
    this.node = node;
    this.inputs = inputs;
  }

  withInputs(inputs: readonly Result[]): TensorFlowCall {
    return new TensorFlowCall(this.build, this.node, inputs);
  }

  error(code: ErrorCode, message: string): ForwardpassError {
    return this.build.error(code, message);
  }

  input(index: number): Value {
    const value = this.inputs.at(index);
    if (value === undefined) throw this.error('MALFORMED', `input ${index} is missing`);
    if (value.kind === 'constant' || value.kind === 'row') return value;
    if (value.kind === 'refused') throw value.error;
    throw this.error('UNSUPPORTED_DTYPE', `input ${index} is ${KINDS[value.kind]}; expected numbers`);
  }

  /** Every input, of which there is at least one. */
  all(): Value[] {
    if (this.inputs.length === 0) throw this.error('MALFORMED', 'expected at least one input, found none');
    return this.inputs.map((_, index) => this.input(index));
  }

  /** An input that must be the same for every row. */
  constant(index: number): Constant {
    const value = this.input(index);
    if (value.kind === 'constant') return value;
    throw this.error('UNSUPPORTED_OP', `input ${index} depends on the model's input; here it must be a constant`);
  }

  /** An input as the value of a row; a constant becomes a row that is the same for all. */
  row(index: number): Row {
    return this.build.asRow(this.input(index));
  }

  /** A constant list of sizes, which may contain the batch. */
  dimensions(index: number): Dimension[] {
    const list = this.constant(index);
    this.build.checkRank(list.data);
    return dimensions(list);
  }

  /** The numbers of a constant. */
  numbers(index: number): number[] {
    const value = this.constant(index);
    if (value.batch) throw this.build.crossing(`input ${index} depends on the batch size`);
    this.build.lookThrough(value.data.length);
    return Array.from(value.data);
  }

  /** The only number of a constant. */
  number(index: number): number {
    const numbers = this.numbers(index);
    if (numbers.length === 1) return numbers[0];
    throw this.error('SHAPE', `expected one number as input ${index}, found ${numbers.length}`);
  }

  integer(name: string, otherwise: number): number {
    return this.attribute(name)?.integer ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.attribute(name)?.float ?? otherwise;
  }

  flag(name: string, otherwise = false): boolean {
    return this.attribute(name)?.boolean ?? otherwise;
  }

  string(name: string, otherwise: string): string {
    const bytes = this.attribute(name)?.bytes;
    return bytes === undefined ? otherwise : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }

  integers(name: string): readonly number[] {
    return this.attribute(name)?.list?.integers ?? [];
  }

  floats(name: string): number[] {
    const bytes = this.attribute(name)?.list?.floats.all() ?? new Uint8Array(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }

  /** The texts of a list. */
  strings(name: string): readonly string[] {
    return this.attribute(name)?.list?.texts ?? [];
  }

  type(name: string, otherwise: ElementType): ElementType {
    const code = this.attribute(name)?.type;
    return code === undefined ? otherwise : elementType(code, this.build.place);
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes.get(name);
  }
}

const KINDS = {
  variable: 'a variable',
  bits: 'the bits of floats',
  sparse: 'a part of a sparse tensor',
  table: 'a lookup table',
  contents: 'a lookup table',
  text: 'a text',
  spelled: 'a number formatted as a word',
  tokens: 'words of a text',
  numbers: 'a number of each word of a text',
  test: 'a test of each word of a text',
  partition: 'a partition of words among rows',
  dead: 'on the side of a condition that is not taken',
} as const;
