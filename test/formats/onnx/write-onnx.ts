/** Writes small ONNX models, well-formed or not, and reads them as graphs. */
import { PbfWriter } from 'pbf';
import { ForwardpassError } from '../../../lib/errors.ts';
import type { Source } from '../../../lib/formats/format.ts';
import { onnx } from '../../../lib/formats/onnx/onnx.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import type { Graph } from '../../../lib/graph/graph.ts';
import type { Limits } from '../../../lib/graph/limits.ts';

export const FLOAT = 1;
export const INT8 = 3;
export const INT64 = 7;
export const STRING = 8;
export const BOOL = 9;
export const DOUBLE = 11;

/** Writes the fields of one message. */
export type Fields = (writer: PbfWriter) => void;

export function encode(fields: Fields): Uint8Array {
  const writer = new PbfWriter();
  fields(writer);
  return writer.finish().slice();
}

function nest(writer: PbfWriter, field: number, fields: Fields): void {
  writer.writeBytesField(field, encode(fields));
}

/** Raw little-endian float32. */
export function floats(name: string, dims: readonly number[], values: readonly number[]): Fields {
  return rawTensor(name, dims, FLOAT, new Uint8Array(Float32Array.from(values).buffer));
}

export function int64s(name: string, dims: readonly number[], values: readonly (number | bigint)[]): Fields {
  return rawTensor(name, dims, INT64, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

export function rawTensor(name: string, dims: readonly number[], type: number, raw: Uint8Array): Fields {
  return (writer) => {
    for (const dim of dims) writer.writeVarintField(1, dim);
    writer.writeVarintField(2, type);
    writer.writeStringField(8, name);
    writer.writeBytesField(9, raw);
  };
}

/** float32 elements in another file. */
export function externalTensor(
  name: string,
  dims: readonly number[],
  location: Readonly<Record<string, string>>,
): Fields {
  return (writer) => {
    for (const dim of dims) writer.writeVarintField(1, dim);
    writer.writeVarintField(2, FLOAT);
    writer.writeStringField(8, name);
    for (const [key, value] of Object.entries(location)) {
      nest(writer, 13, (entry) => {
        entry.writeStringField(1, key);
        entry.writeStringField(2, value);
      });
    }
    writer.writeVarintField(14, 1);
  };
}

/** An attribute: its name is added by {@link node}. */
export const float = (value: number): Fields => typed(1, (writer) => writer.writeFloatField(2, value));
export const int = (value: number): Fields => typed(2, (writer) => writer.writeVarintField(3, value));
export const string = (value: string): Fields => typed(3, (writer) => writer.writeStringField(4, value));
export const tensor = (value: Fields): Fields => typed(4, (writer) => nest(writer, 5, value));
export const subgraph = (value: GraphParts): Fields => typed(5, (writer) => nest(writer, 6, graphFields(value)));
export const ints = (values: readonly number[]): Fields =>
  typed(7, (writer) => {
    for (const value of values) writer.writeVarintField(8, value);
  });
export const floatsOf = (values: readonly number[]): Fields =>
  typed(6, (writer) => {
    for (const value of values) writer.writeFloatField(7, value);
  });
export const strings = (values: readonly string[]): Fields =>
  typed(8, (writer) => {
    for (const value of values) writer.writeStringField(9, value);
  });
/** Inside a function: the caller's attribute of that name. */
export const reference = (name: string): Fields => typed(1, (writer) => writer.writeStringField(21, name));

function typed(type: number, fields: Fields): Fields {
  return (writer) => {
    fields(writer);
    writer.writeVarintField(20, type);
  };
}

function attributeFields(name: string, value: Fields): Fields {
  return (writer) => {
    writer.writeStringField(1, name);
    value(writer);
  };
}

export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Fields>> = {},
  { name = '', domain = '' } = {},
): Fields {
  return (writer) => {
    for (const input of inputs) writer.writeStringField(1, input);
    for (const output of outputs) writer.writeStringField(2, output);
    if (name !== '') writer.writeStringField(3, name);
    writer.writeStringField(4, opType);
    for (const [key, value] of Object.entries(attributes)) nest(writer, 5, attributeFields(key, value));
    if (domain !== '') writer.writeStringField(7, domain);
  };
}

/** A graph's input or output; dimensions that are strings are symbols. */
export function value(name: string, dims: readonly (number | string)[], type = FLOAT): Fields {
  return (writer) => {
    writer.writeStringField(1, name);
    nest(writer, 2, (typeProto) =>
      nest(typeProto, 1, (tensorType) => {
        tensorType.writeVarintField(1, type);
        nest(tensorType, 2, (shape) => {
          for (const dim of dims) {
            nest(shape, 1, (dimension) => {
              if (typeof dim === 'number') dimension.writeVarintField(1, dim);
              else dimension.writeStringField(2, dim);
            });
          }
        });
      }),
    );
  };
}

export interface GraphParts {
  readonly nodes?: readonly Fields[];
  readonly inputs?: readonly Fields[];
  readonly outputs?: readonly Fields[];
  readonly initializers?: readonly Fields[];
}

export interface ModelParts extends GraphParts {
  readonly opset?: number;
  readonly ir?: number;
  readonly functions?: readonly Fields[];
}

function graphFields({ nodes = [], inputs = [], outputs = [], initializers = [] }: GraphParts): Fields {
  return (writer) => {
    for (const part of nodes) nest(writer, 1, part);
    for (const part of initializers) nest(writer, 5, part);
    for (const part of inputs) nest(writer, 11, part);
    for (const part of outputs) nest(writer, 12, part);
  };
}

function opsetFields(version: number, domain = ''): Fields {
  return (writer) => {
    writer.writeStringField(1, domain);
    writer.writeVarintField(2, version);
  };
}

/** A function of the domain `local`. */
export function localFunction(
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  nodes: readonly Fields[],
  opset = 17,
): Fields {
  return (writer) => {
    writer.writeStringField(1, name);
    for (const input of inputs) writer.writeStringField(4, input);
    for (const output of outputs) writer.writeStringField(5, output);
    for (const part of nodes) nest(writer, 7, part);
    nest(writer, 9, opsetFields(opset));
    writer.writeStringField(10, 'local');
  };
}

export function modelBytes({ opset = 17, ir = 8, functions = [], ...graph }: ModelParts): Uint8Array {
  return encode((writer) => {
    writer.writeVarintField(1, ir);
    writer.writeStringField(2, 'test');
    nest(writer, 7, graphFields(graph));
    nest(writer, 8, opsetFields(opset));
    for (const part of functions) nest(writer, 25, part);
  });
}

/** One node from `x` to `y`, whose weights are the initialisers. */
export function oneNode(
  opType: string,
  row: readonly (number | string)[],
  initializers: Readonly<Record<string, Fields>>,
  attributes: Readonly<Record<string, Fields>> = {},
  opset = 17,
): ModelParts {
  return {
    opset,
    nodes: [node(opType, ['x', ...Object.keys(initializers)], ['y'], attributes)],
    inputs: [value('x', ['batch', ...row])],
    outputs: [value('y', [])],
    initializers: Object.values(initializers),
  };
}

export interface Surroundings {
  readonly limits?: Partial<Limits>;
  /** Files beside the model. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

export function sourceOf(bytes: Uint8Array, files: Surroundings['files'] = {}): Source {
  const reader = (name: string, content: Uint8Array) => ({
    name,
    size: content.length,
    async read(offset: number, length: number) {
      if (offset + length > content.length) throw new ForwardpassError('TRUNCATED', 'too short', name);
      return content.slice(offset, offset + length);
    },
  });
  return {
    main: reader('model.onnx', bytes),
    async sibling(path) {
      const file = files[path];
      if (file === undefined) throw new ForwardpassError('SOURCE', 'there is none', path);
      return reader(path, file);
    },
  };
}

export function readBytes(bytes: Uint8Array, { limits, files }: Surroundings = {}): Promise<Graph> {
  const budget = new Budget(limits);
  budget.opened(bytes.length);
  return onnx.read(sourceOf(bytes, files), { budget });
}

export function read(model: ModelParts, surroundings?: Surroundings): Promise<Graph> {
  return readBytes(modelBytes(model), surroundings);
}
