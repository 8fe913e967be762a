/** NumPy's arrays, scalars and element types, from the calls that pickles contain for them. */

import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { HOST_IS_LITTLE_ENDIAN, latin1, latin1Bytes, swapBytes, utf16 } from '../../../platform/text.ts';
import { widenFloat16 } from '../half.ts';
import {
  PickleArray,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from './values.ts';

/** NumPy's own limit. */
const HIGHEST_RANK = 64;

/** The type of elements: numbers, texts of a fixed length, or objects. */
export interface ArrayType {
  /** NumPy's kind and bytes per element (characters for `U`): `f8`, `i4`, `b1`, `U3`, `S5`, `O`. */
  readonly name: string;
  /** Bytes of one element. */
  readonly bytes: number;
  readonly littleEndian: boolean;
}

type Elements = PickleArray['data'];
type Numbers = Exclude<Elements, readonly unknown[]>;

/**
 * The array that an object represents: undefined for other objects, and for element types that no model computes with
 * (complex, dates, records), which stay objects until something needs them.
 */
export function readArray(object: PickleObject, budget: Budget, place: string): PickleArray | undefined {
  const parts = arrayParts(object);
  return parts && arrayOf(parts, budget, place);
}

/** The parts of a call that makes an array. */
export interface ArrayParts {
  readonly type: PickleValue | undefined;
  readonly shape: PickleValue | undefined;
  readonly fortran: boolean;
  readonly data: PickleValue | undefined;
}

/** Undefined for objects that are not arrays. */
export function arrayParts({ callable, args, state }: PickleObject): ArrayParts | undefined {
  // The module is `_multiarray_umath` in pickles of NumPy 1.16.
  const name = String(callable).replace(/^numpy\._?core\.(?:_multiarray_umath|multiarray)\./, 'numpy.core.multiarray.');
  if (name === 'numpy.core.multiarray._reconstruct') {
    if (!(state instanceof PickleTuple) || !isPlainArray(args[0])) return undefined;
    const [shape, type, fortran, data] = state.items.slice(-4);
    return { type, shape, fortran: fortran === true, data };
  }
  if (name === 'numpy.core.multiarray.scalar') {
    const [type, data] = args;
    return { type, shape: new PickleTuple([]), fortran: false, data: data ?? null };
  }
  if (/^numpy\._?core\.numeric\._frombuffer$/.test(name)) {
    const [data, type, shape, order] = args;
    return { type, shape, fortran: order === 'F', data };
  }
  return undefined;
}

function isPlainArray(cls: PickleValue | undefined): boolean {
  return cls instanceof PickleGlobal && ['numpy.ndarray', 'numpy.matrix', 'numpy.memmap'].includes(String(cls));
}

/** An element type from its pickle: the call of `numpy.dtype` and the state that follows. */
export function readArrayType(value: PickleValue | undefined): ArrayType | undefined {
  if (!(value instanceof PickleObject) || String(value.callable) !== 'numpy.dtype') return undefined;
  const [, prefix, name] = /^([<>|=]?)([fiu][1248]|b1|O|[SU]\d{1,9})8?$/.exec(spellingOf(value)) ?? [];
  if (name === undefined || name === 'f1') return undefined;
  const order = value.state instanceof PickleTuple ? value.state.items[1] : prefix;
  const size = name === 'O' ? 8 : Number(name.slice(1)) * (name[0] === 'U' ? 4 : 1);
  return size === 0 ? undefined : { name, bytes: size, littleEndian: order !== '>' };
}

/** The spelling of a type, if it is short, as all valid ones are. */
function spellingOf({ args: [spelling] }: PickleObject): string {
  return typeof spelling === 'string' && spelling.length <= LONGEST_SPELLING ? spelling : '';
}

const LONGEST_SPELLING = 32;

/** Bytes of one element of an unsupported type, from its state or its spelling (`V8`, `c16`). */
export function recordBytes(value: PickleValue | undefined, place: string): number {
  const isType = value instanceof PickleObject && String(value.callable) === 'numpy.dtype';
  const stated = isType && value.state instanceof PickleTuple ? value.state.items[5] : -1;
  const spelt = isType ? Number(/^[<>|=]?[A-Za-z](\d{1,15})$/.exec(spellingOf(value))?.[1]) : -1;
  const bytes = [stated, spelt].find((size) => Number.isSafeInteger(size) && Number(size) >= 0);
  if (bytes !== undefined) return Number(bytes);
  throw new ForwardpassError('MALFORMED', `expected the type of an array, found ${pickleKind(value)}`, place);
}

function arrayOf(parts: ArrayParts, budget: Budget, place: string): PickleArray | undefined {
  const { fortran, data } = parts;
  const known = readArrayType(parts.type);
  if (known === undefined) return undefined;
  const shape = readShape(parts.shape, budget, place);
  if (known.name === 'O') return objectArray(shape, data, place);
  return arrayFromBytes(known, shape, fortran, bytesOf(data, budget, place), budget, place);
}

/** A shape of integers whose product is within `limits.parameters`. */
export function readShape(value: PickleValue | undefined, budget: Budget, place: string): number[] {
  const sizes = value instanceof PickleTuple ? value.items : undefined;
  const isShape = (size: PickleValue): size is number => Number.isSafeInteger(size) && Number(size) >= 0;
  if (!sizes?.every(isShape) || sizes.length > HIGHEST_RANK) {
    throw new ForwardpassError('MALFORMED', `expected the shape of an array, found ${pickleKind(value)}`, place);
  }
  if (sizes.reduce((product, size) => product * Math.max(size, 1), 1) > budget.limits.parameters) {
    const message = `an array of shape [${sizes.join(', ')}] has more elements than \`limits.parameters\` allows`;
    throw new ForwardpassError('LIMIT', message, place);
  }
  return [...sizes];
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Objects are in row-major order, whatever the array's own order. */
function objectArray(shape: number[], data: PickleValue | undefined, place: string): PickleArray {
  const items = shape.length === 0 && !(data instanceof PickleList) ? [data] : data instanceof PickleList && data.items;
  if (items === false || items.length !== countOf(shape)) {
    const message = `expected ${countOf(shape)} objects of an array, found ${pickleKind(data)}`;
    throw new ForwardpassError('MALFORMED', message, place);
  }
  return new PickleArray(shape, 'O', items);
}

/** Python 2 stored bytes in a string. */
export function bytesOf(data: PickleValue | undefined, budget: Budget, place: string): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') {
    budget.build(data.length, place);
    return latin1Bytes(data).slice();
  }
  throw new ForwardpassError('MALFORMED', `expected the bytes of an array, found ${pickleKind(data)}`, place);
}

