/**
 * A small language for patterns in graphs. A pattern matches an operand and the nodes that define it, and binds names:
 *
 *   mul(any('x'), unary('sigmoid', any('x')))
 *
 * matches x·sigmoid(x) for any x that is the same in both places. Sums and products match in either order.
 */
import type { BinaryName, Node, Operand, ReduceName, UnaryName } from '../graph.ts';
import { isConstant, uniform } from './constants.ts';
import type { Rewriter } from './rewriter.ts';

export interface Match {
  readonly definition: (operand: Operand) => Node | undefined;
  /** The relative tolerance between a number in the graph and the pattern's. */
  readonly tolerance: number;
  readonly operands: Map<string, Operand>;
  readonly numbers: Map<string, number>;
  readonly axes: Map<string, readonly number[]>;
}

export type Pattern = (operand: Operand, match: Match) => boolean;

/** Numbers in files are rounded to their precision. */
const TOLERANCE = { f32: 2 ** -20, f64: 2 ** -50 } as const;

/** The bindings of the pattern if it matches the node. */
export function match(pattern: Pattern, node: Node, graph: Rewriter): Match | undefined {
  const found: Match = {
    definition: (operand) => (operand === node.output ? node : graph.definition(operand)),
    tolerance: TOLERANCE[graph.precision],
    operands: new Map(),
    numbers: new Map(),
    axes: new Map(),
  };
  return pattern(node.output, found) ? found : undefined;
}

function bind<T>(bindings: Map<string, T>, name: string, value: T, isSame: (a: T, b: T) => boolean): boolean {
  const known = bindings.get(name);
  if (known !== undefined) return isSame(known, value);
  bindings.set(name, value);
  return true;
}

/** Any row tensor. */
export function any(name: string): Pattern {
  return (operand, found) => !isConstant(operand) && bind(found.operands, name, operand, Object.is);
}

/** A constant of one number: the given one, or any, which is bound to the name. */
export function number(value: number | string): Pattern {
  return (operand, found) => {
    const constant = uniform(operand);
    if (constant === undefined) return false;
    // Everything would be near infinity.
    const isNear = (a: number, b: number) =>
      a === b || (Number.isFinite(b) && Math.abs(a - b) <= found.tolerance * Math.abs(b));
    return typeof value === 'number' ? isNear(constant, value) : bind(found.numbers, value, constant, isNear);
  };
}

export function unary(fn: UnaryName, x: Pattern, alpha?: number | string, beta?: number): Pattern {
  return (operand, found) => {
    const node = found.definition(operand);
    if (node?.op !== 'unary' || node.attributes.fn !== fn) return false;
    const parameter = (pattern: number | string | undefined, value = 0) =>
      pattern === undefined || number(pattern)({ shape: [], data: Float64Array.of(value) }, found);
    return parameter(alpha, node.attributes.alpha) && parameter(beta, node.attributes.beta) && x(node.inputs[0], found);
  };
}

/** x·scale + shift, with the same scale and shift for every element. */
export function affine(x: Pattern, scale: number | string, shift: number | string): Pattern {
  return (operand, found) => {
    const node = found.definition(operand);
    if (node?.op !== 'affine') return false;
    const [source, scales, shifts] = node.inputs;
    return number(scale)(scales, found) && number(shift)(shifts, found) && x(source, found);
  };
}

const COMMUTATIVE: ReadonlySet<BinaryName> = new Set<BinaryName>(['add', 'mul']);

export function binary(fn: BinaryName, a: Pattern, b: Pattern): Pattern {
  return (operand, found) => {
    const node = found.definition(operand);
    if (node?.op !== 'binary' || node.attributes.fn !== fn) return false;
    const [first, second] = node.inputs;
    if (attempt(found, () => a(first, found) && b(second, found))) return true;
    return COMMUTATIVE.has(fn) && attempt(found, () => a(second, found) && b(first, found));
  };
}

export function select(condition: Pattern, a: Pattern, b: Pattern): Pattern {
  return (operand, found) => {
    const node = found.definition(operand);
    if (node?.op !== 'select') return false;
    return [condition, a, b].every((pattern, at) => pattern(node.inputs[at], found));
  };
}

/** A reduction that keeps its axes. */
export function reduce(fn: ReduceName, x: Pattern, axes: string): Pattern {
  return (operand, found) => {
    const node = found.definition(operand);
    if (node?.op !== 'reduce' || node.attributes.fn !== fn || !node.attributes.keepDims) return false;
    const sorted = node.attributes.axes.toSorted((a, b) => a - b);
    return bind(found.axes, axes, sorted, (a, b) => a.join() === b.join()) && x(node.inputs[0], found);
  };
}

export function either(...patterns: readonly Pattern[]): Pattern {
  return (operand, found) => patterns.some((pattern) => attempt(found, () => pattern(operand, found)));
}

/** Undoes what a pattern bound before it failed. */
function attempt(found: Match, pattern: () => boolean): boolean {
  const maps = [found.operands, found.numbers, found.axes] as const;
  const sizes = maps.map((map) => map.size);
  if (pattern()) return true;
  for (const [at, map] of maps.entries()) for (const name of [...map.keys()].slice(sizes[at])) map.delete(name);
  return false;
}
