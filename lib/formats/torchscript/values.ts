/** What the names of a program stand for while its code is followed. */
import { type Argument, kindOf, PyNumber, TensorRef } from '../aten/argument.ts';
import type { ClassCode, FunctionCode } from './syntax.ts';

/** Lists and tuples are arrays; what is appended to a list is seen by all who have it. */
export type ScriptValue =
  | null
  | string
  | PyNumber
  | TensorRef
  | ScriptValue[]
  | ScriptDict
  | ScriptObject
  | ScriptFunction
  | NamedTuple;

/** Keys are text or whole numbers. */
export class ScriptDict {
  readonly entries = new Map<string | number, ScriptValue>();
}

/** A module, or an object of another class of the file. */
export class ScriptObject {
  readonly code: ClassCode;
  /** How the root module calls it, such as `encoder.0`; empty for the root. */
  readonly path: string;
  readonly attributes = new Map<string, ScriptValue>();

  constructor(code: ClassCode, path: string) {
    this.code = code;
    this.path = path;
  }
}

export class ScriptFunction {
  readonly code: FunctionCode;
  /** Of a method. */
  readonly self: ScriptObject | undefined;

  constructor(code: FunctionCode, self?: ScriptObject) {
    this.code = code;
    this.self = self;
  }
}

export class NamedTuple {
  readonly names: readonly string[];
  readonly items: ScriptValue[];

  constructor(names: readonly string[], items: ScriptValue[]) {
    this.names = names;
    this.items = items;
  }
}

/** Whether operators of ATen may be called with it. */
export function isArgument(value: ScriptValue): value is Argument & ScriptValue {
  if (Array.isArray(value)) return value.every(isArgument);
  return value === null || typeof value === 'string' || value instanceof PyNumber || value instanceof TensorRef;
}

/** A value in a few words, for messages. */
export function describeValue(value: ScriptValue): string {
  if (value instanceof ScriptObject) return `an object of ${value.code.name}`;
  if (value instanceof ScriptFunction) return `the function ${value.code.name}`;
  if (value instanceof ScriptDict) return `a dict of ${value.entries.size}`;
  if (value instanceof NamedTuple) return `a named tuple of ${value.items.length}`;
  return isArgument(value) ? kindOf(value) : `a list of ${value.length}`;
}
