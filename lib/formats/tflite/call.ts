/** One operator with its inputs, as the translations in ops/ see it. */
import type { Table } from '../containers/flatbuffer.ts';
import { OperatorCall } from '../tensors/call.ts';
import { type Dimension, dimensions } from '../tensors/dimensions.ts';
import type { ElementType, Value } from '../tensors/value.ts';
import type { LiteBuilder } from './builder.ts';
import type { Quantization, TensorInfo } from './model.ts';
import { elementType } from './tensor.ts';

/** Translates an operator: returns its outputs. */
export type Translation = (call: TfliteCall) => Value | readonly Value[];

/** Translations by operator name. */
export type Translations = Readonly<Record<string, Translation>>;

/** The file's descriptions of an operator's tensors; an omitted input is undefined. */
export interface CallTensors {
  readonly inputs: readonly (TensorInfo | undefined)[];
  readonly outputs: readonly TensorInfo[];
}

export class TfliteCall extends OperatorCall<LiteBuilder> {
  constructor(
    build: LiteBuilder,
    readonly options: Table | undefined,
    inputs: readonly (Value | undefined)[],
    readonly tensors: CallTensors,
  ) {
    super(build, inputs);
  }

  /** A constant list of sizes, which may include the batch. */
  dimensions(index: number): Dimension[] {
    const list = this.constant(index);
    this.build.checkRank(list.data);
    return dimensions(list);
  }

  /** The numbers of a constant. */
  numbers(index: number): number[] {
    const { data, batch } = this.constant(index);
    if (batch) throw this.build.crossing(`input ${index} depends on the batch size`);
    this.build.lookThrough(data.length);
    return Array.from(data);
  }

  /** The only number of a constant. */
  number(index: number): number {
    const numbers = this.numbers(index);
    if (numbers.length === 1) return numbers[0];
    throw this.error('SHAPE', `expected one number as input ${index}, found ${numbers.length}`);
  }

  tensor(index: number): TensorInfo {
    const info = this.tensors.inputs[index];
    if (info === undefined) throw this.error('MALFORMED', `input ${index} is missing`);
    return info;
  }

  result(index = 0): TensorInfo {
    const info = this.tensors.outputs[index];
    if (info === undefined) throw this.error('MALFORMED', `output ${index} is missing`);
    return info;
  }

  /** The element type of the first output. */
  get resultType(): ElementType {
    return elementType(this.result());
  }

  quantization(info: TensorInfo): Quantization {
    if (info.quantization !== undefined) return info.quantization;
    throw this.error('MALFORMED', `${info.place} is quantised but has no scale`);
  }

  /** An option by its field number in the table of options. */
  integer(field: number): number {
    return this.options?.int32(field) ?? 0;
  }

  /** An option of an enumeration type. */
  choice(field: number): number {
    return this.options?.int8(field) ?? 0;
  }

  flag(field: number): boolean {
    return this.options?.bool(field) ?? false;
  }

  float(field: number): number {
    return this.options?.float32(field) ?? 0;
  }
}
