/** Opens files: those named by the user, and those that a model names in its own folder. */
import type { Stats } from 'node:fs';
import { constants, type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { quote } from '../messages.ts';

/** Does not wait for the other end of a pipe. Not every system has this flag, or the one for links. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const READ_NO_LINK = READ | (constants.O_NOFOLLOW ?? 0);

/** Opens a file named by the user; links are followed. */
export function openNamed(path: string): Promise<FileHandle> {
  return attempt(path, () => open(path, READ));
}

/**
 * Opens a file named by a model, by path segments within the model's folder. To ensure that the checked file is the one
 * that is read, it is opened first and must be the one to which the checked path leads. Links are refused because they
 * lead out of the folder: symbolic ones on the way, hard ones at its end. `folder` is a real path.
 */
export async function openPlain(folder: string, segments: readonly string[], name: string): Promise<FileHandle> {
  const path = join(folder, segments.join('/'));
  const found = await walk(folder, segments, name);
  const handle = await attempt(name, () => open(path, READ_NO_LINK));
  const opened = await handle.stat();
  if (opened.ino !== found.ino || opened.dev !== found.dev) {
    await handle.close();
    throw new ForwardpassError('UNSAFE', 'the file was replaced while it was opened', name);
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
  if (found === undefined) throw unsafe(name, 'the file was not found');
  if (found.nlink > 1) throw unsafe(name, 'it is a hard link: the same file has another name elsewhere');
  return found;
}

/** The error for a file outside the model's folder. */
export function unsafe(name: string, reason: string): ForwardpassError {
  return new ForwardpassError('UNSAFE', `${reason}; a model's files must be regular files in its folder`, name);
}

/** Turns errors of the system into ForwardpassErrors. */
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
  ELOOP: 'leads through a cycle of symbolic links',
};
