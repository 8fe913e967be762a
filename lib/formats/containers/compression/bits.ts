/** Reads bits of compressed bytes, the highest bit of each byte first. */
import { ForwardpassError } from '../../../errors.ts';

export class BitInput {
  private at = 0;
  private held = 0;
  private heldCount = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly place: string,
  ) {}

  /** The next `count` bits, at most 24, as a number. */
  take(count: number): number {
    while (this.heldCount < count) {
      if (this.at >= this.bytes.length) {
        throw new ForwardpassError('TRUNCATED', 'the compressed data ends before its end mark', this.place);
      }
      this.held = ((this.held << 8) | this.bytes[this.at++]) >>> 0;
      this.heldCount += 8;
    }
    this.heldCount -= count;
    const value = this.held >>> this.heldCount;
    this.held &= (1 << this.heldCount) - 1;
    return value;
  }

  /** Whole bytes read so far. */
  get consumed(): number {
    return this.at;
  }

  /** Skips the rest of the byte; returns how many bytes are left. */
  alignToByte(): number {
    this.take(this.heldCount % 8);
    return this.bytes.length - this.at + this.heldCount / 8;
  }
}
