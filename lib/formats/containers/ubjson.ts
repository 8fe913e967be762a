/**
 * Universal Binary JSON, as XGBoost writes it: numbers are big-endian, and lengths are numbers with their own type. The
 * result is what JSON would give, except that typed arrays stay typed. Every length is checked against the remaining
 * bytes before anything is allocated for it.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';

export type UbjsonValue = null | boolean | number | string | NumberList | UbjsonValue[] | UbjsonObject;
export interface UbjsonObject {
  readonly [key: string]: UbjsonValue;
}
/** int64 arrays whose values are exact in float64 become a Float64Array. */
export type NumberList = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/** The memory of an object, an array and each value in one. */
const CONTAINER_BYTES = 96;
const VALUE_BYTES = 16;
/** The memory of a key that no object had before. */
const KEY_BYTES = 224;

type NumberType = 'i' | 'U' | 'I' | 'l' | 'L' | 'd' | 'D';
const SIZES: Readonly<Record<NumberType, number>> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8 };

/** The value at the beginning of the bytes. Throws `TRUNCATED`, `MALFORMED`, `LIMIT`, with the byte as the place. */
export function readUbjson(bytes: Uint8Array, budget: Budget, place: string): UbjsonValue {
  return new UbjsonReader(bytes, budget, place).value(budget.limits.depth);
}

class UbjsonReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #budget: Budget;
  readonly #place: string;
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** Keys repeat, so their strings are shared. */
  readonly #keys = new Map<string, string>();
  #at = 0;

  constructor(bytes: Uint8Array, budget: Budget, place: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = budget;
    this.#place = place;
  }

  value(depth: number, type = this.#marker()): UbjsonValue {
    switch (type) {
      case 'Z':
        return null;
      case 'T':
        return true;
      case 'F':
        return false;
      case 'C':
        return String.fromCharCode(this.#view.getUint8(this.#skip(1)));
      case 'S':
      case 'H':
        return this.#string();
      case '[':
        return this.#array(this.#deeper(depth));
      case '{':
        return this.#object(this.#deeper(depth));
      default:
        if (isNumberType(type)) return this.#number(type);
        throw this.#malformed(`expected a type of UBJSON, found ${JSON.stringify(type)}`, 1);
    }
  }

  #array(depth: number): UbjsonValue {
    const type = this.#takes('$') ? this.#marker() : undefined;
    if (this.#takes('#')) {
      const count = this.#length();
      if (type !== undefined && isNumberType(type)) return this.#numbers(type, count);
      return this.#items(count, depth, type);
    }
    if (type !== undefined) throw this.#malformed('an array with a type has no length');
    const items: UbjsonValue[] = [];
    while (!this.#takes(']')) {
      this.#budget.build(VALUE_BYTES, this.#here());
      items.push(this.value(depth));
    }
    return items;
  }

  #items(count: number, depth: number, type: string | undefined): UbjsonValue {
    if (type !== undefined && !'SH[{C'.includes(type)) throw this.#malformed(`an array of values of type '${type}'`);
    this.#need(count);
    this.#budget.build(VALUE_BYTES * count, this.#here());
    const items: UbjsonValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(depth, type));
    return items;
  }

  #object(depth: number): UbjsonObject {
    if (this.#takes('$')) throw this.#malformed('objects whose values share one type are not supported');
    const count = this.#takes('#') ? this.#length() : undefined;
    const entries = new Map<string, UbjsonValue>();
    for (let i = 0; count === undefined ? !this.#takes('}') : i < count; i++) {
      this.#budget.build(VALUE_BYTES, this.#here());
      const key = this.#string();
      let known = this.#keys.get(key);
      if (known === undefined) {
        this.#budget.build(KEY_BYTES, this.#here());
        known = key;
        this.#keys.set(key, key);
      }
      if (entries.has(known)) throw this.#malformed(`an object has the key ${JSON.stringify(key)} twice`);
      entries.set(known, this.value(depth));
    }
    return Object.fromEntries(entries);
  }

  #numbers(type: NumberType, count: number): NumberList {
    const size = SIZES[type];
    this.#need(count, size);
    const start = this.#skip(count * size);
    if (type === 'U') return this.#bytes.slice(start, start + count);
    const list = new LISTS[type](count);
    for (let i = 0; i < count; i++) list[i] = this.#numberAt(type, start + i * size);
    return list;
  }

  #number(type: NumberType): number {
    return this.#numberAt(type, this.#skip(SIZES[type]));
  }

  #numberAt(type: NumberType, at: number): number {
    const view = this.#view;
    switch (type) {
      case 'i':
        return view.getInt8(at);
      case 'U':
        return view.getUint8(at);
      case 'I':
        return view.getInt16(at);
      case 'l':
        return view.getInt32(at);
      case 'L':
        return Number(view.getBigInt64(at));
      case 'd':
        return view.getFloat32(at);
      case 'D':
        return view.getFloat64(at);
    }
  }

  #string(): string {
    const length = this.#length();
    this.#need(length);
    const start = this.#skip(length);
    try {
      return this.#text.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw this.#malformed('a string is not UTF-8', length);
    }
  }

  #length(): number {
    const type = this.#marker();
    const length = isNumberType(type) && type !== 'd' && type !== 'D' ? this.#number(type) : -1;
    if (Number.isSafeInteger(length) && length >= 0) return length;
    throw this.#malformed('expected a length');
  }

  #marker(): string {
    // `N` is a no-op.
    let type = 'N';
    while (type === 'N') type = String.fromCharCode(this.#view.getUint8(this.#skip(1)));
    return type;
  }

  #takes(type: string): boolean {
    const is = this.#at < this.#bytes.length && this.#bytes[this.#at] === type.charCodeAt(0);
    if (is) this.#at++;
    return is;
  }

  #skip(length: number): number {
    this.#need(length);
    const start = this.#at;
    this.#at += length;
    return start;
  }

  #need(count: number, size = 1): void {
    const left = this.#bytes.length - this.#at;
    if (count <= left / size) return;
    const message = `expected ${count} values of ${size} bytes, but only ${left} bytes are left`;
    throw new ForwardpassError('TRUNCATED', message, this.#here());
  }

  #deeper(depth: number): number {
    if (depth <= 0) {
      throw new ForwardpassError('LIMIT', 'UBJSON nests deeper than `limits.depth` allows', this.#here());
    }
    this.#budget.build(CONTAINER_BYTES, this.#here());
    return depth - 1;
  }

  #here(): string {
    return `${this.#place}, byte ${this.#at}`;
  }

  #malformed(message: string, back = 0): ForwardpassError {
    return new ForwardpassError('MALFORMED', message, `${this.#place}, byte ${this.#at - back}`);
  }
}

const LISTS = { i: Int8Array, I: Int16Array, l: Int32Array, L: Float64Array, d: Float32Array, D: Float64Array };

function isNumberType(type: string): type is NumberType {
  return Object.hasOwn(SIZES, type);
}
