/** The destination of decompressed bytes: as many as were declared, or as many as a limit allows, and no more. */
import { ForwardpassError } from '../../../errors.ts';

/** Memory that is allocated at once: pages that are never written cost nothing, and copying needs it twice. */
const LARGE_ROOM = 2 ** 26;

/** For compressed files up to this size, only the likely output size is allocated at first. */
const SMALL = 2 ** 18;
const LIKELY_RATIO = 8;

export class BoundedOutput {
  /** What was written so far, then free space; reserving may replace the array. */
  bytes: Uint8Array;
  /** Bytes written so far. */
  size = 0;
  /** Bytes may be written up to here without checking again how much was consumed. */
  private checked = 0;

  /** Compressed bytes read so far, if the decoder reports them. */
  consumed: (() => number) | undefined;

  private constructor(
    readonly place: string,
    /** The declared size, or a first estimate. */
    readonly expected: number,
    private readonly most: number,
    private readonly allowed: ((packed: number) => number) | undefined,
  ) {
    this.bytes = new Uint8Array(0);
  }

  /** For data that must have exactly the size that its file declares; the caller has checked that size. */
  static exactly(size: number, place: string): BoundedOutput {
    return new BoundedOutput(place, size, size, undefined);
  }

  /**
   * For data without a declared size: `allowed` is how much so many compressed bytes may unpack to. It is checked
   * throughout the data, so that little is unpacked of data that is out of proportion. `packed` is the total number of
   * compressed bytes.
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

  /** Makes room for `count` more bytes. Throws `LIMIT`, or `MALFORMED` if the size was declared. */
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

  /** Checks that so many bytes may be unpacked. Throws like {@link reserve}. */
  check(size: number): void {
    const { allowed, consumed } = this;
    const most = allowed === undefined || consumed === undefined ? this.most : Math.min(this.most, allowed(consumed()));
    if (size > most) throw this.overrun(most);
    this.checked = most;
  }

  /** Checks a size that the data declares. Throws like {@link reserve}. */
  declare(size: number): void {
    if (size > this.most) throw this.overrun(this.most);
  }

  /** Takes an array as the whole output. */
  adopt(bytes: Uint8Array): void {
    this.check(bytes.length);
    [this.bytes, this.size] = [bytes, bytes.length];
  }

  append(chunk: Uint8Array): void {
    this.reserve(chunk.length);
    this.bytes.set(chunk, this.size);
    this.size += chunk.length;
  }

  /** Repeats `length` bytes from `distance` bytes back; the two ranges may overlap. */
  repeat(distance: number, length: number): void {
    if (distance < 1 || distance > this.size) {
      throw this.malformed(`repeats bytes from ${distance} back, but only ${this.size} are written`);
    }
    this.reserve(length);
    const { bytes, size } = this;
    if (distance >= length) bytes.copyWithin(size, size - distance, size - distance + length);
    else for (let at = size; at < size + length; at++) bytes[at] = bytes[at - distance];
    this.size += length;
  }

  finish(): Uint8Array {
    if (this.isExact && this.size !== this.most) {
      throw this.malformed(`holds ${this.size} bytes, but ${this.most} were declared`);
    }
    return this.bytes.subarray(0, this.size);
  }

  malformed(message: string): ForwardpassError {
    return new ForwardpassError('MALFORMED', `the compressed data is damaged: ${message}`, this.place);
  }

  private overrun(most: number): ForwardpassError {
    if (this.isExact) return this.malformed(`holds more than the ${most} bytes declared`);
    const message = `unpacks to more than the ${most} bytes allowed for the compressed bytes so far (raise \`limits.bytes\`)`;
    return new ForwardpassError('LIMIT', message, this.place);
  }
}
