/**
 * The tables of the schema that a row model needs, decoded on demand.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { didYouMean, listNames, quote } from '../../messages.ts';
import { Table, type Tables } from '../containers/flatbuffer.ts';
import type { Numbers } from '../tensors/value.ts';
import { operatorName } from './operators.ts';

const SCHEMA_VERSION = 3;

/** The fields of each table, by number in the schema. */
const MODEL = { version: 0, operatorCodes: 1, subgraphs: 2, buffers: 4, signatures: 7 } as const;
const OPERATOR_CODE = { deprecated: 0, custom: 1, builtin: 3 } as const;
const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3 } as const;
const OPERATOR = { code: 0, inputs: 1, outputs: 2, options: 4, options2: 12 } as const;
const TENSOR = {
  shape: 0,
  type: 1,
  buffer: 2,
  name: 3,
  quantization: 4,
  isVariable: 5,
  sparsity: 6,
  signature: 7,
  externalBuffer: 10,
} as const;
const QUANTIZATION = { scales: 2, zeroPoints: 3, detailsType: 4, axis: 6 } as const;
const BUFFER = { data: 0, offset: 1, size: 2 } as const;
const SIGNATURE = { inputs: 0, outputs: 1, key: 2, subgraph: 4 } as const;
const TENSOR_MAP = { name: 0, tensor: 1 } as const;

/** The lowest valid offset of a buffer: the converter writes 1 as a placeholder. */
const FIRST_OFFSET = 2;

const CUSTOM = 'CUSTOM';
const DEFAULT_SIGNATURE = 'serving_default';

/** value = scale·(integer − zero point), for each slice along the axis, or with one scale for all. */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}

export interface TensorInfo {
  readonly name: string;
  /** For messages. */
  readonly place: string;
  /** TensorType. */
  readonly type: number;
  /** With the batch size in the file, usually 1. */
  readonly shape: readonly number[];
  /** The same with −1 for dynamic dimensions. */
  readonly signature: readonly number[];
  readonly buffer: number;
  readonly quantization?: Quantization;
  /** Set if its bytes are not simply its elements. */
  readonly odd?: 'sparse' | 'a variable' | 'in another file';
}

/** One operator; −1 marks an omitted input. */
export interface OperatorInfo {
  readonly name: string;
  /** For messages. */
  readonly place: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options?: Table;
}

/** A way to call the model: the names of its inputs and outputs, by tensor. */
export interface Signature {
  readonly subgraph: number;
  readonly inputs: ReadonlyMap<number, string>;
  readonly outputs: readonly { readonly name: string; readonly tensor: number }[];
}

export class LiteModel {
  readonly #bytes: Uint8Array;
  readonly #codes: readonly string[];
  readonly #buffers: Tables;
  readonly #subgraphs: Tables;
  readonly #signatures: Tables;
  /** Decoded elements, by the position of their bytes and their type. */
  readonly #elements = new Map<string, Numbers>();

  constructor(
    bytes: Uint8Array,
    place: string,
    readonly budget: Budget,
  ) {
    const root = Table.root(bytes, place);
    const version = root.uint32(MODEL.version);
    if (version !== SCHEMA_VERSION) {
      throw new ForwardpassError('UNSUPPORTED_VERSION', `expected schema version ${SCHEMA_VERSION}, found ${version}`);
    }
    this.#bytes = bytes;
    const codes = root.tables(MODEL.operatorCodes, 'operator_codes');
    const { nodes } = budget.limits;
    if (codes.length > nodes) {
      throw new ForwardpassError(
        'LIMIT',
        `has ${codes.length} kinds of operators; \`limits.nodes\` is ${nodes}`,
        place,
      );
    }
    this.#codes = readCodes(codes);
    this.#buffers = root.tables(MODEL.buffers, 'buffers');
    this.#subgraphs = root.tables(MODEL.subgraphs, 'subgraphs');
    this.#signatures = root.tables(MODEL.signatures, 'signature_defs');
  }

