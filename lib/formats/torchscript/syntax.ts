/** The syntax of code in a TorchScript file: the part of Python that torch writes. */

export type Expression =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'int' | 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [key: Expression, value: Expression])[] }
  | {
      readonly kind: 'attribute';
      readonly of: Expression;
      readonly name: string;
      readonly dotted: Dotted | undefined;
    }
  | { readonly kind: 'subscript'; readonly of: Expression; readonly index: Expression }
  | {
      readonly kind: 'call';
      readonly callee: Expression;
      readonly positional: readonly Expression[];
      readonly named: readonly (readonly [name: string, value: Expression])[];
    };

export type Statement =
  /** One target, or several that unpack a tuple. */
  | {
      readonly kind: 'assign';
      readonly targets: readonly Expression[];
      readonly isTuple: boolean;
      readonly value: Expression;
    }
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'if'; readonly test: Expression; readonly body: Body; readonly otherwise: Body }
  | { readonly kind: 'for'; readonly variable: string; readonly over: Expression; readonly body: Body }
  | { readonly kind: 'return'; readonly value: Expression }
  /** An unsupported statement, by its first word. */
  | { readonly kind: 'refused'; readonly word: string };
export type Body = readonly Statement[];

export interface Parameter {
  readonly name: string;
  readonly type: Expression | undefined;
  readonly otherwise: Expression | undefined;
}

export interface FunctionCode {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: Body;
}

export interface Field {
  readonly type: Expression;
  /** The value of a class constant. */
  readonly value: Expression | undefined;
}

export interface ClassCode {
  readonly name: string;
  /** Such as `Module` or `NamedTuple`. */
  readonly base: string;
  /** In order. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly methods: ReadonlyMap<string, FunctionCode>;
}

export interface FileCode {
  readonly functions: ReadonlyMap<string, FunctionCode>;
  readonly classes: ReadonlyMap<string, ClassCode>;
}

/** `a.b.c`, consisting only of names and attributes. */
export interface Dotted {
  readonly root: string;
  readonly whole: string;
}

/** Longer names do not refer to anything in a file. */
const LONGEST_DOTTED = 2000;

/** For the attribute `name` of an expression; undefined if the expression is anything else. */
export function dotted(of: Expression, name: string): Dotted | undefined {
  if (of.kind === 'name') return { root: of.name, whole: `${of.name}.${name}` };
  if (of.kind !== 'attribute' || of.dotted === undefined) return undefined;
  const { root, whole } = of.dotted;
  return whole.length + name.length < LONGEST_DOTTED ? { root, whole: `${whole}.${name}` } : undefined;
}

/** A name, or names and attributes joined by dots; undefined for any other expression. */
export function dottedName(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.name;
  return expression.kind === 'attribute' ? expression.dotted?.whole : undefined;
}
