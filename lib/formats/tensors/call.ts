/** One operator with its inputs, as the translations of every format see it. */
import type { ErrorCode, ForwardpassError } from '../../errors.ts';
import type { GraphBuilder } from './builder.ts';
import type { Constant, Row, Value } from './value.ts';

export class OperatorCall<Build extends GraphBuilder = GraphBuilder> {
  constructor(
    readonly build: Build,
    readonly inputs: readonly (Value | undefined)[],
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

  /** Every input; none may be omitted. */
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

  /** An input as the value of a row; a constant becomes a row that is the same for all. */
  row(index: number): Row {
    return this.build.asRow(this.input(index));
  }
}
