/** What a tensor holds, where the file gives it: its elements as numbers. */
import { ForwardpassError } from '../../errors.ts';
import { elementCount, formatShape } from '../../graph/shapes.ts';
import { widenBfloat16, widenFloat16 } from '../containers/half.ts';
import { type Constant, constant, type ElementType, HIGHEST_RANK, isFloat, type Numbers } from '../tensors/value.ts';
import type { LiteModel, TensorInfo } from './model.ts';

/** What elements are read as. */
type LiteType = Exclude<ElementType, 'string' | 'int2' | 'uint2' | 'int4' | 'uint4'>;

/** TensorType. Elements of 4 bits are unpacked to bytes. */
const ELEMENT_TYPES = new Map<number, LiteType>([
  [0, 'float32'],
  [1, 'float16'],
  [2, 'int32'],
  [3, 'uint8'],
  [4, 'int64'],
  [6, 'bool'],
  [7, 'int16'],
  [9, 'int8'],
  [10, 'float64'],
  [12, 'uint64'],
  [15, 'uint32'],
  [16, 'uint16'],
  [17, 'int8'],
  [18, 'bfloat16'],
]);

const REFUSED_TYPES = new Map([
  [5, 'strings'],
  [8, 'complex numbers'],
  [11, 'complex numbers'],
  [13, 'a resource'],
  [14, 'a variant'],
  [19, 'integers of 2 bits'],
  [20, 'unsigned integers of 4 bits'],
]);

const INT4 = 17;

export function elementType({ type, place }: TensorInfo): LiteType {
  const known = ELEMENT_TYPES.get(type);
  if (known !== undefined) return known;
  const found = REFUSED_TYPES.get(type) ?? `the unknown type ${type}`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected floats, integers or bool, found ${found}`, place);
}

/** The tensor's elements; undefined when the file holds none, because they are computed. */
export function readConstant(model: LiteModel, info: TensorInfo): Constant | undefined {
  const { shape, place, odd } = info;
  const bytes = model.buffer(info.buffer, place);
  const count = elementCount(shape);
  if (odd !== undefined && (odd !== 'a variable' || bytes.length > 0)) {
    throw new ForwardpassError('UNSUPPORTED_DTYPE', `is ${odd}, which is not read`, place);
  }
  if (bytes.length === 0 && count > 0) return undefined;
  const type = elementType(info);
  if (shape.length > HIGHEST_RANK) {
    throw new ForwardpassError('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${shape.length}`, place);
  }
  const expected = info.type === INT4 ? Math.ceil(count / 2) : count * ELEMENT_BYTES[type];
  if (bytes.length !== expected) {
    const message = `expected ${expected} bytes for a shape of ${formatShape(shape)} of ${type}, found ${bytes.length}`;
    throw new ForwardpassError('SHAPE', message, place);
  }
  const decodeAll = () => (info.type === INT4 ? unpackInt4(bytes, count) : decode(type, bytes));
  const elements = model.once(bytes, info.type, decodeAll);
  model.budget.stored(elements, bytes.length);
  return constant(type, shape, elements);
}

const ELEMENT_BYTES: Record<LiteType, number> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  int32: 4,
  uint32: 4,
  float64: 8,
  int64: 8,
  uint64: 8,
};

/** Little-endian elements: exact, but for integers beyond ±2^53, which become infinities. */
function decode(type: LiteType, bytes: Uint8Array): Numbers {
  const { buffer, byteOffset, length } = aligned(bytes, ELEMENT_BYTES[type]);
  const count = length / ELEMENT_BYTES[type];
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
    case 'float16':
      return widenFloat16(new Uint16Array(buffer, byteOffset, count));
    case 'bfloat16':
      return widenBfloat16(new Uint16Array(buffer, byteOffset, count));
    case 'bool':
    case 'uint8':
      return new Float32Array(bytes);
    case 'int8':
      return new Float32Array(new Int8Array(buffer, byteOffset, count));
    case 'int16':
      return new Float32Array(new Int16Array(buffer, byteOffset, count));
    case 'uint16':
      return new Float32Array(new Uint16Array(buffer, byteOffset, count));
    case 'int32':
      return new Float64Array(new Int32Array(buffer, byteOffset, count));
    case 'uint32':
      return new Float64Array(new Uint32Array(buffer, byteOffset, count));
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, count), exact);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, count), exact);
  }
}

/** A view where typed arrays may begin: a copy where the file has it elsewhere. */
function aligned(bytes: Uint8Array, width: number): Uint8Array {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

function exact(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value < 0n ? -Infinity : Infinity;
}

/** Two elements a byte, the first in its lower half. */
function unpackInt4(bytes: Uint8Array, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (bytes[i >> 1] << (i % 2 === 0 ? 28 : 24)) >> 28);
}

/** Whether a tensor's integers stand for others by a scale. */
export function isQuantized(info: TensorInfo | undefined): boolean {
  return info?.quantization !== undefined && !isFloat(elementType(info));
}
