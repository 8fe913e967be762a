/** Refuses to write a result over the files that it comes from. */
import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { ForwardpassError } from '../errors.ts';

/**
 * Paths may be given as NAME=FILE; `-` is a stream. Throws `OPTION` if an output is a file of rows, the model, or a file in
 * its folder; `model` is undefined if a new version may replace it.
 */
export async function refuseOverwriting(
  outputs: readonly string[],
  model: string | undefined,
  rows: readonly string[] = [],
): Promise<void> {
  const [modelFile, ...rowFiles] = await Promise.all([model ?? '-', ...rows].map(fileOf));
  for (const output of outputs) {
    const target = await fileOf(output);
    if (target === undefined) continue;
    const isModel = modelFile !== undefined && (target === modelFile || target.startsWith(modelFile + sep));
    if (!isModel && !rowFiles.includes(target)) continue;
    const what = isModel ? 'the model itself' : 'a file that is read';
    const message = `is ${what}, which would be overwritten; choose another path`;
    throw new ForwardpassError('OPTION', message, `--output ${output}`);
  }
}

/** Undefined for a stream, and for a path where there is no file. */
async function fileOf(path: string): Promise<string | undefined> {
  for (const name of new Set([path, path.slice(path.indexOf('=') + 1)])) {
    const file = name === '-' ? undefined : await realpath(name).catch(() => undefined);
    if (file !== undefined) return file;
  }
  return undefined;
}
