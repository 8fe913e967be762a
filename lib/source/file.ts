/** A model in a file, and the files beside it. */
import { type FileHandle, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import type { Reader } from '../formats/format.ts';
import { aborted } from './abort.ts';
import { allocate, checkRange, truncated } from './bytes.ts';
import { findMain } from './main.ts';
import type { OpenSource, SourceOptions } from './open-source.ts';
import { attempt, openPlain } from './plain.ts';
import { siblingSegments } from './sibling-path.ts';

/** The most bytes of one read of the operating system. */
const LONGEST_READ = 2 ** 30;

/** Opens a model's main file, or a model that is a folder. */
export async function openFile(path: string, options: SourceOptions): Promise<OpenSource> {
  aborted(options.signal);
  const main = await findMain(path);
  const files = new Files(main.path, options);
  try {
    return files.withMain(await files.reader(basename(main.path), await main.open(), main.path));
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** The open files of one model, and their total size. */
class Files {
  private readonly handles: FileHandle[] = [];
  /** The result of `stat` when each file was opened, by its place for messages. */
  private readonly opened = new Map<
    string,
    { readonly handle: FileHandle; readonly size: number; readonly mtimeMs: number }
  >();
  private readonly siblings = new Map<string, Promise<Reader>>();
  private bytes = 0;

  constructor(
    private readonly path: string,
    private readonly options: SourceOptions,
  ) {}

  withMain(main: Reader): OpenSource {
    return {
      main,
      sibling: async (path) => {
        const segments = siblingSegments(path);
        const key = segments.join('/');
        const reader = this.siblings.get(key) ?? this.openSibling(segments, key);
        this.siblings.set(key, reader);
        return reader;
      },
      checkUnchanged: () => this.checkUnchanged(),
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.handles.splice(0).map((handle) => handle.close()));
  }

  /** Takes ownership of the handle. `place` is for messages about the file. */
  async reader(name: string, handle: FileHandle, place = name): Promise<Reader> {
    this.handles.push(handle);
    const found = await attempt(place, () => handle.stat());
    if (!found.isFile()) throw new ForwardpassError('SOURCE', 'expected a regular file', place);
    const { size, mtimeMs } = found;
    this.opened.set(place, { handle, size, mtimeMs });
    this.bytes += size;
    const { limits, signal } = this.options;
    if (this.bytes > limits.bytes) {
      const message = `brings the model to ${this.bytes} bytes, over the limit bytes = ${limits.bytes}`;
      throw new ForwardpassError('LIMIT', message, name);
    }
    return {
      name,
      size,
      async read(offset, length) {
        checkRange(name, size, offset, length);
        const bytes = allocate(name, length);
        for (let done = 0; done < length; ) {
          aborted(signal);
          const asked = Math.min(length - done, LONGEST_READ);
          const { bytesRead } = await attempt(name, () => handle.read(bytes, done, asked, offset + done));
          if (bytesRead === 0) throw truncated(name, offset + done, offset, length);
          done += bytesRead;
        }
        return bytes;
      },
    };
  }

  private async checkUnchanged(): Promise<void> {
    for (const [place, { handle, size, mtimeMs }] of this.opened) {
      const now = await attempt(place, () => handle.stat());
      if (now.size === size && now.mtimeMs === mtimeMs) continue;
      throw new ForwardpassError('SOURCE', 'was changed while it was read; load it again when it is complete', place);
    }
  }

  private async openSibling(segments: readonly string[], name: string): Promise<Reader> {
    aborted(this.options.signal);
    const folder = await attempt(name, () => realpath(dirname(this.path)));
    return this.reader(name, await openPlain(folder, segments, name));
  }
}
