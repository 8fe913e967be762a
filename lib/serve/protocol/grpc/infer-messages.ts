/** `ModelInferRequest` and `ModelInferResponse` of the Open Inference Protocol. */
import { quote } from '../../../messages.ts';
import { badRequest } from '../refusal.ts';
import type { ServedModel } from '../types.ts';
import { DATATYPE_NAMES, DATATYPES, type Datatype } from '../v2/datatypes.ts';
import { dataBytes, type OutputTensor } from '../v2/outputs.ts';
import { inInput, sizeOf, type Tensor, textOf, valuesOfBytes } from '../v2/tensor.ts';
import {
  damaged,
  eachVarint,
  type FieldReader,
  partField,
  readFields,
  textField,
  WIRE,
  type WireReader,
  WireWriter,
} from './wire.ts';

export interface InferMessage {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly inputs: readonly InputMessage[];
  /** The names of the requested outputs; empty for all. */
  readonly outputs: readonly string[];
  readonly raw: readonly Uint8Array[];
}

interface InputMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents?: Contents;
}

/** The encoded elements, by the number of their field. */
interface Contents {
  readonly integers: ReadonlyMap<number, readonly bigint[]>;
  readonly floats: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly texts: readonly Uint8Array[];
}

/** Fields of InferTensorContents. */
const FIELD: Readonly<Record<string, number>> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};

export function readInferRequest(bytes: Uint8Array): InferMessage {
  let [modelName, modelVersion, id] = ['', '', ''];
  const inputs: InputMessage[] = [];
  const outputs: string[] = [];
  const raw: Uint8Array[] = [];
  readFields(bytes, {
    1: textField((value) => {
      modelName = value;
    }),
    2: textField((value) => {
      modelVersion = value;
    }),
    3: textField((value) => {
      id = value;
    }),
    5: partField((value) => inputs.push(readInput(value))),
    6: partField((value) => outputs.push(readOutput(value))),
    7: partField((value) => raw.push(value)),
  });
  return { modelName, modelVersion, id, inputs, outputs, raw };
}

function readInput(bytes: Uint8Array): InputMessage {
  let [name, datatype] = ['', ''];
  const shape: number[] = [];
  let contents: Contents | undefined;
  readFields(bytes, {
    1: textField((value) => {
      name = value;
    }),
    2: textField((value) => {
      datatype = value;
    }),
    3: (reader, wire) => eachVarint(reader, wire, (value) => shape.push(Number(BigInt.asIntN(64, value)))),
    4: parameterField((key) => refuseParameter(key, `input ${quote(name)}`)),
    5: partField((value) => {
      contents = readContents(value);
    }),
  });
  return { name, datatype, shape, contents };
}

function readOutput(bytes: Uint8Array): string {
  let name = '';
  const keys: string[] = [];
  readFields(bytes, {
    1: textField((value) => {
      name = value;
    }),
    2: parameterField((key) => keys.push(key)),
  });
  for (const key of keys) refuseParameter(key, `output ${quote(name)}`);
  return name;
}

/** Reads the key of a map entry. */
function parameterField(take: (key: string) => void): FieldReader {
  return partField((entry) => {
    let key = '';
    readFields(entry, {
      1: textField((value) => {
        key = value;
      }),
    });
    take(key);
  });
}

/** Rejects parameters that would change the answer if they were supported. */
function refuseParameter(key: string, place: string): void {
  if (key === 'shared_memory_region' || key === 'classification') {
    throw badRequest(`${place}: the parameter ${key} is not supported`);
  }
}

function readContents(bytes: Uint8Array): Contents {
  const integers = new Map<number, bigint[]>();
  const floats = new Map<number, Uint8Array[]>();
  const texts: Uint8Array[] = [];
  const integer = (field: number) => (reader: WireReader, wire: number) => {
    const values = integers.get(field) ?? [];
    integers.set(field, values);
    eachVarint(reader, wire, (value) => values.push(value));
  };
  const float = (field: number, wireOfOne: number, size: number) => (reader: WireReader, wire: number) => {
    const parts = floats.get(field) ?? [];
    floats.set(field, parts);
    if (wire === wireOfOne) parts.push(reader.take(size));
    else if (wire === WIRE.lengthed) parts.push(reader.bytes());
    else throw damaged('a number is not written as one');
  };
  readFields(bytes, {
    1: integer(1),
    2: integer(2),
    3: integer(3),
    4: integer(4),
    5: integer(5),
    6: float(6, WIRE.four, 4),
    7: float(7, WIRE.eight, 8),
    8: partField((value) => texts.push(value)),
  });
  return { integers, floats, texts };
}

