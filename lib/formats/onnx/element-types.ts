/** Element types of tensors, by their numbers and names in TensorProto.DataType. */
import { ForwardpassError } from '../../errors.ts';
import type { ElementType } from '../tensors/value.ts';

const ELEMENT_TYPES = new Map<number, ElementType>([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [8, 'string'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [16, 'bfloat16'],
  [21, 'uint4'],
  [22, 'int4'],
  [25, 'uint2'],
  [26, 'int2'],
]);

const REFUSED_TYPES = new Map([
  [0, 'none'],
  [14, 'complex64'],
  [15, 'complex128'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [23, 'float4e2m1'],
  [24, 'float8e8m0'],
]);

export function elementType(code: number, place: string): ElementType {
  const type = ELEMENT_TYPES.get(code);
  if (type !== undefined) return type;
  const found = REFUSED_TYPES.get(code) ?? `the unknown type ${code}`;
  throw new ForwardpassError(
    'UNSUPPORTED_DTYPE',
    `expected floats, integers, bool or strings as elements, found ${found}`,
    place,
  );
}

const TYPE_NAMES = [
  ...['UNDEFINED', 'FLOAT', 'UINT8', 'INT8', 'UINT16', 'INT16', 'INT32', 'INT64', 'STRING', 'BOOL', 'FLOAT16'],
  ...['DOUBLE', 'UINT32', 'UINT64', 'COMPLEX64', 'COMPLEX128'],
];

/** The number of a type, by its name in TensorProto.DataType. */
export function elementTypeCode(name: string): number | undefined {
  const code = TYPE_NAMES.indexOf(name);
  return code < 0 ? undefined : code;
}
