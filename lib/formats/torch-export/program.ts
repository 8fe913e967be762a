/** The checked JSON of a program; torch/_export/serde/schema.py defines its fields. */
import { ForwardpassError } from '../../errors.ts';
import { describe, quote } from '../../messages.ts';
import { type Check, type Fields, fields, list, number, text, truth, whole } from '../containers/checks.ts';

/** An object with one field, whose name is its kind. */
export interface Union {
  readonly tag: string;
  readonly value: unknown;
  readonly place: string;
}

/** Alternatives that are not used may be null. */
export const union: Check<Union> = (value, place) => {
  const given = Object.entries(fields(value, place)).filter(([, alternative]) => alternative !== null);
  const [tag, content] = given[0] ?? ['', undefined];
  if (given.length === 1) return { tag, value: content, place: `${place}.${tag}` };
  throw new ForwardpassError('MALFORMED', `expected one alternative, found ${given.length}`, place);
};

export interface NodeInput {
  readonly name: string;
  readonly argument: Union;
  /** Whether it is passed by name only. */
  readonly isKeyword: boolean;
}

export interface ProgramNode {
  readonly target: string;
  readonly name: string;
  readonly inputs: readonly NodeInput[];
  readonly outputs: readonly Union[];
}

export interface ProgramGraph {
  readonly inputs: readonly Union[];
  readonly outputs: readonly Union[];
  readonly nodes: readonly ProgramNode[];
  readonly tensors: Fields;
}

/** ArgumentKind.KEYWORD */
const KEYWORD = 2;

function nodeInput(value: unknown, place: string): NodeInput {
  const { name, arg, kind } = fields(value, place);
  return {
    name: text(name, `${place}.name`),
    argument: union(arg, `${place}.arg`),
    isKeyword: kind === KEYWORD,
  };
}

function programNode(value: unknown, place: string): ProgramNode {
  const node = fields(value, place);
  const target = text(node.target, `${place}.target`);
  const outputs = list(union)(node.outputs, `${place}.outputs`);
  return {
    target,
    name: typeof node.name === 'string' ? node.name : (outputs.flatMap(namesIn)[0] ?? target),
    inputs: list(nodeInput)(node.inputs, `${place}.inputs`),
    outputs,
  };
}

export function programGraph(value: unknown, place: string): ProgramGraph {
  const graph = fields(value, place);
  return {
    inputs: list(union)(graph.inputs, `${place}.inputs`),
    outputs: list(union)(graph.outputs, `${place}.outputs`),
    nodes: list(programNode)(graph.nodes, `${place}.nodes`),
    tensors: fields(graph.tensor_values, `${place}.tensor_values`),
  };
}

/** The names of values in an argument or output. */
export function namesIn({ tag, value, place }: Union): string[] {
  switch (tag) {
    case 'as_tensor':
    case 'as_custom_obj':
      return [nameOf(value, place)];
    case 'as_tensors':
      return list(nameOf)(value, place);
    case 'as_sym_int':
    case 'as_sym_bool':
    case 'as_sym_float':
    case 'as_optional_tensor':
      return namesInOne(union(value, place));
    case 'as_sym_ints':
    case 'as_sym_bools':
    case 'as_sym_floats':
    case 'as_optional_tensors':
      return list(union)(value, place).flatMap(namesInOne);
    case 'as_nested_tensors':
      return list(list(nameOf))(value, place).flat();
    default:
      return [];
  }
}

/** In a size or number, or an optional tensor. */
function namesInOne({ tag, value, place }: Union): string[] {
  if (tag === 'as_name') return [text(value, place)];
  return tag === 'as_tensor' ? [nameOf(value, place)] : [];
}

function nameOf(value: unknown, place: string): string {
  return text(fields(value, place).name, `${place}.name`);
}

/** A tensor's type as the format's number, and its sizes; undefined for dynamic ones. */
export interface TensorMeta {
  readonly dtype: number;
  readonly sizes: readonly (number | undefined)[];
}

export const tensorMeta: Check<TensorMeta> = (value, place) => {
  const meta = fields(value, place);
  return { dtype: whole(meta.dtype, `${place}.dtype`), sizes: list(size)(meta.sizes, `${place}.sizes`) };
};

const size: Check<number | undefined> = (value, place) => {
  const { tag, value: given, place: at } = union(value, place);
  return tag === 'as_int' ? whole(given, at) : undefined;
};

/** A size, stride or offset that must be fixed. */
export const fixedSize: Check<number> = (value, place) => {
  const known = size(value, place);
  if (known !== undefined && known >= 0) return known;
  throw new ForwardpassError('MALFORMED', `expected a number of 0 or more, found ${known ?? 'an expression'}`, place);
};

/** A literal number, text, flag or null. */
export function plain({ tag, value, place }: Union): number | string | boolean | null {
  switch (tag) {
    case 'as_none':
      return null;
    case 'as_int':
    case 'as_scalar_type':
    case 'as_layout':
    case 'as_memory_format':
      return integer(value, place);
    case 'as_float':
      return floating(value, place);
    case 'as_bool':
      return truth(value, place);
    case 'as_string':
    case 'as_operator':
      return text(value, place);
    default:
      throw new ForwardpassError('UNSUPPORTED_OP', `arguments of the kind ${quote(tag)} are not supported`, place);
  }
}

/** Bounds of slices are up to 2^63 − 1, which JSON numbers round. */
export const integer: Check<number> = (value, place) => {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new ForwardpassError('MALFORMED', `expected an integer, found ${describe(value)}`, place);
};

/** NaN and the infinities are text. */
export const floating: Check<number> = (value, place) => {
  const special = typeof value === 'string' ? SPECIAL.get(value) : undefined;
  return special ?? number(value, place);
};

const SPECIAL = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
