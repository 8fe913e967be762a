/**
 * The messages of onnx.proto that a model needs, as plain objects. Unknown fields are skipped.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import type { Budget } from '../../graph/budget.ts';
import { Message, type Parts } from '../containers/protobuf.ts';

const FLOAT_ATTRIBUTE = 1;
const INTEGER_ATTRIBUTE = 2;
const STRING_ATTRIBUTE = 3;

export interface ModelProto {
  irVersion: number;
  opsets: OpsetProto[];
  graph?: GraphProto;
  functions: FunctionProto[];
}

export interface OpsetProto {
  domain: string;
  version: number;
}

export interface GraphProto {
  nodes: NodeProto[];
  initializers: TensorProto[];
  inputs: ValueProto[];
  outputs: ValueProto[];
}

export interface FunctionProto {
  name: string;
  domain: string;
  overload: string;
  inputs: string[];
  outputs: string[];
  nodes: NodeProto[];
  /** Attributes with their defaults. */
  defaults: AttributeProto[];
  opsets: OpsetProto[];
}

export interface NodeProto {
  name: string;
  opType: string;
  domain: string;
  overload: string;
  /** An empty name marks an optional input or output that is omitted. */
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: ReadonlyMap<string, AttributeProto>;
}

export interface AttributeProto {
  name: string;
  /** Inside a function: the name of the caller's attribute that supplies the value. */
  reference: string;
  float?: number;
  integer?: number;
  string?: Uint8Array;
  tensor?: TensorProto;
  graph?: GraphProto;
  /** Little-endian float32 values. */
  floats?: Parts;
  /** The bytes of doubles. */
  integers?: Parts;
  strings?: string[];
}

export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  /** Little-endian elements. Those of an external tensor are stored here once they are read. */
  raw?: Uint8Array;
  /** Little-endian. */
  floats?: Parts;
  doubles?: Parts;
  /** Little-endian doubles, whatever the field. */
  int32s?: Parts;
  int64s?: Parts;
  uint64s?: Parts;
  strings?: string[];
  /** Whether the elements are in another file, and the fields that locate them. */
  external: boolean;
  location?: Map<string, string>;
}

/** A graph's input or output. A dimension is a number, a symbol, or unknown. */
export interface ValueProto {
  name: string;
  /** The kind of value, if it is not a tensor. */
  container?: string;
  elementType?: number;
  dims?: (number | string | undefined)[];
}

/** Shared by all nodes without names: a file may contain a hundred thousand nodes of two bytes each. */
const NO_NAMES: readonly string[] = [];
const NO_ATTRIBUTES: ReadonlyMap<string, AttributeProto> = new Map();

export function decodeModel(bytes: Uint8Array, place: string, budget: Budget): ModelProto {
  const model: ModelProto = { irVersion: 0, opsets: [], functions: [] };
  const message = new Message(bytes, place, budget);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) model.irVersion = message.integer();
    else if (field === 7) model.graph = decodeGraph(message.message('graph'));
    else if (field === 8) model.opsets.push(decodeOpset(message.message('opset_import')));
    else if (field === 25) model.functions.push(decodeFunction(message.message('function')));
    else message.skip();
    message.checkCount(model.functions.length, 'functions');
  }
  return model;
}

function decodeOpset(message: Message): OpsetProto {
  const opset: OpsetProto = { domain: '', version: 0 };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) opset.domain = message.string();
    else if (field === 2) opset.version = message.integer();
    else message.skip();
  }
  return opset;
}

function decodeGraph(message: Message): GraphProto {
  const graph: GraphProto = { nodes: [], initializers: [], inputs: [], outputs: [] };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) graph.nodes.push(decodeNode(message.message(`node ${graph.nodes.length}`)));
    else if (field === 5) graph.initializers.push(decodeTensor(message.message('initializer')));
    else if (field === 11) graph.inputs.push(decodeValue(message.message('input')));
    else if (field === 12) graph.outputs.push(decodeValue(message.message('output')));
    else message.skip();
    message.checkCount(graph.nodes.length, 'nodes');
    message.checkCount(graph.initializers.length, 'tensors');
  }
  return graph;
}

function decodeFunction(message: Message): FunctionProto {
  const fn: FunctionProto = {
    name: '',
    domain: '',
    overload: '',
    inputs: [],
    outputs: [],
    nodes: [],
    defaults: [],
    opsets: [],
  };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) fn.name = message.string();
    else if (field === 4) fn.inputs.push(message.string());
    else if (field === 5) fn.outputs.push(message.string());
    else if (field === 7) fn.nodes.push(decodeNode(message.message(`function node ${fn.nodes.length}`)));
    else if (field === 9) fn.opsets.push(decodeOpset(message.message('opset_import')));
    else if (field === 10) fn.domain = message.string();
    else if (field === 11) fn.defaults.push(decodeAttribute(message.message('attribute')));
    else if (field === 13) fn.overload = message.string();
    else message.skip();
    message.checkCount(fn.nodes.length, 'nodes');
  }
  return fn;
}

