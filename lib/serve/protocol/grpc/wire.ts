/** The part of the wire format of protocol buffers that these messages need. Requests are untrusted. */
import { Buffer, isUtf8 } from 'node:buffer';
import { badRequest, type Refusal } from '../refusal.ts';

export const WIRE = { varint: 0, eight: 1, lengthed: 2, four: 5 } as const;

export class WireReader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The number and the wire type of the next field. */
  tag(): { readonly field: number; readonly wire: number } {
    const tag = Number(this.varint());
    return { field: Math.floor(tag / 8), wire: tag % 8 };
  }

  /** 64 bits, as an unsigned number. */
  varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw damaged('a number is too long');
  }

  /** A part of the message, not copied. */
  bytes(): Uint8Array {
    const length = this.varint();
    if (length > this.#bytes.length - this.#at) throw damaged('it ends too early');
    return this.take(Number(length));
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw damaged('it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw damaged('a string is not UTF-8');
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  skip(wire: number): void {
    if (wire === WIRE.varint) this.varint();
    else if (wire === WIRE.eight) this.take(8);
    else if (wire === WIRE.four) this.take(4);
    else if (wire === WIRE.lengthed) this.bytes();
    else throw damaged('it has a group, or no field at all');
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw damaged('it ends too early');
    return this.#bytes[this.#at++];
  }
}

export function damaged(why: string): Refusal {
  return badRequest(`the message is damaged: ${why}`);
}

/** Passes each field of a message to the reader for its number; others are skipped. */
export function readFields(bytes: Uint8Array, readers: Readonly<Record<number, FieldReader>>): void {
  const reader = new WireReader(bytes);
  while (!reader.isDone) {
    const { field, wire } = reader.tag();
    if (field === 0) throw damaged('it has a group, or no field at all');
    const read = Object.hasOwn(readers, field) ? readers[field] : undefined;
    if (read === undefined) reader.skip(wire);
    else read(reader, wire);
  }
}

/** Numbers of a repeated field: packed, or one by one. */
export function eachVarint(reader: WireReader, wire: number, take: (value: bigint) => void): void {
  if (wire !== WIRE.varint && wire !== WIRE.lengthed) throw damaged('a number is not written as one');
  const packed = wire === WIRE.lengthed ? new WireReader(reader.bytes()) : undefined;
  if (packed === undefined) take(reader.varint());
  else while (!packed.isDone) take(packed.varint());
}

export type FieldReader = (reader: WireReader, wire: number) => void;

export function textField(take: (text: string) => void): FieldReader {
  return (reader, wire) => {
    checkLengthed(wire);
    take(reader.text());
  };
}

/** Bytes, or a message in the message. */
export function partField(take: (bytes: Uint8Array) => void): FieldReader {
  return (reader, wire) => {
    checkLengthed(wire);
    take(reader.bytes());
  };
}

function checkLengthed(wire: number): void {
  if (wire !== WIRE.lengthed) throw damaged('a field is not written as its type is');
}

export class WireWriter {
  readonly #parts: Uint8Array[] = [];

  /** Writes a string; an empty one is left out, which means the same. */
  text(field: number, text: string): this {
    return text === '' ? this : this.bytes(field, Buffer.from(text));
  }

  /** Writes bytes, even if empty, as an item of a list. */
  bytes(field: number, bytes: Uint8Array): this {
    this.#parts.push(varintBytes(BigInt(field * 8 + WIRE.lengthed)), varintBytes(BigInt(bytes.length)), bytes);
    return this;
  }

  varint(field: number, value: number): this {
    if (value !== 0) this.#parts.push(varintBytes(BigInt(field * 8)), varintBytes(BigInt(value)));
    return this;
  }

  packed(field: number, values: Iterable<number | bigint>): this {
    const parts: Uint8Array[] = [];
    for (const value of values) parts.push(varintBytes(BigInt.asUintN(64, BigInt(value))));
    return parts.length === 0 ? this : this.bytes(field, Buffer.concat(parts));
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function varintBytes(value: bigint): Uint8Array {
  if (value < 0x80n) return Uint8Array.of(Number(value));
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80n) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}
