/**
 * Signatures of operators as torch writes them: `mean(Tensor self, int[]? dim, bool keepdim=False, *, int? dtype=None)`.
 * They give names to positional arguments, fill in what is left out, and tell the forms of an operator apart.
 */
import { type Argument, PyNumber, TensorRef } from './argument.ts';

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly isList: boolean;
  /** For a list: whether None may be in it. */
  readonly mayHaveGaps: boolean;
  /** Undefined where the argument must be given. */
  readonly otherwise: Argument | undefined;
  /** After `*`. */
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

/** The arguments by name, or undefined when the call is not of this form. */
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
  // One number stands for a list of it.
  return parameter.type === 'int' && acceptsOne('int', argument);
}

/** A number may stand wherever a tensor may. */
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
