/** Bytes in order from a file, a pipe or standard input, with a look ahead at the first of them. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ForwardpassError } from '../errors.ts';

const CHUNK_BYTES = 1 << 18;

export class ByteSource {
  private bytesTaken = 0;
  private readonly chunksLeft: AsyncIterator<Uint8Array>;
  /** Read from the stream, not taken yet. */
  private pending: Uint8Array = new Uint8Array(0);

  constructor(
    /** For messages. */
    readonly name: string,
    private readonly stream: Readable,
    /** Set for a plain file: it can be read at any position. */
    readonly file?: { readonly handle: FileHandle; readonly size: number },
  ) {
    this.chunksLeft = stream[Symbol.asyncIterator]();
  }

  static async open(path: string): Promise<ByteSource> {
    const place = `--input ${path}`;
    const handle = await open(path).catch((cause: Error) => {
      throw new ForwardpassError('OPTION', `cannot be read: ${cause.message}`, place, { cause });
    });
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      await handle.close();
      throw new ForwardpassError('OPTION', 'is a folder, expected a file', place);
    }
    const stream = handle.createReadStream({ highWaterMark: CHUNK_BYTES });
    return new ByteSource(path, stream, stats.isFile() ? { handle, size: stats.size } : undefined);
  }

  /** The first `length` bytes of what is left, fewer at the end, without taking them. Valid until the next call. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.pending.length < length) {
      const chunk = await this.nextChunk();
      if (chunk === undefined) break;
      this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    }
    return this.pending.subarray(0, length);
  }

  /** Takes bytes until `target` is full or the source at its end; the number taken. */
  async readInto(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      if (this.pending.length === 0) {
        const chunk = await this.nextChunk();
        if (chunk === undefined) break;
        this.pending = chunk;
      }
      const part = this.pending.subarray(0, target.length - filled);
      target.set(part, filled);
      this.pending = this.pending.subarray(part.length);
      filled += part.length;
    }
    this.bytesTaken += filled;
    return filled;
  }

  /** Takes everything that is left. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.pending.length > 0 ? this.pending : await this.nextChunk();
      if (chunk === undefined) return;
      this.pending = new Uint8Array(0);
      this.bytesTaken += chunk.length;
      yield chunk;
    }
  }

  /** All that is left as text of at most `limit` bytes, without a byte order mark. */
  async text(limit: number, hint: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.chunks()) {
      length += chunk.length;
      if (length > limit) throw new ForwardpassError('LIMIT', `is larger than ${limit} bytes; ${hint}`, this.name);
      chunks.push(chunk);
    }
    return new TextDecoder().decode(Buffer.concat(chunks));
  }

  /** Fills the target from a plain file's `position`, whatever has been taken. */
  async readAt(position: number, target: Uint8Array): Promise<void> {
    if (!this.file) throw new ForwardpassError('OPTION', 'expected a plain file, found a stream', this.name);
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await this.file.handle.read(target, filled, target.length - filled, position + filled);
      if (bytesRead === 0) throw new ForwardpassError('TRUNCATED', `ends at byte ${position + filled}`, this.name);
      filled += bytesRead;
    }
  }

  /** How much has been taken, from 0 to 1, of a file of known size. */
  fraction(): number | undefined {
    if (!this.file) return undefined;
    return this.file.size === 0 ? 1 : this.bytesTaken / this.file.size;
  }

  close(): void {
    this.stream.destroy();
  }

  private async nextChunk(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.chunksLeft.next();
    return done ? undefined : value;
  }
}
