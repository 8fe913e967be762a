/** Files that are there whole or not at all. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file at `temporary`, has the disk take it, and moves it to `path`, in the same folder: whoever reads the path
 * finds the old file or the new one, also after a power cut. Throws what the system says.
 */
export async function replaceFile(
  temporary: string,
  path: string,
  parts: readonly Uint8Array[],
  mode?: number,
): Promise<void> {
  try {
    // Exclusively: never through a link, never over another's.
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

/** Windows cannot, and the file itself is safe in any case. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // See above.
  }
}
