/** What the names of an ONNX graph stand for while it is read: a constant, or one value per row. */
import { ForwardpassError } from '../../errors.ts';
import type { DType, Operand } from '../../graph/graph.ts';

export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool';

/** Axes of a tensor at the most; models have at most 6 or 8. */
export const HIGHEST_RANK = 32;

export type Numbers = Float32Array | Float64Array;

/**
 * A tensor known while reading. float32 and half precision are held as float32, all else as float64; integers
 * beyond ±2^53 are held as infinities, which a slice's bounds understand and which nothing else takes.
 */
export interface Constant {
  readonly kind: 'constant';
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Numbers;
  /** Where a shape holds the batch size B, element i is `data[i] + batch[i]·B`. */
  readonly batch?: Float64Array;
}

/** One value per row. */
export interface Row {
  readonly kind: 'row';
  readonly type: ElementType;
  /** Without the batch. */
  readonly shape: readonly number[];
  /** Which axis ONNX sees as the batch; undefined when the model is read as one row, which is then the whole tensor. */
  readonly batchAxis: number | undefined;
  /** The graph's name of it; a tensor when every row has the same value. */
  readonly operand: Operand;
}

export type Value = Constant | Row;

/** TensorProto.DataType. */
const ELEMENT_TYPES = new Map<number, ElementType>([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [16, 'bfloat16'],
]);

const REFUSED_TYPES = new Map([
  [0, 'none'],
  [8, 'string'],
  [14, 'complex64'],
  [15, 'complex128'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [21, 'uint4'],
  [22, 'int4'],
  [23, 'float4e2m1'],
]);

export function elementType(code: number, place: string): ElementType {
  const type = ELEMENT_TYPES.get(code);
  if (type !== undefined) return type;
  const found = REFUSED_TYPES.get(code) ?? `the unknown type ${code}`;
  throw new ForwardpassError(
    'UNSUPPORTED_DTYPE',
    `expected floats, integers or bool as elements, found ${found}`,
    place,
  );
}

const TYPE_NAMES = [
  ...['UNDEFINED', 'FLOAT', 'UINT8', 'INT8', 'UINT16', 'INT16', 'INT32', 'INT64', 'STRING', 'BOOL', 'FLOAT16'],
  ...['DOUBLE', 'UINT32', 'UINT64', 'COMPLEX64', 'COMPLEX128'],
];

/** Of a type by its name in TensorProto.DataType. */
export function elementTypeCode(name: string): number | undefined {
  const code = TYPE_NAMES.indexOf(name);
  return code < 0 ? undefined : code;
}

export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64' || type === 'float16' || type === 'bfloat16';
}

/** What the public face calls the type: narrow integers go by the next one that holds them. */
export function publicType(type: ElementType): DType {
  switch (type) {
    case 'int8':
    case 'int16':
    case 'uint8':
    case 'uint16':
      return 'int32';
    case 'uint32':
    case 'uint64':
      return 'int64';
    default:
      return type;
  }
}

export function allocate(type: ElementType, length: number): Numbers {
  return isFloat(type) && type !== 'float64' ? new Float32Array(length) : new Float64Array(length);
}

export function constant(type: ElementType, shape: readonly number[], data: Numbers, batch?: Float64Array): Constant {
  const has = batch?.some((factor) => factor !== 0);
  return { kind: 'constant', type, shape, data, batch: has ? batch : undefined };
}

/** A constant of a few numbers: a scalar, or with `shape` a vector. */
export function literal(type: ElementType, values: readonly number[], shape: readonly number[] = []): Constant {
  const data = allocate(type, values.length);
  data.set(values);
  return constant(type, shape, data);
}

/** A shape that holds the batch, for messages. */
export function describe(data: Numbers, batch: Float64Array): string {
  return Array.from(data, (plain, i) => {
    if (batch[i] === 0) return plain;
    const factor = batch[i] === 1 ? 'batch' : `${batch[i]}·batch`;
    return plain === 0 ? factor : `${plain} + ${factor}`;
  }).join(', ');
}

export function range(start: number, end: number, step: number): number[] {
  return Array.from({ length: Math.max(Math.ceil((end - start) / step), 0) }, (_, i) => start + i * step);
}
