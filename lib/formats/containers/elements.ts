/** Element types of the format, and the lossless conversion of their little-endian bytes to floats. */
import { ForwardpassError } from '../../errors.ts';
import { widenFloat8 } from './float8.ts';
import { widenBfloat16, widenFloat16 } from './half.ts';

interface DTypeReader {
  /** Bytes of one element. */
  readonly bytes: number;
  /** Reads `count` elements from `offset`, which is aligned; the result may share the buffer. */
  read(buffer: ArrayBufferLike, offset: number, count: number, place: string): Float32Array | Float64Array;
}

export const DTYPES = {
  F64: { bytes: 8, read: (b, o, n) => new Float64Array(b, o, n) },
  F32: { bytes: 4, read: (b, o, n) => new Float32Array(b, o, n) },
  F16: { bytes: 2, read: (b, o, n) => widenFloat16(new Uint16Array(b, o, n)) },
  BF16: { bytes: 2, read: (b, o, n) => widenBfloat16(new Uint16Array(b, o, n)) },
  F8_E4M3: { bytes: 1, read: (b, o, n) => widenFloat8(new Uint8Array(b, o, n), 'F8_E4M3') },
  F8_E5M2: { bytes: 1, read: (b, o, n) => widenFloat8(new Uint8Array(b, o, n), 'F8_E5M2') },
  F8_E4M3FNUZ: { bytes: 1, read: (b, o, n) => widenFloat8(new Uint8Array(b, o, n), 'F8_E4M3FNUZ') },
  F8_E5M2FNUZ: { bytes: 1, read: (b, o, n) => widenFloat8(new Uint8Array(b, o, n), 'F8_E5M2FNUZ') },
  F8_E8M0: { bytes: 1, read: (b, o, n) => widenFloat8(new Uint8Array(b, o, n), 'F8_E8M0') },
  I64: { bytes: 8, read: (b, o, n, place) => exact(new BigInt64Array(b, o, n), place) },
  U64: { bytes: 8, read: (b, o, n, place) => exact(new BigUint64Array(b, o, n), place) },
  I32: { bytes: 4, read: (b, o, n) => new Float64Array(new Int32Array(b, o, n)) },
  U32: { bytes: 4, read: (b, o, n) => new Float64Array(new Uint32Array(b, o, n)) },
  I16: { bytes: 2, read: (b, o, n) => new Float32Array(new Int16Array(b, o, n)) },
  U16: { bytes: 2, read: (b, o, n) => new Float32Array(new Uint16Array(b, o, n)) },
  I8: { bytes: 1, read: (b, o, n) => new Float32Array(new Int8Array(b, o, n)) },
  U8: { bytes: 1, read: (b, o, n) => new Float32Array(new Uint8Array(b, o, n)) },
  BOOL: { bytes: 1, read: (b, o, n) => new Float32Array(new Uint8Array(b, o, n).map((byte) => (byte === 0 ? 0 : 1))) },
} as const satisfies Record<string, DTypeReader>;
export type StoredDType = keyof typeof DTYPES;

function exact(integers: BigInt64Array | BigUint64Array, place: string): Float64Array {
  const floats = new Float64Array(integers.length);
  for (let i = 0; i < integers.length; i++) {
    floats[i] = Number(integers[i]);
    if (!Number.isSafeInteger(floats[i])) {
      const message = `the integer ${integers[i]} is not within ±2^53, where floats are exact`;
      throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
    }
  }
  return floats;
}

/** The bytes as floats: a view if they are aligned floats, otherwise a copy. */
export function readElements(bytes: Uint8Array, dtype: StoredDType, place: string): Float32Array | Float64Array {
  const { bytes: size, read }: DTypeReader = DTYPES[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return read(aligned.buffer, aligned.byteOffset, bytes.length / size, place);
}
