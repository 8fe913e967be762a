/** Where results are written: a file that only appears when it is complete, or a stream. */
import { once } from 'node:events';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ForwardpassError } from '../errors.ts';

export interface ByteSink {
  /** Resolves when the sink accepts more. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Overwrites the beginning. Only present on sinks that can seek. */
  overwriteStart?(bytes: Uint8Array): Promise<void>;
  /** Ends the output: everything has been written. */
  commit(): Promise<void>;
  /** Gives up after a failure, and leaves no file that looks complete. Does nothing after `commit`. */
  discard(): Promise<void>;
}

/** Writes a temporary file beside the path, and renames it on commit. Devices and pipes are written directly. */
export async function openFileSink(path: string): Promise<ByteSink> {
  try {
    const existing = await stat(path).catch(() => undefined);
    if (existing && !existing.isFile()) {
      return new StreamSink((await open(path, 'w')).createWriteStream(), true);
    }
    const target = existing ? await realpath(path) : path;
    const partial = `${target}.${process.pid}.part`;
    return new FileSink(await open(partial, 'w'), partial, target);
  } catch (cause) {
    const message = `cannot be written: ${(cause as Error).message}`;
    throw new ForwardpassError('OPTION', message, `--output ${path}`, { cause });
  }
}

/** Compresses everything with gzip and passes it on to another sink. */
export class GzipSink implements ByteSink {
  private readonly zip = createGzip();
  private readonly done: Promise<void>;
  private failure: unknown;

  constructor(private readonly target: ByteSink) {
    this.done = this.forward().catch((error: unknown) => {
      this.failure = error;
      this.zip.destroy();
    });
  }

  private async forward(): Promise<void> {
    for await (const bytes of this.zip as AsyncIterable<Uint8Array>) await this.target.write(bytes);
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    if (this.failure === undefined && !this.zip.write(copied(bytes)))
      await Promise.race([once(this.zip, 'drain'), this.done]);
    if (this.failure !== undefined) throw this.failure;
  }

  async commit(): Promise<void> {
    this.zip.end();
    await this.done;
    if (this.failure !== undefined) throw this.failure;
    await this.target.commit();
  }

  async discard(): Promise<void> {
    this.zip.destroy();
    await this.done;
    await this.target.discard();
  }
}

/** Writes a file of these parts, completely or not at all; returns its size in bytes. */
export async function writeFile(path: string, parts: readonly Uint8Array[]): Promise<number> {
  const sink = await openFileSink(path);
  try {
    for (const part of parts) await sink.write(part);
    await sink.commit();
  } catch (error) {
    await sink.discard();
    throw error;
  }
  return parts.reduce((total, { length }) => total + length, 0);
}

class FileSink implements ByteSink {
  private isOpen = true;

  constructor(
    private readonly handle: FileHandle,
    private readonly partial: string,
    private readonly target: string,
  ) {}

  async write(bytes: string | Uint8Array): Promise<void> {
    await this.handle.writeFile(bytes);
  }

  async overwriteStart(bytes: Uint8Array): Promise<void> {
    await this.handle.write(bytes, 0, bytes.length, 0);
  }

  async commit(): Promise<void> {
    this.isOpen = false;
    await this.handle.close();
    await rename(this.partial, this.target);
  }

  async discard(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.handle.close();
    await rm(this.partial, { force: true });
  }
}

/** A stream. `commit` only ends it if the sink owns it. */
export class StreamSink implements ByteSink {
  private failure: Error | undefined;

  constructor(
    private readonly stream: Writable,
    private readonly isOwned: boolean,
  ) {
    stream.on('error', (error) => {
      this.failure = error;
    });
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    if (this.failure) throw this.failure;
    if (!this.stream.write(copied(bytes))) await once(this.stream, 'drain');
  }

  async commit(): Promise<void> {
    if (!this.isOwned) return;
    this.stream.end();
    await finished(this.stream);
  }

  async discard(): Promise<void> {
    if (this.isOwned) this.stream.destroy();
  }
}

/** A copy, because a stream may read the bytes later, when their array is already reused. */
function copied(bytes: string | Uint8Array): string | Uint8Array {
  return typeof bytes === 'string' ? bytes : Uint8Array.from(bytes);
}
