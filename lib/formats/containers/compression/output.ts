/** Where decompressed bytes go: as many as were declared, or as many as a limit allows, and no more. */
import { ForwardpassError } from '../../../errors.ts';

/** Room that is made at once: what of it is never written takes no memory, and what is copied takes it twice. */
const LARGE_ROOM = 2 ** 26;

/** Compressed files up to which room is made for what they are likely to unpack to alone. */
const SMALL = 2 ** 18;
const LIKELY_RATIO = 8;

export class BoundedOutput {
  /** What was written so far, then room; reserving may put another array in its place. */
  bytes: Uint8Array;
  /** Bytes written so far. */
  size = 0;
  /** Up to where bytes may be written without another look at what was consumed. */
  private checked = 0;

  /** Compressed bytes that were read so far, where the decoder says so. */
  consumed: (() => number) | undefined;

  private constructor(
    readonly place: string,
    /** The size declared, or what is worth making room for at first. */
    readonly expected: number,
    private readonly most: number,
    private readonly allowed: ((packed: number) => number) | undefined,
  ) {
    this.bytes = new Uint8Array(0);
  }

  /** For data that must be of exactly the size that its file declares; the caller has checked that size. */
  static exactly(size: number, place: string): BoundedOutput {
    return new BoundedOutput(place, size, size, undefined);
  }

  /**
   * For data whose size nobody declares: `allowed` is what so many compressed bytes may unpack to. It holds at every place
   * of the data, so that little of what is out of proportion is unpacked. `packed` bytes there are in all.
   */
  static inProportion(packed: number, allowed: (packed: number) => number, place: string): BoundedOutput {
    const most = allowed(packed);
    const room = packed <= SMALL ? LIKELY_RATIO * packed : LARGE_ROOM;
    return new BoundedOutput(place, Math.min(most, room), most, allowed);
  }

  /** Whether the size was declared. */
  get isExact(): boolean {
    return this.allowed === undefined;
  }

  /** Makes room for `count` more bytes. Throws `LIMIT`, or `MALFORMED` where the size was declared. */
  reserve(count: number): void {
    const needed = this.size + count;
    if (needed <= this.bytes.length && needed <= this.checked) return;
    this.check(needed);
    if (needed <= this.bytes.length) return;
    const room = this.bytes.length === 0 ? this.expected : Math.max(LARGE_ROOM, 2 * this.bytes.length);
    const grown = new Uint8Array(Math.min(this.most, Math.max(needed, room)));
    grown.set(this.bytes.subarray(0, this.size));
    this.bytes = grown;
  }

  /** That so many bytes may be unpacked. Throws as {@link reserve}. */
  check(size: number): void {
    const { allowed, consumed } = this;
    const most = allowed === undefined || consumed === undefined ? this.most : Math.min(this.most, allowed(consumed()));
    if (size > most) throw this.overrun(most);
    this.checked = most;
  }

  /** That a size which the data declares may be. Throws as {@link reserve}. */
  declare(size: number): void {
    if (size > this.most) throw this.overrun(this.most);
  }

  /** The only bytes there are, which become the output's. */
  adopt(bytes: Uint8Array): void {
    this.check(bytes.length);
    [this.bytes, this.size] = [bytes, bytes.length];
  }

  append(chunk: Uint8Array): void {
    this.reserve(chunk.length);
    this.bytes.set(chunk, this.size);
    this.size += chunk.length;
  }

  /** Repeats `length` bytes from `distance` bytes back, which may be fewer than they. */
  repeat(distance: number, length: number): void {
    if (distance < 1 || distance > this.size) {
      throw this.malformed(`repeats bytes from ${distance} back, where ${this.size} are written`);
    }
    this.reserve(length);
    const { bytes, size } = this;
    if (distance >= length) bytes.copyWithin(size, size - distance, size - distance + length);
    else for (let at = size; at < size + length; at++) bytes[at] = bytes[at - distance];
    this.size += length;
  }

  finish(): Uint8Array {
    if (this.isExact && this.size !== this.most) {
      throw this.malformed(`holds ${this.size} bytes where ${this.most} were declared`);
    }
    return this.bytes.subarray(0, this.size);
  }

  malformed(message: string): ForwardpassError {
    return new ForwardpassError('MALFORMED', `the compressed data is damaged: ${message}`, this.place);
  }

  private overrun(most: number): ForwardpassError {
    if (this.isExact) return this.malformed(`holds more than the ${most} bytes declared`);
    const message = `unpacks to more than the ${most} bytes allowed for what is packed so far (raise \`limits.bytes\`)`;
    return new ForwardpassError('LIMIT', message, this.place);
  }
}
