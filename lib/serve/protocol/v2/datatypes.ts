/** The datatypes of the Open Inference Protocol, and their names for a model's types. */
import type { TypedArray } from '../../../buffers.ts';
import type { Port } from '../../../graph/lower.ts';

export interface Datatype {
  readonly name: string;
  /** The size of an element; undefined for BYTES, whose elements begin with their length. */
  readonly bytes?: number;
  /** The array type of its elements. FP16 and BF16 have none. */
  readonly Values?: { new (length: number): TypedArray; new (buffer: ArrayBuffer): TypedArray };
  /** The least integer. */
  readonly least?: number;
  readonly most?: number;
  /** Whether an element may exceed the integers of a double. */
  readonly isWide?: boolean;
}

export const DATATYPE_LIST: readonly Datatype[] = [
  { name: 'BOOL', bytes: 1, Values: Uint8Array, least: 0, most: 1 },
  { name: 'INT8', bytes: 1, Values: Int8Array, least: -(2 ** 7), most: 2 ** 7 - 1 },
  { name: 'INT16', bytes: 2, Values: Int16Array, least: -(2 ** 15), most: 2 ** 15 - 1 },
  { name: 'INT32', bytes: 4, Values: Int32Array, least: -(2 ** 31), most: 2 ** 31 - 1 },
  { name: 'INT64', bytes: 8, Values: BigInt64Array, isWide: true },
  { name: 'UINT8', bytes: 1, Values: Uint8Array, least: 0, most: 2 ** 8 - 1 },
  { name: 'UINT16', bytes: 2, Values: Uint16Array, least: 0, most: 2 ** 16 - 1 },
  { name: 'UINT32', bytes: 4, Values: Uint32Array, least: 0, most: 2 ** 32 - 1 },
  { name: 'UINT64', bytes: 8, Values: BigUint64Array, isWide: true },
  { name: 'FP16', bytes: 2 },
  { name: 'BF16', bytes: 2 },
  { name: 'FP32', bytes: 4, Values: Float32Array },
  { name: 'FP64', bytes: 8, Values: Float64Array },
  { name: 'BYTES' },
];

export const DATATYPES: ReadonlyMap<string, Datatype> = new Map(
  DATATYPE_LIST.map((datatype) => [datatype.name, datatype]),
);

/** Half-precision types are declared as FP32, which represents them exactly and is supported in JSON. */
const NAMES: Readonly<Record<Port['dtype'], string>> = {
  float16: 'FP32',
  bfloat16: 'FP32',
  float32: 'FP32',
  float64: 'FP64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
};

/** The datatype of an input; BYTES if any element is a string. */
export function datatypeOfInput(port: Port): Datatype {
  const hasStrings =
    port.spread !== undefined || [...(port.categories?.values() ?? [])].some((list) => list.length > 0);
  return DATATYPES.get(hasStrings || port.hashes !== undefined ? 'BYTES' : NAMES[port.dtype]) as Datatype;
}

/** The datatype of an output. Strings are the model's classes; without classes, their indices. */
export function datatypeOfOutput(port: Port, hasClasses: boolean): Datatype {
  return DATATYPES.get(port.dtype === 'string' && !hasClasses ? 'INT64' : NAMES[port.dtype]) as Datatype;
}

/** `a`, or `an` before a vowel. */
export const DATATYPE_NAMES = DATATYPE_LIST.map(({ name }) => name).join(', ');
