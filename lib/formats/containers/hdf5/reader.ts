/**
 * The bytes of an HDF5 file. Addresses and sizes are read as the file writes them, and each part is checked to be
 * inside the file.
 */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { lookup3 } from './checksums.ts';

/**
 * How many times the file's size may be read as structure before it is charged: a valid file's structure is read about
 * once.
 */
const FREE_READS = 2;
const BYTES_PER_STEP = 4;

/** One file. */
export class Storage {
  readonly view: DataView;
  /** The address of the superblock, to which addresses are relative. */
  base = 0;
  /** Bytes of an address and of a length. */
  addressBytes = 8;
  lengthBytes = 8;
  #read = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly budget: Budget,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Charges reads: parts that overlap or repeat would make the work quadratic. Throws `LIMIT`. */
  count(bytes: number, place: string): void {
    this.#read += bytes;
    if (this.#read > FREE_READS * this.bytes.length) this.budget.step(bytes / BYTES_PER_STEP, place);
  }
}

/** A file, and which part of it is being read, for messages. */
export class Reader {
  constructor(
    readonly storage: Storage,
    readonly place: string,
  ) {}

  get budget(): Budget {
    return this.storage.budget;
  }

  at(place: string): Reader {
    return new Reader(this.storage, place);
  }

  /** Throws `MALFORMED` if the range is not within the file. `what` is for messages. */
  part(address: number | undefined, length: number, what: string): Part {
    const start = this.find(address, length, what);
    this.storage.count(length, this.place);
    return new Part(this, start, start + length, what);
  }

  /** The offset in the file of `length` bytes at an address. */
  find(address: number | undefined, length: number, what: string): number {
    if (address === undefined) throw this.damaged(`${what} has no address`);
    const { base, bytes } = this.storage;
    const start = base + address;
    // Not `>`, which would let NaN pass.
    if (start + length <= bytes.length) return start;
    throw this.damaged(`${what} of ${length} bytes at byte ${start} is not within the file of ${bytes.length} bytes`);
  }

  /** Bytes that were already checked. */
  within(start: number, end: number, what: string): Part {
    return new Part(this, start, end, what);
  }

  damaged(reason: string): ForwardpassError {
    return new ForwardpassError('MALFORMED', `the HDF5 structure is damaged: ${reason}`, this.place);
  }

  unknownVersion(what: string, hint = ''): ForwardpassError {
    return new ForwardpassError('UNSUPPORTED_VERSION', `holds ${what}, which is not supported${hint}`, this.place);
  }
}

/** A part of the file, read from front to back. */
export class Part {
  at: number;

  constructor(
    readonly reader: Reader,
    readonly start: number,
    readonly end: number,
    private readonly what: string,
  ) {
    this.at = start;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.reader.storage.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.reader.storage.view.getUint16(this.advance(2), true);
  }

  u32(): number {
    return this.reader.storage.view.getUint32(this.advance(4), true);
  }

  /** An integer of any size; beyond 2^53 only approximate. */
  uint(size: number): number {
    const at = this.advance(size);
    const { bytes } = this.reader.storage;
    let value = 0;
    for (let i = at + size - 1; i >= at; i--) value = value * 256 + bytes[i];
    return value;
  }

  /** Undefined for the undefined address. */
  address(): number | undefined {
    const size = this.reader.storage.addressBytes;
    const address = this.uint(size);
    return address >= 256 ** size - 1 ? undefined : address;
  }

  length(): number {
    return this.uint(this.reader.storage.lengthBytes);
  }

  skip(count: number): this {
    this.advance(count);
    return this;
  }

  /** Returns a view. */
  bytes(count: number): Uint8Array {
    const start = this.advance(count);
    return this.reader.storage.bytes.subarray(start, start + count);
  }

  part(count: number): Part {
    const start = this.advance(count);
    return new Part(this.reader, start, start + count, this.what);
  }

  signature(expected: string): this {
    if (this.bytes(4).every((byte, i) => byte === expected.charCodeAt(i))) return this;
    throw this.damaged(`does not begin with ${expected}`);
  }

  /** Throws `UNSUPPORTED_VERSION` for an unknown version. */
  version(...known: readonly number[]): number {
    const version = this.u8();
    if (known.includes(version)) return version;
    throw this.reader.unknownVersion(`${this.what} of version ${version}`);
  }

  /** Reads and verifies the checksum of what was read so far. */
  checkSum(): this {
    const sum = lookup3(this.reader.storage.bytes, this.start, this.at);
    if (this.u32() === sum) return this;
    throw this.damaged('the checksum does not match');
  }

  damaged(reason: string): ForwardpassError {
    return this.reader.damaged(`${this.what} at byte ${this.start} ${reason}`);
  }

  private advance(count: number): number {
    if (!(count >= 0 && count <= this.end - this.at)) throw this.damaged('ends before its declared end');
    this.at += count;
    return this.at - count;
  }
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Text up to the first zero byte. It is UTF-8, whatever it is declared as: software that writes Keras files declares
 * ASCII and writes UTF-8.
 */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