/** The memory of a node besides its fields: the lists of its operands, results and attributes, and the index entries. */
const NODE_BYTES = 1408;

function decodeNode(message: Message): NodeProto {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  let attributes: Map<string, AttributeProto> | undefined;
  message.spend(NODE_BYTES);
  const node = { name: '', opType: '', domain: '', overload: '' };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) inputs.push(message.string());
    else if (field === 2) outputs.push(message.string());
    else if (field === 3) node.name = message.string();
    else if (field === 4) node.opType = message.string();
    else if (field === 5) {
      const attribute = decodeAttribute(message.message('attribute'));
      attributes ??= new Map();
      attributes.set(attribute.name, attribute);
    } else if (field === 7) node.domain = message.string();
    else if (field === 8) node.overload = message.string();
    else message.skip();
  }
  return {
    ...node,
    inputs: inputs.length > 0 ? inputs : NO_NAMES,
    outputs: outputs.length > 0 ? outputs : NO_NAMES,
    attributes: attributes ?? NO_ATTRIBUTES,
  };
}

function decodeAttribute(message: Message): AttributeProto {
  const attribute: AttributeProto = { name: '', reference: '' };
  let type = 0;
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) attribute.name = message.string();
    else if (field === 2) attribute.float = message.float();
    else if (field === 3) attribute.integer = message.integer();
    else if (field === 4) attribute.string = message.bytes();
    else if (field === 5) attribute.tensor = decodeTensor(message.message('tensor'));
    else if (field === 6) attribute.graph = decodeGraph(message.message('subgraph'));
    else if (field === 7) attribute.floats = message.fixed(4, attribute.floats);
    else if (field === 8) attribute.integers = message.doubles(attribute.integers);
    else if (field === 9) attribute.strings = message.texts(attribute.strings);
    else if (field === 20) type = message.integer();
    else if (field === 21) attribute.reference = message.string();
    else message.skip();
  }
  // A zero may be omitted from the file; the type then shows that the attribute has one.
  if (type === FLOAT_ATTRIBUTE) attribute.float ??= 0;
  if (type === INTEGER_ATTRIBUTE) attribute.integer ??= 0;
  if (type === STRING_ATTRIBUTE) attribute.string ??= new Uint8Array(0);
  return attribute;
}

function decodeTensor(message: Message): TensorProto {
  const tensor: TensorProto = { name: '', dims: [], dataType: 0, external: false };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) message.integers(tensor.dims);
    else if (field === 2) tensor.dataType = message.integer();
    else if (field === 4) tensor.floats = message.fixed(4, tensor.floats);
    else if (field === 5) tensor.int32s = message.doubles(tensor.int32s);
    else if (field === 6) tensor.strings = message.texts(tensor.strings);
    else if (field === 7) tensor.int64s = message.doubles(tensor.int64s);
    else if (field === 8) tensor.name = message.string();
    else if (field === 9) tensor.raw = message.elements();
    else if (field === 10) tensor.doubles = message.fixed(8, tensor.doubles);
    else if (field === 11) tensor.uint64s = message.doubles(tensor.uint64s);
    else if (field === 13) {
      const [key, value] = decodeEntry(message.message('external_data'));
      tensor.location ??= new Map();
      tensor.location.set(key, value);
    } else if (field === 14) tensor.external = message.integer() === 1;
    else message.skip();
  }
  return tensor;
}

function decodeEntry(message: Message): [key: string, value: string] {
  const entry: [string, string] = ['', ''];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1 || field === 2) entry[field - 1] = message.string();
    else message.skip();
  }
  return entry;
}

function decodeValue(message: Message): ValueProto {
  const value: ValueProto = { name: '' };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) value.name = message.string();
    else if (field === 2) decodeType(message.message('type'), value);
    else message.skip();
  }
  return value;
}

/** TypeProto's kinds of values besides the dense tensor. */
const CONTAINERS = new Map([
  [4, 'a sequence'],
  [5, 'a map'],
  [8, 'a sparse tensor'],
  [9, 'an optional value'],
]);

/** Decodes a TypeProto, of which only tensors are used. */
function decodeType(message: Message, value: ValueProto): void {
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field !== 1) {
      value.container ??= CONTAINERS.get(field);
      message.skip();
      continue;
    }
    const tensor = message.message('tensor_type');
    for (let part = tensor.next(); part !== 0; part = tensor.next()) {
      if (part === 1) value.elementType = tensor.integer();
      else if (part === 2) value.dims = decodeDims(tensor.message('shape'));
      else tensor.skip();
    }
  }
}

function decodeDims(message: Message): (number | string | undefined)[] {
  const dims: (number | string | undefined)[] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field !== 1) {
      message.skip();
      continue;
    }
    const dim = message.message('dimension');
    let size: number | string | undefined;
    for (let part = dim.next(); part !== 0; part = dim.next()) {
      if (part === 1) size = dim.integer();
      else if (part === 2) size = dim.string();
      else dim.skip();
    }
    dims.push(size);
  }
  return dims;
}
