/** Operators and numeric functions in formulas: NumPy's, by name. */
import type { BinaryName, UnaryName } from '../../graph/graph.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';

/** A number for each row, or one for all. */
export type Term = { readonly row: RowVector; readonly isTruth?: boolean } | number;

const UNARY: ReadonlyMap<string, UnaryName> = new Map<string, UnaryName>([
  ...(['exp', 'expm1', 'log', 'log1p', 'log2', 'log10', 'sqrt', 'square', 'cbrt', 'abs', 'sign'] as const).map(
    (name) => [name, name] as const,
  ),
  ...(['floor', 'ceil', 'trunc', 'sin', 'cos', 'tan', 'sinh', 'cosh', 'tanh', 'reciprocal'] as const).map(
    (name) => [name, name] as const,
  ),
  ['absolute', 'abs'],
  ['fabs', 'abs'],
  ['negative', 'neg'],
  ['rint', 'round'],
  ['arctan', 'atan'],
]);

const BINARY: ReadonlyMap<string, BinaryName> = new Map<string, BinaryName>([
  ['power', 'pow'],
  ['add', 'add'],
  ['subtract', 'sub'],
  ['multiply', 'mul'],
  ['divide', 'div'],
  ['maximum', 'max'],
  ['minimum', 'min'],
]);

/** By operator: the function, and whether its result is a boolean. */
const OPERATORS: ReadonlyMap<string, readonly [fn: BinaryName, isTruth: boolean]> = new Map([
  ['+', ['add', false]],
  ['-', ['sub', false]],
  ['*', ['mul', false]],
  ['/', ['div', false]],
  ['**', ['pow', false]],
  ['<', ['less', true]],
  ['<=', ['less_equal', true]],
  ['>', ['greater', true]],
  ['>=', ['greater_equal', true]],
  ['==', ['equal', true]],
  ['&', ['and', true]],
  ['|', ['or', true]],
]);

/** The short name of a built-in function, or of a NumPy function under either prefix; undefined for any other. */
function plainName(name: string): string | undefined {
  const match = /^(?:np|numpy)\.(\w+)$/.exec(name);
  if (match) return match[1];
  // Functions imported from NumPy have its names.
  return name === 'abs' || /^(log1?p?|log2|log10|exp|expm1|sqrt)$/.test(name) ? name : undefined;
}

/** The result of a function; undefined for an unsupported one. */
export function applied(emitter: Emitter, called: string, terms: readonly Term[]): Term | undefined {
  const name = plainName(called);
  if (name === undefined) return undefined;
  const [a, b] = terms;
  const unary = terms.length === 1 ? UNARY.get(name) : undefined;
  if (unary !== undefined && typeof a === 'object') return { row: emitter.unary(a.row, unary) };
  const binary = terms.length === 2 ? BINARY.get(name) : undefined;
  if (binary !== undefined && terms.some((term) => typeof term === 'object')) {
    return { row: emitter.binary(binary, operandOf(a), operandOf(b)) };
  }
  return undefined;
}

function operandOf(term: Term): RowVector | number {
  return typeof term === 'number' ? term : term.row;
}

/** The result of an operator with one operand or two; undefined for an unsupported one. */
export function combined(emitter: Emitter, operator: string, terms: readonly Term[]): Term | undefined {
  const [a, b] = terms;
  if (terms.length === 1) {
    if (operator === '+') return a;
    if (operator === '-') return typeof a === 'number' ? -a : { row: emitter.unary(a.row, 'neg') };
    const isTruth = operator === '~' && typeof a === 'object' && a.isTruth;
    return isTruth ? { row: emitter.unary(a.row, 'not'), isTruth: true } : undefined;
  }
  if (typeof a === 'number' && typeof b === 'number') return ofNumbers(operator, a, b);
  if (operator === '!=') {
    return { row: emitter.unary(emitter.binary('equal', operandOf(a), operandOf(b)), 'not'), isTruth: true };
  }
  const known = OPERATORS.get(operator);
  if (known === undefined) return undefined;
  const [fn, isTruth] = known;
  const areTruths = terms.every((term) => typeof term === 'object' && term.isTruth);
  if ((operator === '&' || operator === '|') && !areTruths) return undefined;
  // NumPy squares by multiplication.
  if (fn === 'pow' && b === 2 && typeof a === 'object') return { row: emitter.unary(a.row, 'square') };
  return { row: emitter.binary(fn, operandOf(a), operandOf(b)), isTruth };
}

function ofNumbers(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '**':
      return a ** b;
    default:
      return undefined;
  }
}
