/** What the names of a program refer to while its code is interpreted. */
import { type Argument, kindOf, PyNumber, TensorRef } from '../aten/argument.ts';
import type { ClassCode, FunctionCode } from './syntax.ts';

/** Lists and tuples are arrays; items appended to a list are visible through all references to it. */
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

/** Keys are text or integers. */
export class ScriptDict {
  readonly entries = new Map<string | number, ScriptValue>();
}

/** A module, or an object of another class of the file. */
export class ScriptObject {
  readonly code: ClassCode;
  /** The path from the root module, such as `encoder.0`; empty for the root. */
  readonly path: string;
  readonly attributes = new Map<string, ScriptValue>();

  constructor(code: ClassCode, path: string) {
    this.code = code;
    this.path = path;
  }
}

export class ScriptFunction {
  readonly code: FunctionCode;
  /** Set for a method. */
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

/** Bytes of an item's entry in a list, and of a number that is not one of the shared small ones. */
export const SLOT_BYTES = 8;
export const NUMBER_BYTES = 64;

/** The maximum length of text that code creates. */
export const LONGEST_TEXT = 2 ** 16;

/** Whether it can be an argument of an ATen operator: their lists contain no lists. */
export function isArgument(value: ScriptValue): value is Argument & ScriptValue {
  return Array.isArray(value) ? value.every(isItem) : isItem(value);
}

function isItem(value: ScriptValue): boolean {
  return value === null || typeof value === 'string' || value instanceof PyNumber || value instanceof TensorRef;
}

/** The longest path of the root module's parts, in messages and names of layers. */
const LONGEST_PATH = 300;

/** The path, from the root module, of a part of one of its parts. */
export function pathOf(path: string, name: string): string {
  if (path === '') return name.length > LONGEST_PATH ? `${name.slice(0, LONGEST_PATH)}…` : name;
  if (path.length + name.length <= LONGEST_PATH) return `${path}.${name}`;
  return path.endsWith('…') ? path : `${path}…`;
}

/** How many items of a list determine its description. */
const MOST_SHOWN = 8;

/** A value in a few words, for messages. */
export function describeValue(value: ScriptValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value instanceof ScriptObject) return `an object of ${value.code.name}`;
  if (value instanceof ScriptFunction) return `the function ${value.code.name}`;
  if (value instanceof ScriptDict) return `a dict of ${value.entries.size}`;
  if (value instanceof NamedTuple) return `a named tuple of ${value.items.length}`;
  if (!Array.isArray(value)) return kindOf(value as Argument);
  const shown = value.slice(0, MOST_SHOWN + 1);
  return isArgument(shown) ? kindOf(shown) : `a list of ${value.length}`;
}
