/**
 * The messages of saved_model.pb around its graph: https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf
 * (saved_model, meta_graph, saver, saved_object_graph, trackable_object_graph).
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { listNames } from '../../messages.ts';
import { Message } from '../containers/protobuf.ts';
import { decodeEntry, decodeGraph, decodeShape, type GraphDef, type TensorShape } from './proto.ts';

export interface MetaGraph {
  tags: string[];
  graph: GraphDef;
  signatures: Map<string, Signature>;
  /** The node that restores the variables; empty if there is none. */
  restoreOp: string;
  objects: SavedObjects;
  /** Names of files in the folder `assets`, by the nodes that represent their paths. */
  assets: Map<string, string>;
}

export interface Signature {
  inputs: Map<string, TensorInfo>;
  outputs: Map<string, TensorInfo>;
}

export interface TensorInfo {
  /** `node:0`; empty for sparse and composite tensors. */
  name: string;
  type: number;
  shape: TensorShape;
}

/** The saved Python objects, as far as they determine which variables a function captured. */
export interface SavedObjects {
  /** The children of each object, by attribute name. */
  nodes: Children[];
  /** The captured inputs of each function, which follow its arguments, as indices of nodes. */
  boundInputs: Map<string, number[]>;
}

export type Children = Map<string, number>;

const SERVE = 'serve';

/** The graph for serving, which is the only one in most files. */
export function decodeSavedModel(bytes: Uint8Array, place: string, budget: Budget): MetaGraph {
  const graphs: MetaGraph[] = [];
  const message = new Message(bytes, place, budget);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 2) graphs.push(decodeMetaGraph(message.message('meta_graph')));
    else message.skip();
  }
  const [first, ...others] = graphs;
  if (first === undefined) throw new ForwardpassError('MALFORMED', 'the model contains no graph', place);
  const serving = graphs.find(({ tags }) => tags.includes(SERVE));
  if (serving !== undefined) return serving;
  if (others.length === 0 && first.tags.length === 0) return first;
  const found = listNames(graphs.map(({ tags }) => tags.join('+')));
  throw new ForwardpassError('UNSUPPORTED_VERSION', `expected a graph with the tag 'serve', found ${found}`, place);
}

function decodeMetaGraph(message: Message): MetaGraph {
  const meta: MetaGraph = {
    tags: [],
    graph: { nodes: [], functions: [] },
    signatures: new Map(),
    restoreOp: '',
    objects: { nodes: [], boundInputs: new Map() },
    assets: new Map(),
  };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) meta.tags = decodeTags(message.message('meta_info_def'));
    else if (field === 2) meta.graph = decodeGraph(message.message('graph_def'));
    else if (field === 3) meta.restoreOp = decodeRestoreOp(message.message('saver_def'));
    else if (field === 5) {
      const decode = (value: Message) => decodeSignature(value.message('signature'));
      const none: Signature = { inputs: new Map(), outputs: new Map() };
      meta.signatures.set(...decodeEntry(message.message('signature_def'), decode, none));
    } else if (field === 6) meta.assets.set(...decodeAsset(message.message('asset_file_def')));
    else if (field === 7) meta.objects = decodeObjects(message.message('object_graph_def'));
    else message.skip();
  }
  return meta;
}

function decodeAsset(message: Message): [node: string, file: string] {
  let [node, file] = ['', ''];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) node = decodeTensorInfo(message.message('tensor_info')).name.split(':')[0];
    else if (field === 2) file = message.string();
    else message.skip();
  }
  return [node, file];
}

function decodeTags(message: Message): string[] {
  const tags: string[] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 4) tags.push(message.string());
    else message.skip();
  }
  return tags;
}

function decodeRestoreOp(message: Message): string {
  let name = '';
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 3) name = message.string().split(':')[0];
    else message.skip();
  }
  return name;
}

function decodeSignature(message: Message): Signature {
  const signature: Signature = { inputs: new Map(), outputs: new Map() };
  const decode = (value: Message) => decodeTensorInfo(value.message('tensor_info'));
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) signature.inputs.set(...decodeEntry(message.message('inputs'), decode, NO_TENSOR));
    else if (field === 2) signature.outputs.set(...decodeEntry(message.message('outputs'), decode, NO_TENSOR));
    else message.skip();
  }
  return signature;
}

const NO_TENSOR: TensorInfo = { name: '', type: 0, shape: {} };

function decodeTensorInfo(message: Message): TensorInfo {
  const info: TensorInfo = { ...NO_TENSOR };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) info.name = message.string();
    else if (field === 2) info.type = message.integer();
    else if (field === 3) info.shape = decodeShape(message.message('tensor_shape'));
    else message.skip();
  }
  return info;
}

function decodeObjects(message: Message): SavedObjects {
  const objects: SavedObjects = { nodes: [], boundInputs: new Map() };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) objects.nodes.push(decodeObject(message.message('object')));
    else if (field === 2) {
      const decode = (value: Message) => decodeBoundInputs(value.message('concrete_function'));
      objects.boundInputs.set(...decodeEntry(message.message('concrete_functions'), decode, []));
    } else message.skip();
  }
  return objects;
}

function decodeBoundInputs(message: Message): number[] {
  const bound: number[] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 2) message.integers(bound);
    else message.skip();
  }
  return bound;
}

/** The children of a SavedObject or, in a checkpoint, of a TrackableObject: the first field of both. */
function decodeObject(message: Message): Children {
  const children: Children = new Map();
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) children.set(...decodeReference(message.message('children')));
    else message.skip();
  }
  return children;
}

export function decodeReference(message: Message): [name: string, node: number] {
  let [name, node] = ['', 0];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) node = message.integer();
    else if (field === 2) name = message.string();
    else message.skip();
  }
  return [name, node];
}
