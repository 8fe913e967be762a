/**
 * The messages of a graph that a model needs, as plain objects. Unknown fields are skipped.
 * https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/framework
 */
import { type Message, Parts } from '../containers/protobuf.ts';

export interface GraphDef {
  nodes: NodeDef[];
  functions: FunctionDef[];
}

export interface NodeDef {
  name: string;
  op: string;
  /** `node`, `node:1`, in functions `node:output:0`; `^node` is only a control dependency. */
  inputs: string[];
  attributes: Map<string, Attribute>;
}

export interface FunctionDef {
  name: string;
  arguments: string[];
  /** In the order of the signature. */
  outputs: string[];
  nodes: NodeDef[];
  /** By output, the reference of its value. */
  returns: Map<string, string>;
  /** The names of nodes that run whenever the function does. */
  controls: string[];
}

/** Exactly one field is set. */
export interface Attribute {
  bytes?: Uint8Array;
  integer?: number;
  float?: number;
  boolean?: boolean;
  type?: number;
  shape?: TensorShape;
  tensor?: TensorProto;
  list?: AttributeList;
  /** A function, by name. */
  function?: string;
}

export interface AttributeList {
  texts: string[];
  integers: number[];
  /** Little-endian float32 values. */
  floats: Parts;
  types: number[];
  functions: string[];
}

/** No dimensions if the rank is unknown; an unknown dimension is −1. */
export interface TensorShape {
  dims?: number[];
}

export interface TensorProto {
  type: number;
  shape: TensorShape;
  /** Little-endian elements. */
  content: Uint8Array;
  /** Elements in the field for the type, as little-endian bytes; integers are stored as doubles. */
  floats?: Parts;
  doubles?: Parts;
  integers?: Parts;
  strings?: string[];
}

export function decodeGraph(message: Message): GraphDef {
  const graph: GraphDef = { nodes: [], functions: [] };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) graph.nodes.push(decodeNode(message.message('node')));
    else if (field === 2) decodeLibrary(message.message('library'), graph.functions);
    else message.skip();
  }
  return graph;
}

function decodeLibrary(message: Message, into: FunctionDef[]): void {
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) into.push(decodeFunction(message.message('function')));
    else message.skip();
  }
}

function decodeFunction(message: Message): FunctionDef {
  const fn: FunctionDef = { name: '', arguments: [], outputs: [], nodes: [], returns: new Map(), controls: [] };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) decodeSignature(message.message('function signature'), fn);
    else if (field === 3) fn.nodes.push(decodeNode(message.message(`function ${fn.name}`)));
    else if (field === 4) fn.returns.set(...decodeEntry(message.message('ret'), (value) => value.string(), ''));
    else if (field === 6)
      fn.controls.push(decodeEntry(message.message('control_ret'), (value) => value.string(), '')[1]);
    else message.skip();
  }
  return fn;
}

function decodeSignature(message: Message, fn: FunctionDef): void {
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) fn.name = message.string();
    else if (field === 2) fn.arguments.push(decodeName(message.message('input_arg')));
    else if (field === 3) fn.outputs.push(decodeName(message.message('output_arg')));
    else message.skip();
  }
}

/** The name in a message whose first field it is. */
function decodeName(message: Message): string {
  let name = '';
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) name = message.string();
    else message.skip();
  }
  return name;
}

/** An entry of a map from strings; `otherwise` is the value if it is omitted. */
export function decodeEntry<T>(message: Message, decode: (value: Message) => T, otherwise: T): [string, T] {
  let [key, value] = ['', otherwise];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) key = message.string();
    else if (field === 2) value = decode(message);
    else message.skip();
  }
  return [key, value];
}

function decodeNode(message: Message): NodeDef {
  const node: NodeDef = { name: '', op: '', inputs: [], attributes: new Map() };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) node.name = message.string();
    else if (field === 2) node.op = message.string();
    else if (field === 3) node.inputs.push(message.string());
    else if (field === 5) {
      const place = `node ${node.name}`;
      const entry = decodeEntry(message.message(place), (value) => decodeAttribute(value.message(place)), {});
      node.attributes.set(...entry);
    } else message.skip();
  }
  return node;
}

function decodeAttribute(message: Message): Attribute {
  const attribute: Attribute = {};
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) attribute.list = decodeList(message.message('list'));
    else if (field === 2) attribute.bytes = message.bytes();
    else if (field === 3) attribute.integer = message.integer();
    else if (field === 4) attribute.float = message.float();
    else if (field === 5) attribute.boolean = message.integer() !== 0;
    else if (field === 6) attribute.type = message.integer();
    else if (field === 7) attribute.shape = decodeShape(message.message('shape'));
    else if (field === 8) attribute.tensor = decodeTensorProto(message.message('tensor'));
    else if (field === 10) attribute.function = decodeName(message.message('func'));
    else message.skip();
  }
  return attribute;
}

function decodeList(message: Message): AttributeList {
  const list: AttributeList = { texts: [], integers: [], floats: new Parts(), types: [], functions: [] };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 2) message.texts(list.texts);
    else if (field === 3) message.integers(list.integers);
    else if (field === 4) message.fixed(4, list.floats);
    else if (field === 6) message.integers(list.types);
    else if (field === 9) list.functions.push(decodeName(message.message('func')));
    else message.skip();
  }
  return list;
}

export function decodeShape(message: Message): TensorShape {
  const dims: number[] = [];
  let isUnknown = false;
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 2) dims.push(decodeDimension(message.message('dim')));
    else if (field === 3) isUnknown = message.integer() !== 0;
    else message.skip();
  }
  return isUnknown ? {} : { dims };
}

function decodeDimension(message: Message): number {
  let size = 0;
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) size = message.integer();
    else message.skip();
  }
  return size;
}

function decodeTensorProto(message: Message): TensorProto {
  const tensor: TensorProto = {
    type: 0,
    shape: { dims: [] },
    content: new Uint8Array(),
  };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) tensor.type = message.integer();
    else if (field === 2) tensor.shape = decodeShape(message.message('tensor_shape'));
    else if (field === 4) tensor.content = message.elements();
    else if (field === 5) tensor.floats = message.fixed(4, tensor.floats);
    else if (field === 6) tensor.doubles = message.fixed(8, tensor.doubles);
    else if (field === 8) tensor.strings = message.texts(tensor.strings);
    else if (INTEGER_FIELDS.has(field)) tensor.integers = message.doubles(tensor.integers);
    else message.skip();
  }
  return tensor;
}

/** int_val, int64_val, bool_val, half_val, uint32_val, uint64_val: a tensor uses only the one for its type. */
const INTEGER_FIELDS: ReadonlySet<number> = new Set([7, 10, 11, 13, 16, 17]);
