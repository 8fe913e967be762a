/**
 * A graph-model of TensorFlow.js: the graph as the JSON form of protocol buffers, with the values of constants among
 * the weights. https://protobuf.dev/programming-guides/json/
 */

import type { Graph } from '../../graph/graph.ts';
import { base64Bytes } from '../../platform/text.ts';
import { Parts } from '../containers/protobuf.ts';
import type { ReadOptions } from '../format.ts';
import { Config } from '../keras/config.ts';
import { decodeText } from '../tensors/raw-elements.ts';
import type { TfjsWeight } from '../tfjs/weights.ts';
import { frozenPorts } from './frozen.ts';
import type { Attribute, FunctionDef, GraphDef, NodeDef, TensorProto, TensorShape } from './proto.ts';
import { Stored } from './stored.ts';
import { type InputPort, type OutputPort, traceGraph } from './trace.ts';
import { typeCode } from './types.ts';
import { refuseUnsafe } from './unsafe.ts';

type Weights = ReadonlyMap<string, TfjsWeight>;

/** `model`: the whole model.json. */
export function readGraphModel(model: Config, weights: Weights, { budget, fold }: ReadOptions): Promise<Graph> {
  const topology = model.object('modelTopology');
  const functions = topology.has('library') ? topology.object('library') : undefined;
  const graph: GraphDef = {
    nodes: configs(topology, 'node').map((node) => nodeOf(node, weights)),
    functions: functions ? configs(functions, 'function').map((fn) => functionOf(fn, weights)) : [],
  };
  refuseUnsafe(graph);
  const { inputs, outputs } = signaturePorts(model) ?? frozenPorts(graph, budget);
  return traceGraph({
    format: 'tfjs',
    graph,
    inputs,
    outputs,
    stored: () => new Stored(),
    budget,
    fold,
  });
}

/** Older converters put the signature into `userDefinedMetadata`. */
function signaturePorts(model: Config): { inputs: InputPort[]; outputs: OutputPort[] } | undefined {
  const holder = [model, ...(model.has('userDefinedMetadata') ? [model.object('userDefinedMetadata')] : [])].find(
    (config) => config.has('signature'),
  );
  const signature = holder?.object('signature');
  if (!signature?.has('inputs') || !signature.has('outputs')) return undefined;
  const ports = (side: string): InputPort[] =>
    entries(signature.object(side)).map(([name, info]) => ({
      name,
      reference: info.text('name'),
      type: typeOf(info, 'dtype'),
      dims: info.has('tensorShape') ? shapeOf(info.object('tensorShape')).dims : undefined,
    }));
  return { inputs: ports('inputs'), outputs: ports('outputs') };
}

function functionOf(config: Config, weights: Weights): FunctionDef {
  const signature = config.object('signature');
  const names = (field: string) => configs(signature, field).map((argument) => argument.text('name'));
  const returns = config.has('ret') ? config.object('ret') : undefined;
  const controls = config.has('controlRet') ? config.object('controlRet') : undefined;
  return {
    name: signature.text('name'),
    arguments: names('inputArg'),
    outputs: names('outputArg'),
    nodes: configs(config, 'nodeDef').map((node) => nodeOf(node, weights)),
    returns: new Map((returns?.keys() ?? []).map((key) => [key, returns?.text(key) ?? ''])),
    controls: (controls?.keys() ?? []).map((key) => controls?.text(key) ?? ''),
  };
}

function nodeOf(config: Config, weights: Weights): NodeDef {
  const [name, op] = [config.text('name'), config.text('op')];
  const attributes = new Map(
    (config.has('attr') ? entries(config.object('attr')) : []).map(([key, attribute]) => [key, attributeOf(attribute)]),
  );
  const weight = op === 'Const' ? weights.get(name) : undefined;
  if (weight !== undefined) attributes.set('value', { tensor: tensorOf(weight) });
  return { name, op, inputs: texts(config, 'input'), attributes };
}

