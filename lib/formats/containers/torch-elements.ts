/**
 * The elements of tensors that are pieces of storages. A storage is read once, which is linear in the file; further
 * uses of it share the array if they are the same piece, and are otherwise charged before they are copied.
 */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { swapBytes } from '../../platform/text.ts';
import { readElements } from './elements.ts';
import { type TorchDType, type TorchTensor, torchElementBytes } from './torch-tensors.ts';

type Piece = Omit<TorchTensor, 'key' | 'storageElements'>;
type Elements = Float32Array | Float64Array;

/** The maximum size of an element. */
const ELEMENT_BYTES = 8;

/** What was read from a storage. */
interface Read {
  /** Bytes that tensors took from it, counted each time. */
  bytes: number;
  readonly pieces: Map<string, Elements>;
}

const reads = new WeakMap<Uint8Array, Read>();

/**
 * A tensor's elements as floats, row-major: a view of the storage's bytes if they have that order and are floats of
 * that type, a copy otherwise. Throws `TRUNCATED` if some are missing, `UNSUPPORTED_DTYPE`, `LIMIT`.
 */
export function torchElements(
  tensor: Piece,
  storage: Uint8Array,
  isBigEndian: boolean,
  budget: Budget,
  place: string,
): Elements {
  const read = reads.get(storage) ?? { bytes: 0, pieces: new Map<string, Elements>() };
  reads.set(storage, read);
  const { dtype, offset, shape, strides } = tensor;
  const key = [dtype, offset, ...shape, ...strides].join(' ');
  const known = read.pieces.get(key);
  if (known !== undefined) return known;
  checkInside(tensor, storage, place);
  const size = torchElementBytes(dtype);
  const bytes = size * shape.reduce((product, length) => product * length, 1);
  const isView = isContiguous(shape, strides) && !isBigEndian && (dtype === 'F32' || dtype === 'F64');
  if (!isView) {
    const again = Math.min(bytes, Math.max(0, read.bytes + bytes - storage.length));
    budget.build((again / size) * (size + ELEMENT_BYTES), place);
    read.bytes += bytes;
  }
  const piece = torchTensorBytes(tensor, storage);
  const elements = readElements(isBigEndian ? swappedBytes(piece, dtype) : piece, dtype, place);
  read.pieces.set(key, elements);
  return elements;
}

function checkInside({ dtype, offset, shape, strides }: Piece, storage: Uint8Array, place: string): void {
  if (shape.includes(0)) return;
  const last = shape.reduce((at, length, axis) => at + (length - 1) * strides[axis], offset);
  const needed = (last + 1) * torchElementBytes(dtype);
  if (needed <= storage.length) return;
  const message = `needs ${needed} bytes of its storage, which has only ${storage.length}`;
  throw new ForwardpassError('TRUNCATED', message, place);
}

/** Row-major, and little-endian like the storage's bytes. */
function torchTensorBytes({ dtype, offset, shape, strides }: Piece, storage: Uint8Array): Uint8Array {
  const size = torchElementBytes(dtype);
  const count = shape.reduce((product, length) => product * length, 1);
  if (count === 0) return new Uint8Array(0);
  if (isContiguous(shape, strides)) return storage.subarray(offset * size, (offset + count) * size);
  return gather(storage, size, count, offset, shape, strides);
}

/** The same elements in the other byte order, as a copy. */
function swappedBytes(bytes: Uint8Array, dtype: TorchDType): Uint8Array {
  const swapped = new Uint8Array(bytes);
  const size = torchElementBytes(dtype);
  if (size === 2 || size === 4 || size === 8) swapBytes(swapped, size);
  return swapped;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

function gather(
  storage: Uint8Array,
  size: number,
  count: number,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array {
  const result = new Uint8Array(count * size);
  const at = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < result.length; to += size) {
    for (let byte = 0; byte < size; byte++) result[to + byte] = storage[from * size + byte];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++at[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      at[axis] = 0;
    }
  }
  return result;
}
