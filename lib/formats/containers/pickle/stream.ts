/** The bytes of a pickle, read from front to back; every length is checked before its bytes are used. */
import { ForwardpassError } from '../../../errors.ts';
import { decodeUtf8 } from './text.ts';

const LINE_END = 0x0a;
/** From this size on, bytes are moved so that they can be viewed as numbers. */
const WORTH_MOVING = 2 ** 16;
const WIDEST_NUMBER = 8;

export class PickleStream {
  private readonly view: DataView;
  /** The end of the current frame, which no operand may cross; 0 outside of frames. */
  private frameEnd = 0;
  /** Bytes before this were handed out and must not change. */
  private keptEnd: number;

  /** Takes ownership of the bytes: it may move large operands within them. */
  constructor(
    readonly bytes: Uint8Array,
    private readonly name: string,
    /** The position of the next byte. */
    public at = 0,
  ) {
    this.keptEnd = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The file and the current position, for messages. */
  get place(): string {
    return `${this.name} at byte ${this.at}`;
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.view.getUint16(this.advance(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.advance(4), true);
  }

  /** A length; beyond 2^53 only approximate, and too long anyway. */
  u64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  f64BigEndian(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  /** The next `length` bytes: a view, not a copy. */
  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /**
   * Like {@link take}, for bytes that may be an array's elements: large ones are moved down to a multiple of eight
   * within their buffer, over their opcode and length, which are not read again.
   */
  takeElements(length: number): Uint8Array {
    const start = this.advance(length);
    const shift = (this.bytes.byteOffset + start) % WIDEST_NUMBER;
    const from = length >= WORTH_MOVING && start - shift >= this.keptEnd ? start - shift : start;
    if (from !== start) this.bytes.copyWithin(from, start, start + length);
    this.keptEnd = this.at;
    return this.bytes.subarray(from, from + length);
  }

  text(length: number): string {
    const { place } = this;
    return decodeUtf8(this.take(length), place);
  }

  /** Up to the next line end, which is consumed. */
  line(): Uint8Array {
    const end = this.bytes.indexOf(LINE_END, this.at);
    if (end < 0) throw new ForwardpassError('TRUNCATED', 'a line does not end', this.place);
    return this.take(end + 1 - this.at).subarray(0, -1);
  }

  beginFrame(length: number): void {
    if (this.at < this.frameEnd) throw this.malformed('a frame begins inside another');
    if (length > this.bytes.length - this.at) throw this.overrun(length);
    this.frameEnd = this.at + length;
  }

  malformed(message: string): ForwardpassError {
    return new ForwardpassError('MALFORMED', message, this.place);
  }

  private advance(length: number): number {
    const start = this.at;
    if (length > this.bytes.length - start) throw this.overrun(length);
    const end = start + length;
    if (start < this.frameEnd && end > this.frameEnd) throw this.malformed('an operand crosses the end of its frame');
    this.at = end;
    return start;
  }

  private overrun(length: number): ForwardpassError {
    const message = `expected ${length} more bytes, but the pickle ends at ${this.bytes.length}`;
    return new ForwardpassError('TRUNCATED', message, this.place);
  }
}
