/**
 * Operator signatures as torch writes them: `mean(Tensor self, int[]? dim, bool keepdim=False, *, int? dtype=None)`.
 * They name positional arguments, supply defaults, and distinguish the forms of an operator.
 */
import { type Argument, PyNumber, TensorRef } from './argument.ts';

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly isList: boolean;
  /** For a list: whether it may contain None. */
  readonly mayHaveGaps: boolean;
  /** The default; undefined for a required argument. */
  readonly otherwise: Argument | undefined;
  /** For keyword-only arguments, those after `*`. */
  readonly byNameOnly: boolean;
}

export interface Signature {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

const PARAMETER = /^(\w+)(\?)?(\[\])?(\?)? (\w+)(?:=(.+))?$/;

/** Parses one of the signatures of the tables in operators/. */
export function parseSignature(text: string): Signature {
  const open = text.indexOf('(');
  const parameters: Parameter[] = [];
  let byNameOnly = false;
  for (const part of text.slice(open + 1, -1).split(', ')) {
    if (part === '*') byNameOnly = true;
    const match = PARAMETER.exec(part);
    if (match === null) continue;
    const [, type, sparse, list, optional, name, written] = match;
    const otherwise = written === undefined ? undefined : literalOf(written);
    const isList = list !== undefined;
    const isOptional = (isList ? optional : sparse) !== undefined;
    parameters.push({
      name,
      type,
      isOptional,
      isList,
      mayHaveGaps: isList && sparse !== undefined,
      otherwise,
      byNameOnly,
    });
  }
  return { name: text.slice(0, open), parameters };
}

function literalOf(text: string): Argument {
  if (text === 'None') return null;
  if (text === 'True' || text === 'False') return PyNumber.bool(text === 'True');
  if (text.startsWith("'")) return text.slice(1, -1);
  if (text === '[]') return [];
  const value = Number(text);
  return Number.isInteger(value) && !text.includes('.') ? PyNumber.int(value) : PyNumber.float(value);
}

/** The arguments by name, or undefined if the call does not match this form. */
export function bind(
  { parameters }: Signature,
  positional: readonly Argument[],
  named: ReadonlyMap<string, Argument>,
): ReadonlyMap<string, Argument> | undefined {
  const bound = new Map<string, Argument>();
  for (const [index, parameter] of parameters.entries()) {
    const isPositional = index < positional.length;
    if (isPositional && (parameter.byNameOnly || named.has(parameter.name))) return undefined;
    const given = isPositional ? positional[index] : named.get(parameter.name);
    const argument = given === undefined ? parameter.otherwise : given;
    if (argument === undefined || !accepts(parameter, argument)) return undefined;
    bound.set(parameter.name, argument);
  }
  const isKnown = (name: string) => bound.has(name);
  return positional.length <= parameters.length && [...named.keys()].every(isKnown) ? bound : undefined;
}

function accepts(parameter: Parameter, argument: Argument): boolean {
  if (argument === null) return parameter.isOptional;
  if (!parameter.isList) return acceptsOne(parameter.type, argument);
  if (Array.isArray(argument)) {
    return argument.every((each) => (each === null ? parameter.mayHaveGaps : acceptsOne(parameter.type, each)));
  }
  // One number is accepted for a list of one.
  return parameter.type === 'int' && acceptsOne('int', argument);
}

/** A number is accepted wherever a tensor is. */
function acceptsOne(type: string, argument: Argument): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'Tensor':
      return argument instanceof TensorRef || argument instanceof PyNumber;
    case 'str':
      return typeof argument === 'string';
    case 'int':
      return argument instanceof PyNumber && argument.type === 'int64';
    case 'bool':
      return argument instanceof PyNumber && argument.type === 'bool';
    case 'float':
      return argument instanceof PyNumber;
    default:
      return false;
  }
}
