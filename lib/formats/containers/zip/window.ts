/** A file read through a window: many small consecutive reads become one large read. */
import type { Reader } from '../../format.ts';

const WINDOW_BYTES = 2 ** 14;

export class Window {
  private start = 0;
  private bytes: Uint8Array = new Uint8Array();

  constructor(readonly reader: Reader) {}

  /** Exactly `length` bytes, which the caller owns. Throws `TRUNCATED` as the reader does. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const { bytes, start, reader } = this;
    if (offset >= start && offset + length <= start + bytes.length) {
      return bytes.slice(offset - start, offset - start + length);
    }
    if (length >= WINDOW_BYTES) return reader.read(offset, length);
    const ahead = Math.min(WINDOW_BYTES, reader.size - offset);
    const read = await reader.read(offset, Math.max(length, ahead));
    [this.start, this.bytes] = [offset, read];
    return read.slice(0, length);
  }
}
