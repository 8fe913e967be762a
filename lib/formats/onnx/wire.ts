/**
 * Protocol buffers, one message at a time, over `pbf`. `pbf` reads past a message's end without a word and takes
 * field 0 for that end; here every length, wire type and depth is checked before its value is used.
 * https://protobuf.dev/programming-guides/encoding/
 */
import { PbfReader } from 'pbf';
import { ForwardpassError } from '../../errors.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Message {
  readonly #reader: PbfReader;
  readonly #place: string;
  readonly #depthLeft: number;
  #field = 0;
  #wire = 0;

  /** `place` names the message in errors; `depthLeft` says how many messages may still nest inside it. */
  constructor(bytes: Uint8Array, place: string, depthLeft: number) {
    this.#reader = new PbfReader(bytes);
    this.#place = place;
    this.#depthLeft = depthLeft;
  }

  /** Moves to the next field and gives its number, 0 at the message's end. Its value must then be read or skipped. */
  next(): number {
    if (this.#left === 0) return 0;
    const tag = this.#varint();
    this.#field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (tag < 8 || tag > 0xffffffff) throw this.#malformed(`expected a field's tag, found ${tag}`);
    return this.#field;
  }

  skip(): void {
    switch (this.#wire) {
      case VARINT:
        this.#varint();
        break;
      case FIXED64:
        this.#take(8);
        break;
      case LENGTH:
        this.#take(this.#varint());
        break;
      case FIXED32:
        this.#take(4);
        break;
      default:
        throw this.#malformed(`field ${this.#field} has the wire type ${this.#wire}, which is not read`);
    }
  }

  /** A signed integer; beyond 2^53 it is only near the one written. */
  integer(): number {
    this.#expect(VARINT);
    return this.#varint();
  }

  /** Appends a repeated integer field, packed or not. */
  integers(into: number[]): void {
    if (this.#wire === VARINT) {
      into.push(this.#varint());
      return;
    }
    const packed = this.message('packed integers');
    while (packed.#left > 0) into.push(packed.#varint());
  }

  float(): number {
    this.#expect(FIXED32);
    const bytes = this.#take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  }

  /** The little-endian bytes of a repeated float (`width` 4) or double (8) field, packed or a single one of them. */
  fixed(width: 4 | 8): Uint8Array {
    if (this.#wire === (width === 4 ? FIXED32 : FIXED64)) return this.#take(width);
    const packed = this.bytes();
    if (packed.length % width !== 0) {
      throw this.#malformed(`field ${this.#field} packs ${packed.length} bytes, not a multiple of ${width}`);
    }
    return packed;
  }

  /** A view of the file's bytes, not a copy. */
  bytes(): Uint8Array {
    this.#expect(LENGTH);
    return this.#take(this.#varint());
  }

  string(): string {
    const bytes = this.bytes();
    try {
      return UTF8.decode(bytes);
    } catch {
      throw this.#malformed(`field ${this.#field} is not valid UTF-8`);
    }
  }

  message(place: string): Message {
    if (this.#depthLeft <= 0) {
      throw new ForwardpassError('LIMIT', 'messages are nested deeper than `limits.depth` allows', this.#place);
    }
    return new Message(this.bytes(), place, this.#depthLeft - 1);
  }

  get #left(): number {
    return this.#reader.length - this.#reader.pos;
  }

  #varint(): number {
    const { buf, pos, length } = this.#reader;
    let end = pos;
    while (end < length && buf[end] > 0x7f) end++;
    if (end >= length) throw this.#overrun('an integer');
    if (end - pos >= 10) throw this.#malformed('an integer is longer than 10 bytes');
    return this.#reader.readVarint(true);
  }

  #take(length: number): Uint8Array {
    if (length < 0 || length > this.#left) {
      throw this.#overrun(`field ${this.#field}, which says it has ${length} bytes where ${this.#left} are left,`);
    }
    const { buf, pos } = this.#reader;
    this.#reader.pos = pos + length;
    return buf.subarray(pos, pos + length);
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) {
      throw this.#malformed(`field ${this.#field} has the wire type ${this.#wire}, expected ${wire}`);
    }
  }

  #overrun(what: string): ForwardpassError {
    return new ForwardpassError('TRUNCATED', `${what} runs past the end`, this.#place);
  }

  #malformed(message: string): ForwardpassError {
    return new ForwardpassError('MALFORMED', message, this.#place);
  }
}
