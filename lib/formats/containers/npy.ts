/**
 * NumPy's .npy, versions 1 to 3: a header that is the text of a Python dict, then the elements of one array.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * The header is read as text; nothing in it is evaluated. Object arrays are pickles and are refused.
 */

import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { HOST_IS_LITTLE_ENDIAN, latin1, latin1Bytes } from '../../platform/text.ts';
import { widenFloat16 } from './half.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The number of bytes that always includes a header's length. */
export const NPY_PREFIX_BYTES = 12;
/** The headers that NumPy writes for plain arrays are under 200 bytes. */
const LONGEST_HEADER = 65_536;

export type NpyElement = 'f2' | 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'b1';

export interface NpyHeader {
  readonly element: NpyElement;
  readonly littleEndian: boolean;
  /** Whether the first axis varies fastest in the file. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly elementCount: number;
  readonly elementBytes: number;
  /** Where the elements begin in the file. */
  readonly dataOffset: number;
}

export function isNpy(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, i) => head[i] === byte);
}

/** Where the elements begin, from the file's first {@link NPY_PREFIX_BYTES} bytes. */
export function npyDataOffset(prefix: Uint8Array, place: string): number {
  if (!isNpy(prefix)) throw new ForwardpassError('MALFORMED', 'expected a .npy file, found no \\x93NUMPY', place);
  if (prefix.length < NPY_PREFIX_BYTES) {
    throw new ForwardpassError('TRUNCATED', `the file ends within its first ${NPY_PREFIX_BYTES} bytes`, place);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset);
  const [major, minor] = [view.getUint8(6), view.getUint8(7)];
  if (major < 1 || major > 3) {
    throw new ForwardpassError('UNSUPPORTED_VERSION', `expected .npy version 1 to 3, found ${major}.${minor}`, place);
  }
  const [start, length] = major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > LONGEST_HEADER) {
    throw new ForwardpassError(
      'LIMIT',
      `the header is ${length} bytes; a plain array's is at most ${LONGEST_HEADER}`,
      place,
    );
  }
  return start + length;
}

/** The fields of an array's header, whatever its elements are. */
export interface NpyText {
  /** The elements' type as Python writes it: `'<f8'`, `'<U3'`, or a list of fields. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly dataOffset: number;
}

/** The header from the file's first {@link npyDataOffset} bytes. */
export function parseNpyText(bytes: Uint8Array, place: string): NpyText {
  const dataOffset = npyDataOffset(bytes, place);
  if (bytes.length < dataOffset) {
    throw new ForwardpassError('TRUNCATED', `the header of ${dataOffset} bytes is longer than the file`, place);
  }
  const text = latin1(bytes.subarray(bytes[6] === 1 ? 10 : 12, dataOffset));
  const entries = parseDict(text, place);
  const descr = entries.get('descr');
  const fortranOrder = entries.get('fortran_order');
  const shapeText = entries.get('shape');
  if (entries.size !== 3 || descr === undefined || fortranOrder === undefined || !shapeText?.startsWith('(')) {
    throw new ForwardpassError(
      'MALFORMED',
      `expected a header of descr, fortran_order and shape, found ${quote(text.trim())}`,
      place,
    );
  }
  const shape = (shapeText.match(/\d+/g) ?? []).map(Number);
  if (!shape.every(Number.isSafeInteger)) {
    throw new ForwardpassError('LIMIT', `an array of shape ${shapeText} is larger than any file`, place);
  }
  return { descr, fortranOrder: fortranOrder === 'True', shape, dataOffset };
}

/** The header of an array of numbers or booleans. */
export function parseNpyHeader(bytes: Uint8Array, place: string): NpyHeader {
  const { descr, ...header } = parseNpyText(bytes, place);
  const { element, littleEndian } = parseDescr(descr, place);
  const elementBytes = Number(element[1]);
  const elementCount = header.shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(elementCount * elementBytes)) {
    throw new ForwardpassError('LIMIT', `an array of shape [${header.shape}] is larger than any file`, place);
  }
  return { element, littleEndian, ...header, elementCount, elementBytes };
}

function parseDict(text: string, place: string): Map<string, string> {
  const entries = new Map<string, string>();
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) {
    throw new ForwardpassError('MALFORMED', `expected a header in braces, found ${quote(text.trim())}`, place);
  }
  const entry = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\dL,\s]*\)|\[.*\])\s*(?:,|$)\s*/sy;
  while (entry.lastIndex < body.length) {
    const at = entry.lastIndex;
    const [, key, value] = entry.exec(body) ?? [];
    if (key === undefined || value === undefined || entries.has(key)) {
      throw new ForwardpassError('MALFORMED', `the header cannot be parsed at ${quote(body.slice(at))}`, place);
    }
    entries.set(key, value);
  }
  return entries;
}

