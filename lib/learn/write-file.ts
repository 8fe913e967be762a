/** Files that are there whole or not at all. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ForwardpassError } from '../errors.ts';

/**
 * Writes a file beside its place, has the disk take it, and moves it there: whoever reads the path finds the old file or
 * the new one, also after a power cut.
 */
export async function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const folder = dirname(path);
  const beside = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(beside, 'wx');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncFolder(folder);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {});
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ForwardpassError('SOURCE', `could not be written (${reason})`, path, { cause });
  }
}

/** Windows has no such thing. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const opened = await open(folder, 'r');
    await opened.sync().finally(() => opened.close());
  } catch {
    // The file is whole in any case.
  }
}
