/** Replaces files atomically. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file at `temporary`, syncs it to disk, and renames it to `path`, in the same folder. Readers of the path
 * find either the old or the new file, even after a power cut. Throws errors of the system.
 */
export async function replaceFile(
  temporary: string,
  path: string,
  parts: readonly Uint8Array[],
  mode?: number,
): Promise<void> {
  try {
    // Exclusive: never follows a link, never overwrites a file.
    const file = await open(temporary, 'wx', mode);
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Syncs the folder. Windows cannot do this; the file itself is safe in any case. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // Not supported: see above.
  }
}
