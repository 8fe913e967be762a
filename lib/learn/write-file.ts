import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { replaceFile } from '../source/replace-file.ts';

/** Writes a temporary file and renames it. @throws {ForwardpassError} SOURCE. */
export async function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await replaceFile(temporary, path, parts);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ForwardpassError('SOURCE', `could not be written (${reason})`, path, { cause });
  }
}
