/** A file that is kept in a folder of the user's for processes to come: written whole, read whole. */
import { randomBytes } from 'node:crypto';
import { constants, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { attempt } from './plain.ts';
import { replaceFile } from './replace-file.ts';

/** After which what an ended process was writing is thrown away, in milliseconds. */
const STALE = 3_600_000;

export interface KeptFile {
  readonly folder: string;
  /** Without its ending, for the file's own name and those of what is being written. */
  readonly name: string;
}

export function keptPath({ folder, name }: KeptFile): string {
  return join(folder, `${name}.model`);
}

/** Puts it in place of the one that is there. Throws what the system says. */
export async function keep(file: KeptFile, parts: readonly Uint8Array[]): Promise<void> {
  const { folder, name } = file;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await tidy(file);
  const temporary = join(folder, `${name}.${randomBytes(8).toString('hex')}.tmp`);
  await replaceFile(temporary, keptPath(file), parts, 0o600);
}

async function tidy({ folder, name }: KeptFile): Promise<void> {
  const left = (await readdir(folder)).filter((each) => each.startsWith(name) && each.endsWith('.tmp'));
  for (const each of left) {
    const path = join(folder, each);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > STALE) await rm(path, { force: true });
  }
}

/** Its bytes, `most` at the most; undefined if the file is not found. @throws {ForwardpassError} SOURCE, LIMIT. */
export async function readKept(kept: KeptFile, most: number): Promise<Buffer | undefined> {
  const path = keptPath(kept);
  // Without waiting for the other end of a pipe.
  const opening = open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const file = await attempt(path, () =>
    opening.catch((error) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
  );
  if (file === undefined) return undefined;
  try {
    const found = await attempt(path, () => file.stat());
    if (!found.isFile()) throw new ForwardpassError('SOURCE', 'expected a regular file', path);
    if (found.size > most) throw new ForwardpassError('LIMIT', `${found.size} bytes, over the limit ${most}`, path);
    return await attempt(path, () => file.readFile());
  } finally {
    await file.close();
  }
}
