/** What builtin functions use while the code is interpreted. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { type Argument, PyNumber, TensorRef } from '../aten/argument.ts';
import type { ScriptValue } from './values.ts';

export interface Context {
  readonly budget: Budget;
  /** For messages. */
  readonly place: string;
  /** Calls an operator of ATen. */
  apply(name: string, ...args: Argument[]): ScriptValue;
}

/** Undefined if an ATen operator with that name handles these arguments. */
export type Builtin = (args: readonly ScriptValue[], context: Context) => ScriptValue | undefined;

/** A condition's value, which must be known while loading. */
export function truthOf(value: ScriptValue, place: string): boolean {
  if (value === null) return false;
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  const number = numberOf(value);
  if (number !== undefined) return number !== 0;
  const message =
    'the control flow depends on the input, but the operations of a row model must be the same for every row';
  throw new ForwardpassError('UNSUPPORTED_OP', message, place);
}

/** The known number, from a number or a tensor of one element. */
export function numberOf(value: ScriptValue | undefined): number | undefined {
  if (value instanceof PyNumber) return value.value;
  const tensor = value instanceof TensorRef ? value.value : undefined;
  return tensor?.kind === 'constant' && tensor.data.length === 1 && !tensor.batch ? tensor.data[0] : undefined;
}