  subgraph(index: number): Subgraph {
    if (index < this.#subgraphs.length) return new Subgraph(this.#subgraphs.at(index), this.#codes);
    throw new ForwardpassError('MALFORMED', `subgraph ${index} not found; the model has ${this.#subgraphs.length}`);
  }

  /** The requested signature, or `serving_default`, or the first; undefined in files older than signatures. */
  signature(asked: string | undefined): Signature | undefined {
    const keys = Array.from({ length: this.#signatures.length }, (_, i) => {
      return this.#signatures.at(i).string(SIGNATURE.key) ?? '';
    });
    const index = keys.indexOf(asked ?? DEFAULT_SIGNATURE);
    if (index < 0 && asked !== undefined) {
      const known =
        keys.length === 0 ? 'the file has none' : `the file has ${listNames(keys)}${didYouMean(asked, keys)}`;
      throw new ForwardpassError('OPTION', `${quote(asked)} not found: ${known}`, 'signature');
    }
    return keys.length === 0 ? undefined : readSignature(this.#signatures.at(Math.max(index, 0)));
  }

  /** The decoded elements of a buffer, which thousands of tensors may share. */
  once(bytes: Uint8Array, type: number, read: () => Numbers): Numbers {
    const key = `${bytes.byteOffset} ${bytes.length} ${type}`;
    const known = this.#elements.get(key) ?? read();
    this.#elements.set(key, known);
    return known;
  }

  /** The bytes of a buffer, as a view of the file; empty for tensors that are computed. */
  buffer(index: number, place: string): Uint8Array {
    if (index >= this.#buffers.length) {
      throw new ForwardpassError('MALFORMED', `buffer ${index} not found; there are ${this.#buffers.length}`, place);
    }
    const buffer = this.#buffers.at(index);
    const [offset, size] = [buffer.uint64(BUFFER.offset), buffer.uint64(BUFFER.size)];
    if (offset < FIRST_OFFSET) return buffer.bytes(BUFFER.data) ?? new Uint8Array(0);
    if (offset + size <= this.#bytes.length) return this.#bytes.subarray(offset, offset + size);
    const message = `buffer ${index} has ${size} bytes at ${offset}, but the file ends at ${this.#bytes.length}`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }
}

/** Names of operators. Codes beyond 127 do not fit into the older of two fields; the greater value applies. */
function readCodes(codes: Tables): string[] {
  return Array.from({ length: codes.length }, (_, i) => {
    const code = codes.at(i);
    const builtin = Math.max(code.int8(OPERATOR_CODE.deprecated), code.int32(OPERATOR_CODE.builtin));
    const name = operatorName(builtin);
    return name === CUSTOM ? `the custom operator ${quote(code.string(OPERATOR_CODE.custom) ?? '')}` : name;
  });
}

function readSignature(table: Table): Signature {
  const named = (tables: Tables) =>
    Array.from({ length: tables.length }, (_, i) => {
      const entry = tables.at(i);
      return { name: entry.string(TENSOR_MAP.name) ?? '', tensor: entry.uint32(TENSOR_MAP.tensor) };
    });
  const inputs = named(table.tables(SIGNATURE.inputs, `${table.place}.inputs`));
  return {
    subgraph: table.uint32(SIGNATURE.subgraph),
    inputs: new Map(inputs.map(({ name, tensor }) => [tensor, name])),
    outputs: named(table.tables(SIGNATURE.outputs, `${table.place}.outputs`)),
  };
}

export class Subgraph {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operatorCount: number;
  readonly #operators: Tables;
  readonly #tensors: Tables;
  readonly #codes: readonly string[];
  readonly #decoded = new Map<number, TensorInfo>();

  constructor(table: Table, codes: readonly string[]) {
    this.inputs = table.int32s(SUBGRAPH.inputs) ?? [];
    this.outputs = table.int32s(SUBGRAPH.outputs) ?? [];
    this.#operators = table.tables(SUBGRAPH.operators, 'operators');
    this.#tensors = table.tables(SUBGRAPH.tensors, 'tensors');
    this.#codes = codes;
    this.operatorCount = this.#operators.length;
  }

  tensor(index: number, wantedBy: string): TensorInfo {
    const known = this.#decoded.get(index);
    if (known !== undefined) return known;
    if (!(index >= 0 && index < this.#tensors.length)) {
      const message = `tensor ${index} not found; there are ${this.#tensors.length}`;
      throw new ForwardpassError('DANGLING', message, wantedBy);
    }
    const info = readTensor(this.#tensors.at(index), index);
    this.#decoded.set(index, info);
    return info;
  }

  operator(index: number): OperatorInfo {
    const table = this.#operators.at(index);
    const code = table.uint32(OPERATOR.code);
    const name = this.#codes[code];
    if (name === undefined) {
      const message = `operator code ${code} not found; there are ${this.#codes.length}`;
      throw new ForwardpassError('MALFORMED', message, table.place);
    }
    const place = `operator ${index} (${name})`;
    return {
      name,
      place,
      inputs: table.int32s(OPERATOR.inputs) ?? [],
      outputs: table.int32s(OPERATOR.outputs) ?? [],
      options: table.table(OPERATOR.options, place) ?? table.table(OPERATOR.options2, place),
    };
  }
}

function readTensor(table: Table, index: number): TensorInfo {
  const name = table.string(TENSOR.name) ?? '';
  const place = name === '' ? `tensor ${index}` : `tensor ${index} ${quote(name)}`;
  const shape = table.int32s(TENSOR.shape) ?? [];
  if (shape.some((dim) => dim < 0)) {
    throw new ForwardpassError('MALFORMED', `its shape is [${shape.join(', ')}]`, place);
  }
  const signature = table.int32s(TENSOR.signature) ?? [];
  const isSparse = table.has(TENSOR.sparsity);
  const isElsewhere = table.uint32(TENSOR.externalBuffer) !== 0;
  return {
    name,
    place,
    type: table.int8(TENSOR.type),
    shape,
    signature: signature.length === shape.length ? signature : shape,
    buffer: table.uint32(TENSOR.buffer),
    quantization: readQuantization(table.table(TENSOR.quantization, place)),
    odd: isSparse
      ? 'sparse'
      : isElsewhere
        ? 'in another file'
        : table.bool(TENSOR.isVariable)
          ? 'a variable'
          : undefined,
  };
}

function readQuantization(table: Table | undefined): Quantization | undefined {
  if (table === undefined) return undefined;
  if (table.uint8(QUANTIZATION.detailsType) !== 0) {
    const message = 'it is quantized in blocks or by a custom scheme, which is not supported';
    throw new ForwardpassError('UNSUPPORTED_DTYPE', message, table.place);
  }
  const scales = table.float32s(QUANTIZATION.scales) ?? [];
  if (scales.length === 0) return undefined;
  const given = table.int64s(QUANTIZATION.zeroPoints) ?? [];
  const zeroPoints = given.length === scales.length ? given : scales.map(() => given[0] ?? 0);
  if (given.length > 1 && given.length !== scales.length) {
    const message = `${scales.length} scales, but ${given.length} zero points`;
    throw new ForwardpassError('MALFORMED', message, table.place);
  }
  if (!scales.every((scale) => scale > 0 && Number.isFinite(scale))) {
    throw new ForwardpassError('MALFORMED', 'a scale is not a positive number', table.place);
  }
  return { scales, zeroPoints, axis: table.int32(QUANTIZATION.axis) };
}
