/** Where decompressed bytes go: as many as were declared, or as many as a limit allows, and no more. */
import { ForwardpassError } from '../../../errors.ts';

const FIRST_ROOM = 2 ** 16;

export class BoundedOutput {
  /** What was written so far, then room; reserving may put another array in its place. */
  bytes: Uint8Array;
  /** Bytes written so far. */
  size = 0;

  private constructor(
    readonly place: string,
    /** The size declared, or what is worth making room for at first. */
    readonly expected: number,
    private readonly most: number,
    private readonly isExact: boolean,
  ) {
    this.bytes = new Uint8Array(expected);
  }

  /** For data that must be of exactly the size that its file declares; the caller has checked that size. */
  static exactly(size: number, place: string): BoundedOutput {
    return new BoundedOutput(place, size, size, true);
  }

  /** For data whose size nobody declares; `likely` saves growing, and room that is never written costs no memory. */
  static atMost(most: number, place: string, likely = FIRST_ROOM): BoundedOutput {
    return new BoundedOutput(place, Math.min(most, likely), most, false);
  }

  /** Makes room for `count` more bytes. Throws `LIMIT`, or `MALFORMED` where the size was declared. */
  reserve(count: number): void {
    const needed = this.size + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.most) throw this.overrun();
    const grown = new Uint8Array(Math.min(this.most, Math.max(needed, 2 * this.bytes.length)));
    grown.set(this.bytes.subarray(0, this.size));
    this.bytes = grown;
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

  private overrun(): ForwardpassError {
    if (this.isExact) return this.malformed(`holds more than the ${this.most} bytes declared`);
    return new ForwardpassError('LIMIT', `unpacks to more than the ${this.most} bytes allowed`, this.place);
  }
}
