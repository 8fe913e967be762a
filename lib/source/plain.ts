/** Files as they are opened: those that the user names, and those that a model names in its own folder. */
import type { Stats } from 'node:fs';
import { constants, type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { quote } from '../messages.ts';

/** Without waiting for the other end of a pipe; not every system has the flag, nor that for links. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const READ_NO_LINK = READ | (constants.O_NOFOLLOW ?? 0);

/** A file that the user names: links are followed. */
export function openNamed(path: string): Promise<FileHandle> {
  return attempt(path, () => open(path, READ));
}

/**
 * A file that a model names, by its folders below the model's own. What has been checked is what is read: the file is
 * opened first, and must be the one that the checked path leads to. Links are refused because they lead out of the
 * folder: symbolic ones on the way, hard ones at its end. `folder` is a real path.
 */
export async function openPlain(folder: string, segments: readonly string[], name: string): Promise<FileHandle> {
  const path = join(folder, segments.join('/'));
  const found = await walk(folder, segments, name);
  const handle = await attempt(name, () => open(path, READ_NO_LINK));
  const opened = await handle.stat();
  if (opened.ino !== found.ino || opened.dev !== found.dev) {
    await handle.close();
    throw new ForwardpassError('UNSAFE', 'the file was exchanged while it was opened', name);
  }
  return handle;
}

async function walk(folder: string, segments: readonly string[], name: string): Promise<Stats> {
  let path = folder;
  let found: Stats | undefined;
  for (const [i, segment] of segments.entries()) {
    path = join(path, segment);
    const here = path;
    found = await attempt(name, () => lstat(here));
    const isLast = i === segments.length - 1;
    if (found.isSymbolicLink()) throw unsafe(name, `${quote(segment)} is a symbolic link`);
    if (isLast ? !found.isFile() : !found.isDirectory()) {
      throw unsafe(name, `${quote(segment)} is not a ${isLast ? 'regular file' : 'folder'}`);
    }
  }
  if (found === undefined) throw unsafe(name, 'it names no file');
  if (found.nlink > 1) throw unsafe(name, 'it is a hard link: the same file has another name elsewhere');
  return found;
}

/** What is said of a file that is none of the model's own. */
export function unsafe(name: string, reason: string): ForwardpassError {
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
  ENOENT: 'file not found',
  ENOTDIR: 'file not found',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  EMFILE: 'could not be opened: too many files are open',
  ENFILE: 'could not be opened: too many files are open',
  ELOOP: 'leads through symbolic links that go in circles',
};