/** A weight as a tensor that contains its bytes. */
function tensorOf(weight: TfjsWeight): TensorProto {
  const { data } = weight.read();
  const bytesOf = { int32: () => Int32Array.from(data), bool: () => Uint8Array.from(data) };
  const isKnown = weight.dtype === 'int32' || weight.dtype === 'bool';
  const array = isKnown ? bytesOf[weight.dtype]() : Float32Array.from(data);
  return {
    ...emptyTensor(),
    type: typeCode(isKnown ? weight.dtype : 'float32'),
    shape: { dims: [...weight.shape] },
    content: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  };
}

function attributeOf(config: Config): Attribute {
  if (config.has('type')) return { type: typeOf(config, 'type') };
  if (config.has('shape')) return { shape: shapeOf(config.object('shape')) };
  if (config.has('b')) return { boolean: config.flag('b', false) };
  if (config.has('i')) return { integer: wholeOf(config, 'i') };
  if (config.has('f')) return { float: floatOf(config.raw('f'), config) };
  if (config.has('s')) return { bytes: base64Bytes(config.text('s')) };
  if (config.has('func')) return { function: config.object('func').text('name') };
  if (config.has('tensor')) return { tensor: inlineTensor(config.object('tensor')) };
  if (!config.has('list')) return {};
  const list = config.object('list');
  const items = (field: string) => (list.has(field) ? list.list(field) : []);
  return {
    list: {
      texts: texts(list, 's').map((text) => decodeText(base64Bytes(text))),
      integers: items('i').map(Number),
      floats: new Parts(new Uint8Array(Float32Array.from(items('f'), (value) => floatOf(value, list)).buffer)),
      types: items('type').map((value) => (typeof value === 'string' ? typeCode(value) : Number(value))),
      functions: list.has('func') ? configs(list, 'func').map((fn) => fn.text('name')) : [],
    },
  };
}

function inlineTensor(config: Config): TensorProto {
  const numbers = (field: string) => (config.has(field) ? config.list(field) : []);
  const bytes = (array: Float32Array | Float64Array) => new Parts(new Uint8Array(array.buffer));
  const integers = ['intVal', 'int64Val', 'boolVal', 'halfVal', 'uint32Val', 'uint64Val'].flatMap(numbers);
  return {
    ...emptyTensor(),
    type: typeOf(config, 'dtype'),
    shape: config.has('tensorShape') ? shapeOf(config.object('tensorShape')) : { dims: [] },
    content: base64Bytes(config.text('tensorContent', '')),
    floats: bytes(Float32Array.from(numbers('floatVal'), (value) => floatOf(value, config))),
    doubles: bytes(Float64Array.from(numbers('doubleVal'), (value) => floatOf(value, config))),
    integers: bytes(Float64Array.from(integers, Number)),
    strings: texts(config, 'stringVal').map((text) => decodeText(base64Bytes(text))),
  };
}

function emptyTensor(): TensorProto {
  return { type: 0, shape: { dims: [] }, content: new Uint8Array() };
}

function shapeOf(config: Config): TensorShape {
  if (config.flag('unknownRank', false)) return {};
  return { dims: config.has('dim') ? configs(config, 'dim').map((dim) => wholeOf(dim, 'size', 0)) : [] };
}

/** A type by its name or number. */
function typeOf(config: Config, field: string): number {
  const value = config.raw(field);
  return typeof value === 'number' ? value : typeCode(config.text(field));
}

/** 64-bit integers are written as text. */
function wholeOf(config: Config, field: string, fallback?: number): number {
  const value = config.raw(field) ?? fallback;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw config.wrong(field, 'an integer');
}

/** NaN and the infinities are written as text. */
function floatOf(value: unknown, config: Config): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw config.error('MALFORMED', 'a list of numbers contains something else');
}

function configs(config: Config, field: string): Config[] {
  return config.has(field)
    ? config.list(field).map((item, i) => new Config(item, `${config.place} ${field}[${i}]`))
    : [];
}

function entries(config: Config): [string, Config][] {
  return config.keys().map((key) => [key, config.object(key)]);
}

function texts(config: Config, field: string): string[] {
  if (!config.has(field)) return [];
  return config.list(field).map((item) => {
    if (typeof item === 'string') return item;
    throw config.wrong(field, 'a list of texts');
  });
}
