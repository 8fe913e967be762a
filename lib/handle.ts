/**
 * The handles that {@link Model.share} returns and {@link Model.attach} takes, and the description that goes with them
 * from thread to thread.
 */
import { ForwardpassError } from './errors.ts';
import type { Decision, Target } from './graph/graph.ts';
import type { Port } from './graph/lower.ts';
import { describe } from './messages.ts';
import { reading } from './reading.ts';

/**
 * Identifies a model for the other threads of this process: a small plain object that can be sent in a message or
 * written as JSON. It contains no weights and does not keep them alive.
 */
export interface ModelHandle {
  /** The version of handles. */
  readonly forwardpass: 1;
  /** Identifies the process, and the copy of the addon in it. */
  readonly addon: string;
  /** Identifies the model within that copy. */
  readonly model: string;
}

/**
 * Everything about a model except its weights. The two optional strings are for models with two plans, and for handles.
 */
export interface Description<Precision, Isa> {
  readonly format: string;
  readonly precision: Precision;
  readonly isa: Isa;
  readonly parameterCount: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** {@link About}, as JSON: a string takes the least memory, and it is rarely needed. */
  readonly about: string;
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
}

/** The form of the result of crypto.randomUUID(). */
const NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function checkHandle(value: unknown): ModelHandle {
  if (typeof value !== 'object' || value === null) throw malformed(describe(value));
  const { forwardpass, addon, model } = reading('HANDLE', 'handle', () => ({
    ...(value as Partial<Record<keyof ModelHandle, unknown>>),
  }));
  if (typeof forwardpass === 'number' && forwardpass !== 1) {
    const message = `has version ${forwardpass}, from another version of forwardpass; expected version 1`;
    throw new ForwardpassError('HANDLE', message, 'handle');
  }
  if (forwardpass !== 1) throw malformed('an object that is not a handle');
  if (!isName(addon)) throw malformed(`one whose \`addon\` is ${describe(addon)}`);
  if (!isName(model)) throw malformed(`one whose \`model\` is ${describe(model)}`);
  return { forwardpass, addon, model };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

function malformed(found: string): ForwardpassError {
  return new ForwardpassError('HANDLE', `expected a handle from share(), found ${found}`, 'handle');
}