/** An array of exactly the given bytes, which may be viewed instead of copied. */
export function arrayFromBytes(
  type: ArrayType,
  shape: readonly number[],
  fortran: boolean,
  bytes: Uint8Array,
  budget: Budget,
  place: string,
): PickleArray {
  const expected = countOf(shape) * type.bytes;
  if (bytes.length !== expected) {
    const message = `an array of shape [${shape.join(', ')}] and type ${type.name} needs ${expected} bytes, found ${bytes.length}`;
    throw new ForwardpassError('MALFORMED', message, place);
  }
  countElements(type, fortran, bytes, budget, place);
  const data = readElements(type, bytes, place);
  return new PickleArray(shape, type.name, fortran && shape.length > 1 ? toRowMajor(data, shape) : data);
}

/**
 * Charges elements that are not a view of their bytes: what exceeds those bytes, and everything if the bytes are read
 * again.
 */
function countElements(
  { name, bytes: width, littleEndian }: ArrayType,
  fortran: boolean,
  bytes: Uint8Array,
  budget: Budget,
  place: string,
): void {
  const count = bytes.length / width;
  const isText = name[0] === 'U' || name[0] === 'S';
  const isView =
    VIEWED.has(name) && !fortran && littleEndian === HOST_IS_LITTLE_ENDIAN && bytes.byteOffset % width === 0;
  if (isView) return;
  const taken = isText ? TEXT_BYTES * count + bytes.length : Math.max(width, NUMBER_BYTES[name] ?? width) * count;
  budget.build(budget.isNew(bytes) ? Math.max(0, taken - bytes.length) : taken, place);
}

const VIEWED = new Set(['f8', 'f4', 'i4']);
/** Bytes of an element that is stored as a wider type. */
const NUMBER_BYTES: Readonly<Record<string, number>> = { f2: 4, i1: 4, i2: 4, u1: 4, u2: 4, u4: 8, b1: 4 };
/** Bytes of a string and its entry in a list. */
const TEXT_BYTES = 32;

