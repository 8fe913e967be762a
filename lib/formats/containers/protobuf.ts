/**
 * Protocol buffers, one message at a time: every length, wire type and depth is checked before its value is used.
 * https://protobuf.dev/programming-guides/encoding/
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** From this length on, the length takes two bytes; with the tag, that is enough to move the bytes for alignment. */
const LONG = 128;

/** The memory of an empty message and of an empty text. */
const MESSAGE_BYTES = 128;
const TEXT_BYTES = 16;
/** The memory of a number in a growing list. */
const NUMBER_BYTES = 16;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ANY_TEXT = new TextDecoder('utf-8', { ignoreBOM: true });
const LEAST_ROOM = 64;
const FEW_TEXTS = 8;

/** Bytes that come in parts, of which there may be a million of four bytes each. A single part is not copied. */
export class Parts {
  #bytes: Uint8Array;
  #length: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (this.#length === 0 && part.length > LEAST_ROOM) {
      this.#bytes = part;
    } else {
      if (length > this.#bytes.length) this.#grow(length);
      this.#bytes.set(part, this.#length);
    }
    this.#length = length;
  }

  /** Adds `count` parts of `width` bytes each, every `stride` bytes from `first`. */
  addEach(from: Uint8Array, first: number, width: number, stride: number, count: number): void {
    const length = this.#length + count * width;
    if (length > this.#bytes.length) this.#grow(length);
    let at = this.#length;
    for (let part = 0, start = first; part < count; part++, start += stride) {
      for (let byte = 0; byte < width; byte++) this.#bytes[at++] = from[start + byte];
    }
    this.#length = length;
  }

  all(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const wider = new Uint8Array(Math.max(this.#length === 0 ? length : 2 * length, LEAST_ROOM));
    wider.set(this.all());
    this.#bytes = wider;
  }
}

/** One number on its way into a list, which copies it. */
const SINGLE = new Float64Array(1);

export class Message {
  readonly #bytes: Uint8Array;
  readonly #place: string;
  readonly #depthLeft: number;
  readonly #budget: Budget;
  /** The first texts of a list. */
  readonly #texts: { readonly bytes: Uint8Array; readonly text: string }[] = [];
  #at = 0;
  /** Where the tag of the current field begins, and its value. */
  #tagAt = 0;
  #valueAt = 0;
  #field = 0;
  #wire = 0;

  /**
   * `place` names the message in errors; `depthLeft` says how many more levels of messages may be nested in it. The
   * content of messages is charged to the budget.
   */
  constructor(bytes: Uint8Array, place: string, budget: Budget, depthLeft = budget.limits.depth) {
    this.#bytes = bytes;
    this.#place = place;
    this.#budget = budget;
    this.#depthLeft = depthLeft;
  }

  /** Moves to the next field and returns its number, 0 at the message's end. Its value must then be read or skipped. */
  next(): number {
    if (this.#left === 0) return 0;
    this.#tagAt = this.#at;
    const tag = this.#varint();
    this.#valueAt = this.#at;
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
        throw this.#malformed(`field ${this.#field} has the wire type ${this.#wire}, which is not supported`);
    }
  }

  /** A signed integer; beyond 2^53 only approximate. */
  integer(): number {
    this.#expect(VARINT);
    return this.#varint();
  }

  /** Appends a repeated integer field, packed or not. */
  integers(into: number[] = []): number[] {
    if (this.#wire === VARINT) {
      this.#budget.build(NUMBER_BYTES, this.#place);
      into.push(this.#varint());
      return into;
    }
    const packed = this.#packed();
    this.#budget.build(NUMBER_BYTES * packed.#count(), this.#place);
    while (packed.#left > 0) into.push(packed.#varint());
    return into;
  }

  /** The same as the bytes of doubles, which take less memory for millions of values. */
  doubles(into = new Parts()): Parts {
    const isPacked = this.#wire !== VARINT;
    const from = isPacked ? this.#packed() : this;
    const count = isPacked ? from.#count() : this.#run(() => this.#varint());
    this.#budget.build(Float64Array.BYTES_PER_ELEMENT * count, this.#place);
    const numbers = count === 1 ? SINGLE : new Float64Array(count);
    const between = isPacked ? 0 : this.#tagBytes;
    for (let i = 0; i < count; i++) {
      if (i > 0) from.#at += between;
      numbers[i] = from.#varint();
    }
    into.add(new Uint8Array(numbers.buffer));
    return into;
  }

  /**
   * How many values of a repeated field follow each other, each after the same tag as the first; forests have millions.
   * `pass` moves past one. The first is then the next to be read.
   */
  #run(pass: () => void): number {
    let count = 0;
    do {
      pass();
      count++;
    } while (this.#passTag());
    this.#at = this.#valueAt;
    return count;
  }

  /** Moves past the tag of the current field if it is repeated before a value. */
  #passTag(): boolean {
    const bytes = this.#tagBytes;
    if (this.#left <= bytes) return false;
    for (let i = 0; i < bytes; i++) if (this.#bytes[this.#at + i] !== this.#bytes[this.#tagAt + i]) return false;
    this.#at += bytes;
    return true;
  }

  get #tagBytes(): number {
    return this.#valueAt - this.#tagAt;
  }

  #packed(): Message {
    return new Message(this.bytes(), this.#place, this.#budget, this.#depthLeft);
  }

  /** How many integers the message consists of. */
  #count(): number {
    let count = 0;
    for (const byte of this.#bytes) if (byte < 0x80) count++;
    // After the last complete integer there is one that is cut off.
    return this.#bytes.length > 0 && this.#bytes[this.#bytes.length - 1] >= 0x80 ? count + 1 : count;
  }

  float(): number {
    this.#expect(FIXED32);
    const bytes = this.#take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  }

  /** Appends the little-endian bytes of a repeated float (`width` 4) or double (8) field, packed or not. */
  fixed(width: 4 | 8, into = new Parts()): Parts {
    if (this.#wire === (width === 4 ? FIXED32 : FIXED64)) {
      const count = this.#run(() => this.#advance(width));
      const stride = width + this.#tagBytes;
      into.addEach(this.#bytes, this.#at, width, stride, count);
      this.#at += count * stride - this.#tagBytes;
      return into;
    }
    const packed = this.elements();
    if (packed.length % width !== 0) {
      throw this.#malformed(`field ${this.#field} packs ${packed.length} bytes, not a multiple of ${width}`);
    }
    into.add(packed);
    return into;
  }

  /** The bits of a four-byte field. */
  bits(): number {
    this.#expect(FIXED32);
    const bytes = this.#take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** A view of the file's bytes, not a copy. */
  bytes(): Uint8Array {
    this.#expect(LENGTH);
    return this.#take(this.#varint());
  }

  /**
   * Like {@link bytes}; large ones are moved to a multiple of four within the file, over their own tag and length,
   * which are not read again.
   */
  elements(): Uint8Array {
    const bytes = this.bytes();
    const { buffer, byteOffset, length } = bytes;
    const moved = byteOffset - (byteOffset % 4);
    if (moved === byteOffset || length < LONG) return bytes;
    new Uint8Array(buffer).copyWithin(moved, byteOffset, byteOffset + length);
    return new Uint8Array(buffer, moved, length);
  }

  string(): string {
    const bytes = this.bytes();
    this.#budget.build(TEXT_BYTES, this.#place);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw this.#malformed(`field ${this.#field} is not valid UTF-8`);
    }
  }

  /** Appends the texts of a repeated field; bytes that are not UTF-8 are replaced. */
  texts(into: string[] = []): string[] {
    do {
      const bytes = this.bytes();
      const known = this.#texts.find((text) => sameBytes(text.bytes, bytes));
      this.#budget.build(known === undefined ? TEXT_BYTES : TEXT_BYTES / 2, this.#place);
      const text = known?.text ?? ANY_TEXT.decode(bytes);
      // Each node of a forest has one of a few words, so the first texts are kept.
      if (known === undefined && this.#texts.length < FEW_TEXTS) this.#texts.push({ bytes, text });
      into.push(text);
    } while (this.#passTag());
    return into;
  }

  message(place: string): Message {
    if (this.#depthLeft <= 0) {
      throw new ForwardpassError('LIMIT', 'messages are nested deeper than `limits.depth` allows', this.#place);
    }
    this.#budget.build(MESSAGE_BYTES, this.#place);
    return new Message(this.bytes(), place, this.#budget, this.#depthLeft - 1);
  }

  /** Charges what is made from the message besides its fields. Throws `LIMIT`. */
  spend(bytes: number): void {
    this.#budget.build(bytes, this.#place);
  }

  /** Throws `LIMIT` if there are more of something than a model may have nodes. */
  checkCount(count: number, what: string): void {
    const { nodes } = this.#budget.limits;
    if (count <= nodes) return;
    throw new ForwardpassError('LIMIT', `has more ${what} than \`limits.nodes\`, ${nodes}`, this.#place);
  }

  get #left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Seven bits per byte, lowest first, 64 bits in two's complement. */
  #varint(): number {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw this.#overrun('an integer');
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 25) high |= shift < 32 ? bits >> (32 - shift) : bits << (shift - 32);
      // Most are small; these stay integers.
      if (byte < 0x80) return high === 0 && low >= 0 ? low : high * 2 ** 32 + (low >>> 0);
    }
    throw this.#malformed('an integer is longer than 10 bytes');
  }

  #take(length: number): Uint8Array {
    this.#advance(length);
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #advance(length: number): void {
    if (length < 0 || length > this.#left) {
      throw this.#overrun(`field ${this.#field}, which declares ${length} bytes where ${this.#left} are left,`);
    }
    this.#at += length;
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

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
