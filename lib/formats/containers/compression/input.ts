/** Compressed bytes, read from front to back. */
import { ForwardpassError } from '../../../errors.ts';

export class Input {
  at = 0;
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    private readonly place: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16BigEndian(): number {
    return this.view.getUint16(this.advance(2), false);
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** Beyond 2^53 only approximate. */
  u64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  /** Returns a view. */
  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Whether the next bytes equal `expected`; if so, they are consumed. */
  takeIf(expected: readonly number[]): boolean {
    const matches = expected.every((byte, i) => this.bytes[this.at + i] === byte);
    if (matches) this.at += expected.length;
    return matches;
  }

  truncated(): ForwardpassError {
    return new ForwardpassError('TRUNCATED', 'the compressed data ends before its end mark', this.place);
  }

  private advance(length: number): number {
    if (length > this.left) throw this.truncated();
    this.at += length;
    return this.at - length;
  }
}