function readElements({ name, bytes: width, littleEndian }: ArrayType, given: Uint8Array, place: string): Elements {
  const unit = name[0] === 'U' ? 4 : name[0] === 'S' ? 1 : width;
  const isSwapped = unit > 1 && littleEndian !== HOST_IS_LITTLE_ENDIAN;
  const bytes = isSwapped || given.byteOffset % unit !== 0 ? given.slice() : given;
  if (isSwapped) swapBytes(bytes, unit as 2 | 4 | 8);
  const { buffer, byteOffset } = bytes;
  const count = bytes.length / width;
  switch (name) {
    case 'f8':
      return new Float64Array(buffer, byteOffset, count);
    case 'f4':
      return new Float32Array(buffer, byteOffset, count);
    case 'f2':
      return widenFloat16(new Uint16Array(buffer, byteOffset, count));
    case 'i8':
      return exact(new BigInt64Array(buffer, byteOffset, count));
    case 'u8':
      return exact(new BigUint64Array(buffer, byteOffset, count));
    case 'i4':
      return new Int32Array(buffer, byteOffset, count);
    case 'u4':
      return new Float64Array(new Uint32Array(buffer, byteOffset, count));
    case 'i2':
      return new Int32Array(new Int16Array(buffer, byteOffset, count));
    case 'u2':
      return new Int32Array(new Uint16Array(buffer, byteOffset, count));
    case 'i1':
      return new Int32Array(new Int8Array(buffer, byteOffset, count));
    case 'u1':
      return new Int32Array(bytes);
    case 'b1':
      return new Int32Array(bytes.map((byte) => (byte === 0 ? 0 : 1)));
    default:
      return name[0] === 'S'
        ? byteTexts(bytes, width)
        : texts(new Uint32Array(buffer, byteOffset, bytes.length / 4), width / 4, place);
  }
}

/** As floats if they hold every element exactly. */
function exact<T extends BigInt64Array | BigUint64Array>(integers: T): Float64Array | T {
  const floats = new Float64Array(integers.length);
  for (let i = 0; i < integers.length; i++) {
    floats[i] = Number(integers[i]);
    if (!Number.isSafeInteger(floats[i])) return integers;
  }
  return floats;
}

/** Texts of `width` bytes, padded with zeros. */
function byteTexts(bytes: Uint8Array, width: number): string[] {
  return Array.from({ length: bytes.length / width }, (_, i) => {
    const start = i * width;
    let end = start + width;
    while (end > start && bytes[end - 1] === 0) end--;
    return latin1(bytes.subarray(start, end));
  });
}

/** Texts of `width` code points. */
function texts(points: Uint32Array, width: number, place: string): string[] {
  const units = new Uint16Array(2 * width);
  return Array.from({ length: points.length / width }, (_, i) => {
    let count = 0;
    let end = 0;
    for (let at = i * width; at < (i + 1) * width; at++) {
      const point = points[at];
      if (point > 0x10ffff) {
        throw new ForwardpassError('MALFORMED', `a string contains the invalid character ${point}`, place);
      }
      if (point > 0xffff) {
        units[count++] = 0xd800 + ((point - 0x10000) >> 10);
        units[count++] = 0xdc00 + (point & 0x3ff);
      } else units[count++] = point;
      if (point !== 0) end = count;
    }
    return end <= SHORT ? shortText(units, end) : utf16(units, end);
  });
}

/** Up to this many code units, joining by hand is faster. */
const SHORT = 16;

function shortText(units: Uint16Array, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += String.fromCharCode(units[i]);
  return text;
}

/** Converts elements from column-major to row-major order. */
function toRowMajor(source: Elements, shape: readonly number[]): Elements {
  const target = Array.isArray(source) ? new Array<PickleValue>(source.length) : emptyLike(source as Numbers);
  const strides = shape.map((_, axis) => countOf(shape.slice(0, axis)));
  const last = shape.length - 1;
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < source.length; ) {
    let from = index.reduce((sum, position, axis) => sum + position * strides[axis], 0);
    for (let step = 0; step < shape[last]; step++, from += strides[last]) {
      (target as (PickleValue | undefined)[])[at++] = source[from] as PickleValue;
    }
    for (let axis = last - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return target;
}

function emptyLike(numbers: Numbers): Numbers {
  return new (numbers.constructor as new (length: number) => Numbers)(numbers.length);
}
