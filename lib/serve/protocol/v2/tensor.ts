/** A tensor of a request, in JSON, binary or gRPC. */
import { isUtf8 } from 'node:buffer';
import type { TypedArray } from '../../../buffers.ts';
import { widenBfloat16, widenFloat16 } from '../../../formats/containers/half.ts';
import { quote } from '../../../messages.ts';
import { badRequest, type Refusal } from '../refusal.ts';
import type { Datatype } from './datatypes.ts';

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** The values, row-major; texts for BYTES. */
  readonly values: TypedArray | readonly (string | null)[];
  /** The positions of numbers that were null, which are NaN in the values. */
  readonly nulls?: readonly number[];
}

export function inInput(name: string, message: string): Refusal {
  return badRequest(`input ${quote(name)}: ${message}`);
}

/**
 * The number of elements of a shape. Throws if it is more than `most`. Products are compared before they exceed the
 * integers of a double, and a dimension of 0 does not hide one that is too large.
 */
export function sizeOf(shape: readonly number[], most: number, name: string): number {
  if (shape.some((size) => size > most)) throw tooMany(name, most);
  let size = 1;
  for (const dimension of shape) {
    size *= dimension;
    if (size > most) throw tooMany(name, most);
  }
  return size;
}

function tooMany(name: string, most: number): Refusal {
  return inInput(name, `its shape has more than the ${most} elements that are allowed`);
}

/** Throws unless each tensor is one column. */
export function checkColumns(tensors: readonly Tensor[]): void {
  for (const { name, shape } of tensors) {
    if (shape.length === 2 ? shape[1] === 1 : shape.length === 1) continue;
    throw inInput(name, `expected the shape [rows] or [rows, 1], found [${shape.join(', ')}]`);
  }
}

/** The number of rows, which must be the same for all tensors. */
export function rowsOf(tensors: readonly Tensor[]): number {
  const [first] = tensors;
  const [count] = first.shape;
  for (const { name, shape } of tensors) {
    if (shape[0] === count) continue;
    throw inInput(name, `expected ${count} rows as in ${quote(first.name)}, found ${shape[0]}`);
  }
  return count;
}

/** The values of little-endian bytes, which may have any alignment. */
export function valuesOfBytes(bytes: Uint8Array, datatype: Datatype, size: number, name: string): Tensor['values'] {
  if (datatype.bytes === undefined) return textsOfBytes(bytes, size, name);
  if (bytes.length !== size * datatype.bytes) {
    const expected = `${size} elements of ${datatype.bytes} bytes`;
    throw inInput(name, `its shape and ${datatype.name} require ${expected}, found ${bytes.length} bytes`);
  }
  // A copy is aligned for any type.
  const buffer = new Uint8Array(bytes).buffer as ArrayBuffer;
  const { Values } = datatype;
  if (Values === undefined) {
    const bits = new Uint16Array(buffer);
    return datatype.name === 'FP16' ? widenFloat16(bits) : widenBfloat16(bits);
  }
  const values = new Values(buffer);
  if (datatype.name === 'BOOL' && (values as Uint8Array).some((value) => value > 1)) {
    throw inInput(name, 'expected 0 or 1 for each byte of a BOOL');
  }
  return values;
}

const LENGTH_BYTES = 4;

function textsOfBytes(bytes: Uint8Array, size: number, name: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (texts.length === size) throw inInput(name, `its shape has ${size} elements, but more bytes follow them`);
    if (at + LENGTH_BYTES > bytes.length) throw inInput(name, `element ${texts.length} ends within its length`);
    const length = view.getUint32(at, true);
    at += LENGTH_BYTES;
    if (length > bytes.length - at) {
      throw inInput(
        name,
        `element ${texts.length} has ${length} bytes by its length, but ${bytes.length - at} are left`,
      );
    }
    texts.push(textOf(bytes.subarray(at, at + length), name, texts.length));
    at += length;
  }
  if (texts.length < size) throw inInput(name, `its shape has ${size} elements, but there are ${texts.length}`);
  return texts;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** One element of BYTES. */
export function textOf(bytes: Uint8Array, name: string, at: number): string {
  if (!isUtf8(bytes)) throw inInput(name, `element ${at} is not UTF-8`);
  return decoder.decode(bytes);
}
