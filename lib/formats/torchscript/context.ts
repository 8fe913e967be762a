/** What functions of Python work with while the code is followed. */
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

/** Undefined where an operator of ATen goes by that name for these arguments. */
export type Builtin = (args: readonly ScriptValue[], context: Context) => ScriptValue | undefined;

/** Whether the code goes one way or the other: that must be known while loading. */
export function truthOf(value: ScriptValue, place: string): boolean {
  if (value === null) return false;
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  const number = numberOf(value);
  if (number !== undefined) return number !== 0;
  const message =
    'the way that the code takes depends on the input; forwardpass runs row models, which always do the same';
  throw new ForwardpassError('UNSUPPORTED_OP', message, place);
}

/** The number that is known, of a number or a tensor of one. */
export function numberOf(value: ScriptValue | undefined): number | undefined {
  if (value instanceof PyNumber) return value.value;
  const tensor = value instanceof TensorRef ? value.value : undefined;
  return tensor?.kind === 'constant' && tensor.data.length === 1 && !tensor.batch ? tensor.data[0] : undefined;
}
