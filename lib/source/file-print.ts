/** What tells versions of a file apart without reading it. */
import { stat } from 'node:fs/promises';
import { attempt } from './plain.ts';

/** Renaming another file over it changes the inode, writing to it the time or the size. Throws what the system says. */
export async function printOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}

/** When it was last written to, in milliseconds. @throws {ForwardpassError} SOURCE. */
export async function modifiedAt(path: string): Promise<number> {
  return (await attempt(path, () => stat(path))).mtimeMs;
}
