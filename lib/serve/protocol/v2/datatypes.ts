/** The datatypes of the Open Inference Protocol, and what a model's own types are called in it. */
import type { TypedArray } from '../../../buffers.ts';
import type { Port } from '../../../graph/lower.ts';

export interface Datatype {
  readonly name: string;
  /** Of an element; undefined of BYTES, whose elements begin with their length. */
  readonly bytes?: number;
  /** What its elements are kept in, once they are numbers. FP16 and BF16 have none of their own. */
  readonly Values?: { new (length: number): TypedArray; new (buffer: ArrayBuffer): TypedArray };
  /** Of integers. */
  readonly least?: number;
  readonly most?: number;
  /** Whether an element may be beyond what a double keeps. */
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

/** Halves are said in FP32, which holds them all and has a form in JSON. */
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

/** Of an input; BYTES where some element is a string. */
export function datatypeOfInput(port: Port): Datatype {
  const hasStrings =
    port.spread !== undefined || [...(port.categories?.values() ?? [])].some((list) => list.length > 0);
  return DATATYPES.get(hasStrings || port.hashes !== undefined ? 'BYTES' : NAMES[port.dtype]) as Datatype;
}

/** Of an output, whose strings are the model's classes; without those, their positions. */
export function datatypeOfOutput(port: Port, hasClasses: boolean): Datatype {
  return DATATYPES.get(port.dtype === 'string' && !hasClasses ? 'INT64' : NAMES[port.dtype]) as Datatype;
}

/** `a`, or `an` before a vowel. */
export const DATATYPE_NAMES = DATATYPE_LIST.map(({ name }) => name).join(', ');