/** The tensors of a request, whose data is either all raw or all in contents. */
export function tensorsOf({ inputs, raw }: InferMessage, most: number): Tensor[] {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw badRequest(`there are ${inputs.length} inputs, but ${raw.length} raw_input_contents`);
  }
  return inputs.map(({ name, datatype: type, shape, contents }, at) => {
    const datatype = DATATYPES.get(type);
    if (datatype === undefined) {
      throw inInput(name, `expected one of ${DATATYPE_NAMES} as its datatype, found ${quote(type)}`);
    }
    if (shape.length === 0) throw inInput(name, 'its shape is empty; the first dimension is the rows');
    const negative = shape.find((size) => size < 0);
    if (negative !== undefined) throw inInput(name, `its shape has ${negative}; expected integers of at least 0`);
    const size = sizeOf(shape, most, name);
    if (raw.length > 0 && contents !== undefined) throw inInput(name, 'has both contents and raw_input_contents');
    const values =
      raw.length > 0 ? valuesOfBytes(raw[at], datatype, size, name) : valuesOf(contents, datatype, size, name);
    return { name, datatype, shape, values };
  });
}

const NONE: Contents = { integers: new Map(), floats: new Map(), texts: [] };

function valuesOf(contents: Contents = NONE, datatype: Datatype, size: number, name: string): Tensor['values'] {
  const { integers, floats, texts } = contents;
  const field = FIELD[datatype.name];
  if (field === undefined)
    throw inInput(name, `${datatype.name} is not supported in contents: send it as raw_input_contents`);
  const others = [...integers.keys(), ...floats.keys(), ...(texts.length > 0 ? [FIELD.BYTES] : [])];
  if (others.some((other) => other !== field))
    throw inInput(name, `has contents of a type other than ${datatype.name}`);
  const check = (count: number) => {
    if (count !== size) throw inInput(name, `its shape holds ${size} elements, but its contents have ${count}`);
  };
  if (datatype.bytes === undefined) {
    check(texts.length);
    return texts.map((text, at) => textOf(text, name, at));
  }
  if (field === FIELD.FP32 || field === FIELD.FP64) {
    const parts = floats.get(field) ?? [];
    check(parts.reduce((bytes, part) => bytes + part.length, 0) / datatype.bytes);
    return valuesOfBytes(Buffer.concat(parts), datatype, size, name);
  }
  const values = integers.get(field) ?? [];
  check(values.length);
  return integersOf(values, datatype, name);
}

function integersOf(
  values: readonly bigint[],
  { name: type, isWide, least, most }: Datatype,
  name: string,
): Tensor['values'] {
  if (isWide) return type === 'INT64' ? BigInt64Array.from(values) : BigUint64Array.from(values);
  const isSigned = type.startsWith('INT');
  return Float64Array.from(values, (value) => {
    if (type === 'BOOL') return value === 0n ? 0 : 1;
    const number = Number(isSigned ? BigInt.asIntN(32, value) : BigInt.asUintN(32, value));
    if (number >= (least as number) && number <= (most as number)) return number;
    throw inInput(name, `its contents have ${number}, which is not ${type}`);
  });
}

/** Encodes the answer: raw if the request was raw, otherwise in contents. */
export function inferResponse(
  { name, version }: ServedModel,
  { id, raw }: Pick<InferMessage, 'id' | 'raw'>,
  tensors: readonly OutputTensor[],
): Buffer {
  const writer = new WireWriter().text(1, name).text(2, version).text(3, id);
  const isRaw = raw.length > 0;
  for (const tensor of tensors) {
    const output = new WireWriter().text(1, tensor.name).text(2, tensor.datatype.name).packed(3, tensor.shape);
    if (!isRaw) output.bytes(5, contentsOf(tensor));
    writer.bytes(5, output.done());
  }
  if (isRaw) for (const tensor of tensors) writer.bytes(6, dataBytes(tensor));
  return writer.done();
}

function contentsOf(tensor: OutputTensor): Uint8Array {
  const { datatype, values } = tensor;
  const field = FIELD[datatype.name];
  const writer = new WireWriter();
  if (datatype.bytes === undefined) {
    for (const value of values) writer.bytes(field, Buffer.from(String(value)));
    return writer.done();
  }
  if (field === FIELD.FP32 || field === FIELD.FP64)
    return values.length === 0 ? writer.done() : writer.bytes(field, dataBytes(tensor)).done();
  const isTruth = datatype.name === 'BOOL';
  return writer
    .packed(
      field,
      Array.from(values as ArrayLike<number>, (value) => (isTruth ? Number(value !== 0) : value)),
    )
    .done();
}
