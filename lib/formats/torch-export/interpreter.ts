/** Visits a program's nodes in order and passes each operator to the machine. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import { type Argument, PyNumber } from '../aten/argument.ts';
import { codeOfType } from '../aten/element-types.ts';
import { dangling, type Machine, siteOf } from '../aten/machine.ts';
import { fields, list, text } from '../containers/checks.ts';
import { elementTypeOf } from './dtypes.ts';
import {
  floating,
  integer,
  namesIn,
  type ProgramGraph,
  type ProgramNode,
  plain,
  programGraph,
  type Union,
  union,
} from './program.ts';

/** Nodes that only check what tracing assumed, and whose results are not used. */
const CHECKS = /^torch\.ops\.aten\.(_assert|sym_constrain|_functional_assert|_functional_sym_constrain)/;

/** Calls of a graph inside the graph, whose first argument is a setting for training. */
const WRAPPERS = new Set([
  'torch.ops.higher_order.wrap_with_set_grad_enabled',
  'torch.ops.higher_order.wrap_with_autocast',
]);

/** The memory of a number in a list. */
const NUMBER_BYTES = 64;

const GETITEM = '_operator.getitem';

/** Operators of ATen without their overload, and Python's operators on sizes. */
const OPERATORS = [
  /^torch\.ops\.aten\.(\w+)(\.\w+)?$/,
  /^_operator\.(add|sub|mul|floordiv|truediv|mod|neg|eq|ne|lt|le|gt|ge|pow)$/,
];

function operatorOf(target: string): string | undefined {
  for (const pattern of OPERATORS) {
    const name = pattern.exec(target)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** One of several results of an operator. */
function itemOf([items, index]: readonly Argument[], place: string): Argument {
  const item = Array.isArray(items) && index instanceof PyNumber ? items[index.value ?? -1] : undefined;
  if (item !== undefined) return item;
  throw new ForwardpassError('MALFORMED', 'cannot take an item of no results', place);
}

export class Interpreter {
  readonly #machine: Machine;
  readonly #budget: Budget;

  constructor(machine: Machine, budget: Budget) {
    this.#machine = machine;
    this.#budget = budget;
  }

  /** Adds the results of the nodes to `values`, which contains the inputs. */
  run(graph: ProgramGraph, values: Map<string, Argument>, depth = 0): void {
    const needed = neededNodes(graph);
    for (const { target, name } of needed) {
      if (operatorOf(target) === undefined && target !== GETITEM && !WRAPPERS.has(target)) {
        throw unknown(target, siteOf(name, target).place);
      }
    }
    for (const node of graph.nodes) if (needed.has(node)) this.#runNode(node, values, depth);
  }

  #runNode(node: ProgramNode, values: Map<string, Argument>, depth: number): void {
    const operator = operatorOf(node.target);
    const [output] = node.outputs.flatMap(namesIn);
    const site = siteOf(node.name, operator ?? node.target, output ?? node.name);
    if (WRAPPERS.has(node.target)) {
      this.#runWrapped(node, values, depth, site.place);
      return;
    }
    const positional: Argument[] = [];
    const named = new Map<string, Argument>();
    for (const { name, argument } of node.inputs) {
      const value = this.#argument(argument, values, site.place);
      if (node.target.startsWith('_operator.')) positional.push(value);
      else named.set(name, value);
    }
    const result =
      node.target === GETITEM
        ? itemOf(positional, site.place)
        : this.#machine.call(operator ?? '', positional, named, site);
    bindOutputs(node, result, values, site.place);
  }

  /** The settings affect only training and the device, not the results. */
  #runWrapped(node: ProgramNode, values: Map<string, Argument>, depth: number, place: string): void {
    if (depth >= this.#budget.limits.depth) {
      throw new ForwardpassError('LIMIT', `graphs are nested deeper than \`limits.depth\`, ${depth}`, place);
    }
    const at = node.inputs.findIndex(({ argument }) => argument.tag === 'as_graph');
    if (at < 0) throw new ForwardpassError('MALFORMED', 'the graph to call is missing', place);
    const { argument } = node.inputs[at];
    const graph = programGraph(fields(argument.value, argument.place).graph, `${argument.place}.graph`);
    const given = node.inputs.slice(at + 1).map((input) => this.#argument(input.argument, values, place));
    const inner = new Map<string, Argument>();
    for (const [i, name] of graph.inputs.flatMap(namesIn).entries()) {
      if (i >= given.length) throw new ForwardpassError('MALFORMED', `the argument ${quote(name)} is missing`, place);
      inner.set(name, given[i]);
    }
    this.run(graph, inner, depth + 1);
    const results = graph.outputs.map((output) => this.#argument(output, inner, place));
    bindOutputs(node, results.length === 1 ? results[0] : results, values, place);
  }

  #numbers(given: readonly number[], numberOf: (value: number) => PyNumber, place: string): readonly PyNumber[] {
    this.#budget.build(NUMBER_BYTES * given.length, place);
    return given.map(numberOf);
  }

  #argument(argument: Union, values: ReadonlyMap<string, Argument>, place: string): Argument {
    const { tag, value, place: at } = argument;
    const named = (name: string): Argument => {
      const found = values.get(name);
      if (found === undefined) throw dangling(name, place);
      return found;
    };
    switch (tag) {
      case 'as_tensor':
      case 'as_sym_int':
      case 'as_sym_float':
      case 'as_sym_bool':
      case 'as_optional_tensor':
        return one(argument, named);
      case 'as_tensors':
      case 'as_nested_tensors':
        return namesIn(argument).map(named);
      case 'as_optional_tensors':
      case 'as_sym_ints':
      case 'as_sym_bools':
      case 'as_sym_floats':
        return list(union)(value, at).map((item) => one(item, named));
      case 'as_ints':
        return this.#numbers(list(integer)(value, at), PyNumber.int, at);
      case 'as_floats':
        return this.#numbers(list(floating)(value, at), PyNumber.float, at);
      case 'as_bools':
        return list(plainBool)(value, at).map(PyNumber.bool);
      case 'as_strings':
        return list(text)(value, at);
      case 'as_scalar_type':
        return PyNumber.int(codeOfType(elementTypeOf(value, at)));
      case 'as_device':
        return text(fields(value, at).type, `${at}.type`);
      case 'as_graph':
        throw new ForwardpassError('UNSUPPORTED_OP', CONTROL_FLOW, place);
      default:
        return fromPlain(argument);
    }
  }
}

