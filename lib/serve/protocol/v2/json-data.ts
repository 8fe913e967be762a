/** The `data` of a tensor in JSON: elements in a flat array, or in arrays nested like the shape. */
import { BYTE, type Scanner } from '../json-scanner.ts';
import type { Datatype } from './datatypes.ts';
import { inInput, sizeOf, type Tensor } from './tensor.ts';

/** The content of a JSON array, before its shape and type are known. */
export interface JsonData {
  /** Lengths of the arrays from the outermost in. */
  readonly dimensions: readonly number[];
  readonly count: number;
  /** A number for each element: 1 or 0 for booleans, NaN for null, undefined for strings. */
  readonly numbers: Float64Array;
  /** All elements, if any is a string. */
  readonly texts?: readonly (string | null | undefined)[];
  /** The tokens of numbers with more digits than a double keeps, by position. */
  readonly long: ReadonlyMap<number, string>;
  readonly nulls: readonly number[];
  /** The position of the first element of each kind, or −1. */
  readonly firstNumber: number;
  readonly firstTruth: number;
  readonly firstText: number;
}

/** Why an array was not read; undefined if it is not JSON. */
export type Unread = 'ragged' | 'deep' | 'long' | 'object' | undefined;

/** The deepest nesting of arrays. No model's row has as many dimensions. */
const DEEPEST = 16;

export function readJsonData(scanner: Scanner, most: number): JsonData | { readonly unread: Unread } {
  const start = scanner.at;
  const flat = readFlat(scanner, Math.min(most, few.length));
  if (flat !== undefined) return flat;
  scanner.at = start;
  const data = new Elements();
  const dimensions: number[] = [];
  const lengths: number[] = [];
  let leafDepth = -1;
  for (;;) {
    const byte = scanner.peek();
    const depth = lengths.length;
    if (byte === BYTE.openArray) {
      if (depth === DEEPEST) return { unread: 'deep' };
      if (leafDepth >= 0 && depth >= leafDepth) return { unread: 'ragged' };
      scanner.at++;
      lengths.push(0);
      if (scanner.peek() !== BYTE.closeArray) continue;
    } else {
      if (byte === BYTE.openObject) return { unread: 'object' };
      if (leafDepth < 0 && dimensions.length <= depth) leafDepth = depth;
      if (depth !== leafDepth) return { unread: 'ragged' };
      if (data.count === most) return { unread: 'long' };
      if (!data.read(scanner, byte)) return { unread: undefined };
      lengths[depth - 1]++;
      if (scanner.take(BYTE.comma)) continue;
    }
    // The array that ends here may be the last element of the one around it.
    for (;;) {
      if (!scanner.take(BYTE.closeArray)) return { unread: undefined };
      const length = lengths.pop() as number;
      const level = lengths.length;
      dimensions[level] ??= length;
      if (dimensions[level] !== length) return { unread: 'ragged' };
      if (level === 0) return data.done(dimensions);
      lengths[level - 1]++;
      if (scanner.take(BYTE.comma)) break;
    }
  }
}

/** A shared buffer for the numbers of small arrays, because arrays are read one at a time. */
const few = new Float64Array(256);

const NO_TOKENS: ReadonlyMap<number, string> = new Map();
const NO_POSITIONS: readonly number[] = [];

/** The two common cases: a few numbers in a flat array, or a single text. Undefined if it is neither. */
function readFlat(scanner: Scanner, most: number): JsonData | undefined {
  scanner.at++;
  if (scanner.peek() === BYTE.quote) {
    const text = scanner.string();
    if (text === undefined || most < 1 || !scanner.take(BYTE.closeArray)) return undefined;
    return flatData(new Float64Array(1), [text]);
  }
  let count = 0;
  do {
    scanner.peek();
    const value = scanner.number();
    if (Number.isNaN(value) || scanner.isLong || count === most) return undefined;
    few[count++] = value;
  } while (scanner.take(BYTE.comma));
  if (!scanner.take(BYTE.closeArray)) return undefined;
  return flatData(few.slice(0, count), undefined);
}

function flatData(numbers: Float64Array, texts: JsonData['texts']): JsonData {
  return {
    dimensions: [numbers.length],
    count: numbers.length,
    numbers,
    texts,
    long: NO_TOKENS,
    nulls: NO_POSITIONS,
    firstNumber: texts === undefined ? 0 : -1,
    firstTruth: -1,
    firstText: texts === undefined ? -1 : 0,
  };
}

/** Collects elements as they are read. */
class Elements {
  count = 0;
  #numbers = few;
  #texts: (string | null | undefined)[] | undefined;
  #long: Map<number, string> | undefined;
  #nulls: number[] | undefined;
  #firstNumber = -1;
  #firstTruth = -1;
  #firstText = -1;

