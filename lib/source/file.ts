/** A model in a file, and the files beside it. */
import type { Stats } from 'node:fs';
import { constants, type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import type { Reader } from '../formats/format.ts';
import type { OpenSource, SourceOptions } from '../source.ts';
import { quote } from '../words.ts';
import { aborted } from './abort.ts';
import { allocate, checkRange, truncated } from './bytes.ts';
import { siblingSegments } from './sibling-path.ts';

/** What one read may ask of the operating system. */
const LONGEST_READ = 2 ** 30;
/** Without waiting for the other end of a pipe; not every system has the flag, nor that for links. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const READ_NO_LINK = READ | (constants.O_NOFOLLOW ?? 0);

/**
 * The main files of models that are folders: of a TensorFlow SavedModel, of a TensorFlow.js model, and of Hugging Face's
 * libraries, whose safetensors files go before others.
 */
const FOLDER_MAINS = [
  'saved_model.pb',
  'model.json',
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

/** A model's main file, or the folder that a model is. */
export async function openFile(path: string, options: SourceOptions): Promise<OpenSource> {
  aborted(options.signal);
  const main = await mainOf(path);
  const files = new Files(main, options);
  try {
    const handle = await attempt(main, () => open(main, READ));
    return files.withMain(await files.reader(basename(main), handle, main));
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** The path of a model's main file: of a folder's, or the path itself. */
export async function mainOf(path: string): Promise<string> {
  const found = await attempt(path, () => stat(path));
  if (!found.isDirectory()) return path;
  const names = new Set(await attempt(path, () => readdir(path)));
  const main = FOLDER_MAINS.find((name) => names.has(name));
  if (main !== undefined && names.has(`${main}.index.json`)) {
    const message = `is a folder that holds ${main} as well as ${main}.index.json; give the path of the one that is meant`;
    throw new ForwardpassError('SOURCE', message, path);
  }
  if (main !== undefined) return join(path, main);
  const message = `is a folder that holds none of ${FOLDER_MAINS.join(', ')}: give the path of a model's file`;
  throw new ForwardpassError('SOURCE', message, path);
}

/** The files of one model: how many bytes they are together, and what is to be closed. */
class Files {
  private readonly handles: FileHandle[] = [];
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
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.handles.splice(0).map((handle) => handle.close()));
  }

  /** Takes the handle over. `place` is for messages about what was opened. */
  async reader(name: string, handle: FileHandle, place = name): Promise<Reader> {
    this.handles.push(handle);
    const found = await attempt(place, () => handle.stat());
    if (!found.isFile()) throw new ForwardpassError('SOURCE', 'expected a regular file', place);
    const { size } = found;
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

  /**
   * What has been checked is what is read: the file is opened first, and must be the one that the checked path leads
   * to. Links are refused because they lead out of the folder: symbolic ones on the way, hard ones at its end.
   */
  private async openSibling(segments: readonly string[], name: string): Promise<Reader> {
    aborted(this.options.signal);
    const folder = await attempt(name, () => realpath(dirname(this.path)));
    const path = join(folder, ...segments);
    const found = await this.walk(folder, segments, name);
    const handle = await attempt(name, () => open(path, READ_NO_LINK));
    const opened = await handle.stat();
    if (opened.ino !== found.ino || opened.dev !== found.dev) {
      await handle.close();
      throw new ForwardpassError('UNSAFE', 'the file was exchanged while it was opened', name);
    }
    return this.reader(name, handle);
  }

  private async walk(folder: string, segments: readonly string[], name: string): Promise<Stats> {
    let path = folder;
    let found: Stats | undefined;
    for (const [i, segment] of segments.entries()) {
      path = join(path, segment);
      const here = path;
      found = await attempt(name, () => lstat(here));
      const isLast = i === segments.length - 1;
      if (found.isSymbolicLink()) throw unsafe(name, `${quote(segment)} is a symbolic link`);
      if (isLast ? !found.isFile() : !found.isDirectory()) {
        throw unsafe(name, `${quote(segment)} is no ${isLast ? 'regular file' : 'folder'}`);
      }
    }
    if (found === undefined) throw unsafe(name, 'it names no file');
    if (found.nlink > 1) throw unsafe(name, 'it is a hard link: the same file has another name elsewhere');
    return found;
  }
}

function unsafe(name: string, reason: string): ForwardpassError {
  return new ForwardpassError('UNSAFE', `${reason}; a model's files must be plain files in its folder`, name);
}

/** The system's own errors, as ours. */
export async function attempt<T>(place: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ForwardpassError('SOURCE', REASONS[code ?? ''] ?? `could not be read (${code ?? message})`, place, {
      cause,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  EMFILE: 'could not be opened: too many files are open',
  ENFILE: 'could not be opened: too many files are open',
  ELOOP: 'leads through symbolic links that go in circles',
};
