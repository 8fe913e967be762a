/** One operator with its inputs at hand, as the translations in ops/ see it. */
import type { ErrorCode, ForwardpassError } from '../../errors.ts';
import type { Table } from '../containers/flatbuffer.ts';
import type { Constant, ElementType, Row, Value } from '../tracing/value.ts';
import type { LiteBuilder } from './builder.ts';
import type { Quantization, TensorInfo } from './model.ts';
import { elementType } from './tensor.ts';

/** What an operator becomes: its outputs. */
export type Translation = (call: Call) => Value | readonly Value[];

/** Translations by operator name. */
export type Translations = Readonly<Record<string, Translation>>;

/** What the file says of an operator's tensors; an input that is left out is undefined. */
export interface CallTensors {
  readonly inputs: readonly (TensorInfo | undefined)[];
  readonly outputs: readonly TensorInfo[];
}

export class Call {
  constructor(
    readonly build: LiteBuilder,
    readonly options: Table | undefined,
    readonly inputs: readonly (Value | undefined)[],
    readonly tensors: CallTensors,
  ) {}

  error(code: ErrorCode, message: string): ForwardpassError {
    return this.build.error(code, message);
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  input(index: number): Value {
    const value = this.inputs[index];
    if (value === undefined) throw this.error('MALFORMED', `input ${index} is missing`);
    return value;
  }

  /** Every input, none of which may be left out. */
  all(): Value[] {
    if (this.inputs.length === 0) throw this.error('MALFORMED', 'expected at least one input, found none');
    return this.inputs.map((_, index) => this.input(index));
  }

  /** An input that must be the same for every row. */
  constant(index: number): Constant {
    const value = this.input(index);
    if (value.kind === 'row') {
      throw this.error('UNSUPPORTED_OP', `input ${index} depends on the model's input; here it must be a constant`);
    }
    return value;
  }

  /** An input as the value of a row; constants are taken as rows that are all equal. */
  row(index: number): Row {
    return this.build.asRow(this.input(index));
  }

  /** A constant's numbers. */
  numbers(index: number): number[] {
    const { data, batch } = this.constant(index);
    if (batch) throw this.build.crossing(`input ${index} depends on the batch size`);
    return Array.from(data);
  }

  /** The one number of a constant. */
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

  /** What the elements of the first output are. */
  get resultType(): ElementType {
    return elementType(this.result());
  }

  quantization(info: TensorInfo): Quantization {
    if (info.quantization !== undefined) return info.quantization;
    throw this.error('MALFORMED', `${info.place} is quantised and has no scale`);
  }

  /** An option by its number in the options' table. */
  integer(field: number): number {
    return this.options?.int32(field) ?? 0;
  }

  /** An option that is an enumeration's. */
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