  read(scanner: Scanner, byte: number): boolean {
    const at = this.count++;
    if (at === this.#numbers.length) {
      const longer = new Float64Array(2 * at);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    if (byte === BYTE.quote) {
      const text = scanner.string();
      if (this.#firstText < 0) this.#firstText = at;
      this.#texts ??= this.#nothings(at);
      this.#texts.push(text);
      return text !== undefined;
    }
    if (byte === BYTE.t || byte === BYTE.f || byte === BYTE.n) {
      const word = scanner.word();
      if (word === null) {
        this.#nulls ??= [];
        this.#nulls.push(at);
        this.#texts?.push(null);
        this.#numbers[at] = Number.NaN;
        return true;
      }
      if (this.#firstTruth < 0) this.#firstTruth = at;
      this.#texts?.push(undefined);
      this.#numbers[at] = Number(word);
      return word !== undefined;
    }
    const start = scanner.at;
    const value = scanner.number();
    if (this.#firstNumber < 0) this.#firstNumber = at;
    if (scanner.isLong) {
      this.#long ??= new Map();
      this.#long.set(at, scanner.tokenFrom(start));
    }
    this.#texts?.push(undefined);
    this.#numbers[at] = value;
    return !Number.isNaN(value);
  }

  #nothings(count: number): (string | null | undefined)[] {
    const texts = new Array<string | null | undefined>(count).fill(undefined);
    for (const at of this.#nulls ?? NO_POSITIONS) texts[at] = null;
    return texts;
  }

  done(dimensions: readonly number[]): JsonData {
    return {
      dimensions,
      count: this.count,
      numbers: this.#numbers === few ? few.slice(0, this.count) : this.#numbers.subarray(0, this.count),
      texts: this.#texts,
      long: this.#long ?? NO_TOKENS,
      nulls: this.#nulls ?? NO_POSITIONS,
      firstNumber: this.#firstNumber,
      firstTruth: this.#firstTruth,
      firstText: this.#firstText,
    };
  }
}

/** The tensor for JSON data with the given shape and datatype. */
export function tensorOfJson(
  { name, datatype, shape }: Pick<Tensor, 'name' | 'datatype' | 'shape'>,
  data: JsonData,
  most: number,
): Tensor {
  const size = sizeOf(shape, most, name);
  if (data.count !== size) throw inInput(name, `its shape holds ${size} elements, but its data has ${data.count}`);
  const isFlat = data.dimensions.length === 1;
  if (!isFlat && !isNestedAs(data.dimensions, shape)) {
    throw inInput(
      name,
      `its data is nested as [${data.dimensions.join(', ')}], but its shape is [${shape.join(', ')}]`,
    );
  }
  return { name, datatype, shape, values: valuesOf(data, datatype, name), nulls: data.nulls };
}

/** Whether the nesting matches. After a dimension of 0 there is no further nesting. */
function isNestedAs(dimensions: readonly number[], shape: readonly number[]): boolean {
  const empty = shape.indexOf(0);
  const depth = empty < 0 ? shape.length : Math.min(shape.length, Math.max(dimensions.length, empty + 1));
  return dimensions.length === depth && dimensions.every((size, level) => size === shape[level]);
}

function valuesOf(data: JsonData, datatype: Datatype, name: string): Tensor['values'] {
  const { numbers, count, nulls } = data;
  const refuse = (at: number, found: string) => inInput(name, `data[${at}] is ${found}, which is not ${datatype.name}`);
  const { Values } = datatype;
  if (Values === undefined) {
    if (datatype.name !== 'BYTES') {
      throw inInput(name, `${datatype.name} is not supported in JSON: send it as binary data, or as FP32`);
    }
    if (data.firstNumber >= 0) throw refuse(data.firstNumber, 'a number');
    if (data.firstTruth >= 0) throw refuse(data.firstTruth, 'a boolean');
    return (data.texts ?? Array.from({ length: count }, () => null)) as (string | null)[];
  }
  if (data.firstText >= 0) throw refuse(data.firstText, 'a string');
  if (datatype.name !== 'BOOL' && data.firstTruth >= 0) throw refuse(data.firstTruth, 'a boolean');
  const isFloat = datatype.least === undefined && datatype.isWide !== true;
  if (!isFloat && nulls.length > 0) throw refuse(nulls[0], 'null');
  if (datatype.isWide) return wideValues(data, datatype, name);
  for (let at = 0; at < count; at++) if (!holds(datatype, numbers[at])) throw refuse(at, String(numbers[at]));
  if (datatype.name === 'FP64') return numbers;
  const values = new Values(count);
  (values as { set(from: ArrayLike<number>): void }).set(numbers);
  return values;
}

/** Whether the datatype can represent the value. NaN means null here. */
function holds({ least, most, name }: Datatype, value: number): boolean {
  if (least !== undefined) return Number.isInteger(value) && value >= least && value <= (most as number);
  return Number.isNaN(value) || Number.isFinite(name === 'FP32' ? Math.fround(value) : value);
}

/** The values of 64-bit integers, exact to the last digit, which JSON.parse would round. */
function wideValues({ numbers, count, long }: JsonData, { name: type, Values }: Datatype, name: string): TypedArray64 {
  const values = new (Values as BigInt64ArrayConstructor | BigUint64ArrayConstructor)(count);
  const refuse = (at: number) => inInput(name, `data[${at}] is ${long.get(at) ?? numbers[at]}, which is not ${type}`);
  for (let at = 0; at < count; at++) {
    const token = long.get(at);
    if (token !== undefined && !/^-?\d{1,20}$/.test(token)) throw refuse(at);
    if (token === undefined && !Number.isInteger(numbers[at])) throw refuse(at);
    // A large number may be written with few digits, such as 1e30.
    if (Math.abs(numbers[at]) > 2 ** 65) throw refuse(at);
    const value = BigInt(token ?? numbers[at]);
    values[at] = value;
    if (values[at] !== value) throw refuse(at);
  }
  return values;
}

type TypedArray64 = BigInt64Array | BigUint64Array;
