/** Zip archives, which many frameworks use for models. The reader is imported on first use. */
import type { Budget } from '../../graph/budget.ts';
import type { Reader, Source } from '../format.ts';
import type { ZipArchive } from './zip/archive.ts';

export type { ZipArchive, ZipEntry } from './zip/archive.ts';

/** Whether a file begins with a member of an archive, or is an empty archive. */
export function isZip(head: Uint8Array): boolean {
  if (head.length < 4 || head[0] !== 0x50 || head[1] !== 0x4b) return false;
  return (head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6);
}

/**
 * Reads and checks the archive's directory. Throws `TRUNCATED`, `MALFORMED`, `UNSAFE` for names that lead out of the
 * archive or occur twice, `LIMIT`.
 */
export async function openZip(reader: Reader, budget: Budget): Promise<ZipArchive> {
  const { ZipArchive } = await import('./zip/archive.ts');
  const { readDirectory } = await import('./zip/directory.ts');
  return new ZipArchive(await readDirectory(reader), budget);
}

/** For an archive that no format accepts: throws if the archive itself is damaged. */
export async function refuseDamagedZip(reader: Reader): Promise<void> {
  const { readDirectory } = await import('./zip/directory.ts');
  await readDirectory(reader);
}

const looks = new WeakMap<Reader, Promise<ReadonlySet<string> | undefined>>();

/**
 * The names of an archive's members, for detection: undefined if the file is not an archive or is damaged. The
 * directory is read once for all callers.
 */
export function lookIntoZip({ main }: Source): Promise<ReadonlySet<string> | undefined> {
  const look = looks.get(main) ?? namesIn(main);
  looks.set(main, look);
  return look;
}

async function namesIn(main: Reader): Promise<ReadonlySet<string> | undefined> {
  try {
    if (!isZip(await main.read(0, Math.min(main.size, 4)))) return undefined;
    const { readDirectory } = await import('./zip/directory.ts');
    return new Set((await readDirectory(main)).entries.keys());
  } catch {
    return undefined;
  }
}