const CONTROL_FLOW =
  'the operator runs a nested graph for control flow; forwardpass runs row models, which have no control flow';

/** A tensor or number by name, or a literal number. */
function one(argument: Union, named: (name: string) => Argument): Argument {
  const { tag, value, place } = MAY_BE_NAMED.has(argument.tag) ? union(argument.value, argument.place) : argument;
  if (tag === 'as_name') return named(text(value, place));
  if (tag === 'as_tensor') return named(namesIn({ tag, value, place })[0]);
  return fromPlain({ tag, value, place });
}

const MAY_BE_NAMED = new Set(['as_sym_int', 'as_sym_float', 'as_sym_bool', 'as_optional_tensor']);

/** A literal number, text or None. */
export function fromPlain(argument: Union): Argument {
  const value = plain(argument);
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return PyNumber.bool(value);
  return argument.tag === 'as_float' ? PyNumber.float(value) : PyNumber.int(value);
}

function plainBool(value: unknown, place: string): boolean {
  return plain({ tag: 'as_bool', value, place }) === true;
}

/** Stores results under their names; a list has one name for each item or one for all. */
function bindOutputs(node: ProgramNode, result: Argument, values: Map<string, Argument>, place: string): void {
  const { outputs } = node;
  if (outputs.length === 1 && outputs[0].tag !== 'as_tensors') {
    const first = Array.isArray(result) && outputs[0].tag === 'as_tensor' ? result[0] : result;
    for (const name of namesIn(outputs[0])) values.set(name, first);
    return;
  }
  const results = Array.isArray(result) ? result : [result];
  const names = outputs.flatMap(namesIn);
  for (const [i, name] of names.entries()) {
    // Statistics that only training uses are not computed; using one is an error for an undefined name.
    if (i < results.length) values.set(name, results[i]);
  }
  if (results.length > names.length) {
    throw new ForwardpassError('MALFORMED', `has ${names.length} names but ${results.length} results`, place);
  }
}

/** The nodes that an output needs, directly or not, and those that change a tensor in place. */
function neededNodes(graph: ProgramGraph): ReadonlySet<ProgramNode> {
  const wanted = new Set(graph.outputs.flatMap(namesIn));
  const needed = new Set<ProgramNode>();
  for (const node of graph.nodes.toReversed()) {
    if (CHECKS.test(node.target)) continue;
    const isWanted = node.outputs.flatMap(namesIn).some((name) => wanted.has(name));
    if (!isWanted && !/^torch\.ops\.aten\.\w*[^_]_(\.|$)/.test(node.target)) continue;
    needed.add(node);
    for (const { argument } of node.inputs) for (const name of namesIn(argument)) wanted.add(name);
  }
  return needed;
}

function unknown(target: string, place: string): ForwardpassError {
  const shown = quote(target);
  if (target.startsWith('torch.ops.higher_order.')) {
    return new ForwardpassError('UNSUPPORTED_OP', `${shown} is not supported: ${CONTROL_FLOW}`, place);
  }
  const message = `${shown} is not an operator of torch itself, and its code is not in the file; run this model with torch`;
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}