function parseDescr(descr: string, place: string): { element: NpyElement; littleEndian: boolean } {
  const [, order, element] = /^'([<>|])(f[248]|[iu][1248]|b1)'$/.exec(descr) ?? [];
  if (element !== undefined) return { element: element as NpyElement, littleEndian: order !== '>' };
  if (/^'.O/.test(descr)) {
    throw new ForwardpassError('UNSAFE', 'an array of Python objects is a pickle, which is not supported', place);
  }
  const what = descr.startsWith('[') ? 'a structured array' : `elements of type ${descr.slice(0, 80)}`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected floats, integers or booleans, found ${what}`, place);
}

/** An array whose elements hold the type exactly: float32 for f2 and f4, float64 for the rest. */
export function createNpyArray(element: NpyElement, length: number): Float32Array | Float64Array {
  return element === 'f2' || element === 'f4' ? new Float32Array(length) : new Float64Array(length);
}

/**
 * Decodes as many whole elements as `bytes` has into the front of `into`, which {@link createNpyArray} made. Throws
 * `INPUT` for a 64-bit integer that is not exact as a float64.
 */
export function decodeNpy(
  bytes: Uint8Array,
  header: NpyHeader,
  into: Float32Array | Float64Array,
  place: string,
): void {
  const { element, elementBytes, littleEndian } = header;
  const count = Math.floor(bytes.length / elementBytes);
  if ((element === 'f4' || element === 'f8') && littleEndian === HOST_IS_LITTLE_ENDIAN) {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes.subarray(0, count * elementBytes));
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (element === 'f2') {
    into.set(widenFloat16(Uint16Array.from({ length: count }, (_, i) => view.getUint16(i * 2, littleEndian))));
    return;
  }
  const get = ELEMENT_READERS[element];
  for (let i = 0; i < count; i++) into[i] = get(view, i * elementBytes, littleEndian);
  if (elementBytes === 8 && element !== 'f8') {
    const inexact = into.subarray(0, count).findIndex((value) => !Number.isSafeInteger(value));
    if (inexact >= 0) {
      throw new ForwardpassError(
        'INPUT',
        `expected integers within ±(2^53 − 1), found one of about ${into[inexact]}`,
        place,
      );
    }
  }
}

const WORD = 2 ** 32;
const ELEMENT_READERS: Record<
  Exclude<NpyElement, 'f2'>,
  (view: DataView, offset: number, littleEndian: boolean) => number
> = {
  f4: (view, offset, le) => view.getFloat32(offset, le),
  f8: (view, offset, le) => view.getFloat64(offset, le),
  i1: (view, offset) => view.getInt8(offset),
  i2: (view, offset, le) => view.getInt16(offset, le),
  i4: (view, offset, le) => view.getInt32(offset, le),
  i8: (view, offset, le) => view.getInt32(offset + (le ? 4 : 0), le) * WORD + view.getUint32(offset + (le ? 0 : 4), le),
  u1: (view, offset) => view.getUint8(offset),
  u2: (view, offset, le) => view.getUint16(offset, le),
  u4: (view, offset, le) => view.getUint32(offset, le),
  u8: (view, offset, le) =>
    view.getUint32(offset + (le ? 4 : 0), le) * WORD + view.getUint32(offset + (le ? 0 : 4), le),
  b1: (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1),
};

/**
 * A version 1.0 header for C-ordered elements, padded so that the data is 64-byte aligned. Its length depends only on
 * `rowShape`: a header with another row count overwrites it in place.
 */
export function encodeNpyHeader(element: 'f4' | 'f8', rowCount: number, rowShape: readonly number[]): Uint8Array {
  const order = HOST_IS_LITTLE_ENDIAN ? '<' : '>';
  const dict = (rows: number) => {
    const shape = rowShape.length === 0 ? `${rows},` : [rows, ...rowShape].join(', ');
    return `{'descr': '${order}${element}', 'fortran_order': False, 'shape': (${shape}), }`;
  };
  const length = Math.ceil((10 + dict(Number.MAX_SAFE_INTEGER).length + 1) / 64) * 64;
  const header = new Uint8Array(length).fill(0x20);
  header.set([...MAGIC, 1, 0]);
  new DataView(header.buffer).setUint16(8, length - 10, true);
  header.set(latin1Bytes(dict(rowCount)), 10);
  header[length - 1] = 0x0a;
  return header;
}
