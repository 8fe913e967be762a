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

/** Keys are text or integers. */
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

/** Bytes of an item's place in a list, and of a number that is none of the small ones. */
export const SLOT_BYTES = 8;
export const NUMBER_BYTES = 64;

/** Characters of text that code makes. */
export const LONGEST_TEXT = 2 ** 16;

/** Whether operators of ATen may be called with it: their lists hold no lists. */
export function isArgument(value: ScriptValue): value is Argument & ScriptValue {
  return Array.isArray(value) ? value.every(isItem) : isItem(value);
}

function isItem(value: ScriptValue): boolean {
  return value === null || typeof value === 'string' || value instanceof PyNumber || value instanceof TensorRef;
}

/** Of the root module and its parts, in messages and names of layers. */
const LONGEST_PATH = 300;

/** How the root module calls a part of one of its parts. */
export function pathOf(path: string, name: string): string {
  if (path === '') return name.length > LONGEST_PATH ? `${name.slice(0, LONGEST_PATH)}…` : name;
  if (path.length + name.length <= LONGEST_PATH) return `${path}.${name}`;
  return path.endsWith('…') ? path : `${path}…`;
}

/** Items of a list that decide how it is described. */
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
