/**
 * Finds the models in a folder: NAME.EXTENSION, NAME/MODEL, NAME/VERSION/MODEL, where a model is a file or a folder.
 */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { findMain } from '../source/main.ts';

export interface Found {
  readonly name: string;
  readonly version: string;
  /** A path, or a URL. */
  readonly path: string;
  /** A model that is already loaded, instead of a path. */
  readonly given?: Model;
}

export interface Scan {
  readonly found: readonly Found[];
  /** Names for which nothing can be served, and why. */
  readonly problems: readonly { readonly name: string; readonly error: ForwardpassError }[];
}

/** The version of a model without version folders. */
export const ONLY_VERSION = '1';

/** Files beside models: notes, digests, configurations, files that are being written. */
const NO_MODELS =
  /^\.|~$|\.(md|py|csv|log|ya?ml|toml|pbtxt|sha256|lock|tmp|temp|new|part|partial|crdownload|swp|bak|old)$/i;

/** Whether a folder is a model by itself. */
export async function isModelFolder(path: string): Promise<boolean> {
  return findMain(path).then(
    () => true,
    () => false,
  );
}

/** The name under which a single model is served. */
export function nameOf(path: string): string {
  const name = basename(path);
  return name.slice(0, name.length - extname(name).length) || name;
}

/** Throws SOURCE if the folder cannot be read. */
export async function scan(root: string): Promise<Scan> {
  const found = new Map<string, Found[]>();
  const problems: { name: string; error: ForwardpassError }[] = [];
  for (const { name: entry, path, isFolder } of await candidates(root)) {
    const name = isFolder ? entry : nameOf(entry);
    try {
      const models = isFolder ? await versionsOf(name, path) : [{ name, version: ONLY_VERSION, path }];
      if (found.has(name)) throw problem(path, 'has the name of another model; rename one of them');
      found.set(name, models);
    } catch (error) {
      problems.push({ name, error: error as ForwardpassError });
    }
  }
  return { found: [...found.values()].flat(), problems };
}

async function versionsOf(name: string, path: string): Promise<Found[]> {
  if (await isModelFolder(path)) return [{ name, version: ONLY_VERSION, path }];
  const entries = await candidates(path);
  const folders = entries.filter(({ isFolder }) => isFolder);
  if (folders.length === 0) return [{ name, version: ONLY_VERSION, path: onlyFile(path, entries) }];
  const versions: Found[] = [];
  for (const { name: version, path: folder } of folders) {
    const model = (await isModelFolder(folder)) ? folder : onlyFile(folder, await candidates(folder), true);
    if (model !== undefined) versions.push({ name, version, path: model });
  }
  return versions;
}

interface Candidate {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/** Possible models, by name. */
async function candidates(folder: string): Promise<Candidate[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new ForwardpassError('SOURCE', `the folder could not be read (${cause.code})`, folder, { cause });
  });
  const entries: Candidate[] = [];
  for (const name of names.sort()) {
    if (NO_MODELS.test(name)) continue;
    const path = join(folder, name);
    // Follows links, because releases are often switched by one.
    const found: Stats | undefined = await stat(path).catch(() => undefined);
    if (found?.isFile() || found?.isDirectory()) entries.push({ name, path, isFolder: found.isDirectory() });
  }
  return entries;
}

/** The only file in a folder; with `mayBeEmpty`, undefined for a version that is still being written. */
function onlyFile(folder: string, entries: readonly Candidate[], mayBeEmpty: true): string | undefined;
function onlyFile(folder: string, entries: readonly Candidate[]): string;
function onlyFile(folder: string, entries: readonly Candidate[], mayBeEmpty?: true): string | undefined {
  const files = entries.filter(({ isFolder }) => !isFolder);
  if (files.length === 1) return files[0].path;
  if (files.length === 0 && mayBeEmpty) return undefined;
  if (files.length === 0) throw problem(folder, 'is an empty folder');
  const preferred = files.find(({ name }) => nameOf(name) === 'model');
  if (preferred !== undefined) return preferred.path;
  throw problem(folder, 'contains several files; keep one, or name the one to serve model');
}

function problem(path: string, message: string): ForwardpassError {
  return new ForwardpassError('SOURCE', message, path);
}

/** A fingerprint that shows whether a failed file has changed and should be tried again. */
export async function printOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return 'not there';
  const own = `${found.ino} ${found.size} ${found.mtimeNs}`;
  if (!found.isDirectory()) return own;
  const names = (await readdir(path).catch(() => [])).sort();
  const within = await Promise.all(
    names.slice(0, 64).map((name) => stat(join(path, name), { bigint: true }).catch(() => undefined)),
  );
  return [own, ...within.map((each) => `${each?.ino} ${each?.size} ${each?.mtimeNs}`)].join(' ');
}
