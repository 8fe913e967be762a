/** Bytes in order from a file, a pipe or standard input; the first ones can be peeked at. */
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ForwardpassError } from '../errors.ts';
import { Spool } from './spool.ts';
import { decodedText } from './text-encoding.ts';

const CHUNK_BYTES = 1 << 18;

/** Where bytes come from, and what else is known about it. */
interface Origin {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Set for a regular file, which can be read at any position. */
  readonly file?: { readonly handle: FileHandle; readonly size: number };
  /** The fraction that has been read, from 0 to 1, if the origin is not `file`. */
  readonly fraction?: () => number | undefined;
  readonly close: () => void | Promise<void>;
}

export class ByteSource {
  private bytesTaken = 0;
  private chunksLeft: AsyncIterator<Uint8Array>;
  /** Bytes that were read from the origin and not taken yet. */
  private pending: Uint8Array = new Uint8Array(0);

  private constructor(
    /** The name for error messages. */
    readonly name: string,
    private origin: Origin,
  ) {
    this.chunksLeft = origin.chunks[Symbol.asyncIterator]();
  }

  /** A source over a stream, such as standard input. Gzipped data is decompressed, for streams and for files. */
  static ofStream(name: string, stream: Readable): Promise<ByteSource> {
    return unzipped(new ByteSource(name, { chunks: stream, close: () => void stream.destroy() }));
  }

  /** `flag` is the option that gave the path, for errors. */
  static async open(path: string, flag = '--input'): Promise<ByteSource> {
    const place = `${flag} ${path}`;
    const handle = await open(path).catch((cause: Error) => {
      throw new ForwardpassError('OPTION', `cannot be read: ${cause.message}`, place, { cause });
    });
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      await handle.close();
      throw new ForwardpassError('OPTION', 'is a folder, expected a file', place);
    }
    // The file stays open at the end, because parts may be read again.
    const stream = handle.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false });
    const file = stats.isFile() ? { handle, size: stats.size } : undefined;
    const close = async () => {
      stream.destroy();
      await handle.close();
    };
    return unzipped(new ByteSource(path, { chunks: stream, file, close }));
  }

  /** The size of a regular file, of which {@link readAt} can read any part; otherwise undefined. */
  get size(): number | undefined {
    return this.origin.file?.size;
  }

  /** The same bytes passed through `change`, from the beginning. Nothing may have been taken yet. */
  through(change: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>): ByteSource {
    const { close } = this.origin;
    return new ByteSource(this.name, { chunks: change(this.chunks()), fraction: () => this.fraction(), close });
  }

  /** The text as UTF-8 without a byte order mark; the encoding is detected from the first bytes. */
  async text(): Promise<ByteSource> {
    const head = await this.peek(4);
    return this.through((chunks) => decodedText(chunks, head, this.name));
  }

  /** Makes {@link readAt} possible, by spooling a stream to a temporary file. Nothing may have been taken yet. */
  async makeSeekable(): Promise<void> {
    if (this.origin.file) return;
    const spool = await Spool.create();
    const { close } = this.origin;
    const closeBoth = async () => {
      await spool.remove();
      await close();
    };
    const chunks = this.chunks();
    this.origin = { ...this.origin, close: closeBoth };
    let size = 0;
    for await (const chunk of chunks) {
      await spool.write(chunk);
      size += chunk.length;
    }
    this.origin = { chunks: spool.chunks(), file: { handle: spool.handle, size }, close: closeBoth };
    this.chunksLeft = this.origin.chunks[Symbol.asyncIterator]();
    this.bytesTaken = 0;
  }

  /** The next `length` bytes (fewer at the end) without taking them. Valid until the next call. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.pending.length < length) {
      const chunk = await this.nextChunk();
      if (chunk === undefined) break;
      this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    }
    return this.pending.subarray(0, length);
  }

  /** Takes bytes until `target` is full or the source ends; returns their number. */
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

  /** Takes all remaining bytes. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.pending.length > 0 ? this.pending : await this.nextChunk();
      if (chunk === undefined) return;
      this.pending = new Uint8Array(0);
      this.bytesTaken += chunk.length;
      yield chunk;
    }
  }

  /** All remaining bytes as text. Throws `LIMIT` for more than `limit` bytes. */
  async wholeText(limit: number, hint: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.chunks()) {
      length += chunk.length;
      if (length > limit) throw new ForwardpassError('LIMIT', `is larger than ${limit} bytes; ${hint}`, this.name);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Fills `target` from a position of a regular file, independent of what has been taken. */
  async readAt(position: number, target: Uint8Array): Promise<void> {
    const { file } = this.origin;
    if (!file) throw new ForwardpassError('OPTION', 'expected a regular file, found a stream', this.name);
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await file.handle.read(target, filled, target.length - filled, position + filled);
      if (bytesRead === 0) throw new ForwardpassError('TRUNCATED', `ends at byte ${position + filled}`, this.name);
      filled += bytesRead;
    }
  }

  /** The fraction that has been taken, from 0 to 1; undefined if the size is unknown. */
  fraction(): number | undefined {
    const { file, fraction } = this.origin;
    if (!file) return fraction?.();
    return file.size === 0 ? 1 : this.bytesTaken / file.size;
  }

  async close(): Promise<void> {
    await this.origin.close();
  }

  private async nextChunk(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.chunksLeft.next();
    return done ? undefined : value;
  }
}

async function unzipped(source: ByteSource): Promise<ByteSource> {
  try {
    const [first, second] = await source.peek(2);
    if (first !== 0x1f || second !== 0x8b) return source;
    return source.through((chunks) => gunzip(chunks, source.name));
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>, place: string): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // pipeline() destroys the decoder with the source's error, which the loop below then throws.
  pipeline(Readable.from(chunks, { objectMode: false }), unzip, () => {});
  try {
    yield* unzip as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw new ForwardpassError('TRUNCATED', 'the gzip data ends early', place, { cause });
    if (!code?.startsWith('Z_')) throw cause;
    throw new ForwardpassError('MALFORMED', `the gzip data is damaged: ${message}`, place, { cause });
  }
}
