/** Elements as stored in files, little-endian and packed, and decoding of names. */
import { ForwardpassError } from '../../errors.ts';
import { widenBfloat16, widenFloat16 } from '../containers/half.ts';
import type { ElementType, Numbers } from './value.ts';

/** Bytes of one raw element; words are never raw. */
export const WIDTHS: Record<ElementType, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
  int2: 0.25,
  uint2: 0.25,
  int4: 0.5,
  uint4: 0.5,
  string: 0,
};

/** `count` elements of the type, which must be exactly what the bytes contain; float16 and bfloat16 are widened. */
export function rawElements(bytes: Uint8Array, type: ElementType, count: number, place: string): Numbers {
  const width = WIDTHS[type];
  const expected = Math.ceil(count * width);
  if (bytes.length !== expected) {
    throw new ForwardpassError(
      'MALFORMED',
      `expected ${expected} bytes for ${count} elements of ${type}, found ${bytes.length}`,
      place,
    );
  }
  if (width < 1) return unpack(bytes, type, count);
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
    case 'float16':
      return widenFloat16(new Uint16Array(buffer, byteOffset, count));
    case 'bfloat16':
      return widenBfloat16(new Uint16Array(buffer, byteOffset, count));
    case 'int8':
      return new Float32Array(new Int8Array(buffer, byteOffset, count));
    case 'int16':
      return new Float32Array(new Int16Array(buffer, byteOffset, count));
    case 'int32':
      return new Float64Array(new Int32Array(buffer, byteOffset, count));
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, count), (value) => exactOrInfinite(Number(value)));
    case 'uint8':
      return new Float32Array(new Uint8Array(buffer, byteOffset, count));
    case 'uint16':
      return new Float32Array(new Uint16Array(buffer, byteOffset, count));
    case 'uint32':
      return new Float64Array(new Uint32Array(buffer, byteOffset, count));
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, count), (value) =>
        exactOrInfinite(Number(value)),
      );
    case 'bool':
      return Float32Array.from(bytes, (value) => (value === 0 ? 0 : 1));
    default:
      return unpack(bytes, type, count);
  }
}

/** Integers of 2 or 4 bits, from the low bits of each byte. */
export function unpack(bytes: ArrayLike<number>, type: ElementType, count: number): Float32Array {
  const bits = 8 * WIDTHS[type];
  const [perByte, range] = [8 / bits, 2 ** bits];
  const isSigned = type.startsWith('int');
  return Float32Array.from({ length: Math.min(count, bytes.length * perByte) }, (_, i) => {
    const field = (bytes[Math.floor(i / perByte)] >> (bits * (i % perByte))) & (range - 1);
    return isSigned && field >= range / 2 ? field - range : field;
  });
}

/** float64 represents integers up to ±2^53; see {@link Constant} for integers beyond. */
export function exactOrInfinite(value: number): number {
  return Number.isSafeInteger(value) ? value : value < 0 ? -Infinity : Infinity;
}

/** Replaces bytes that are not valid UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
