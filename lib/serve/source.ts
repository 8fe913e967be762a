/** Resolves the source of a server to the models to serve. */
import { stat } from 'node:fs/promises';
import { ForwardpassError } from '../errors.ts';
import { Model } from '../model.ts';
import { wrong } from '../options.ts';
import { locate } from '../source.ts';
import type { ServeSource } from './options.ts';
import { type Found, isModelFolder, nameOf, ONLY_VERSION, type Scan, scan } from './scan.ts';

export interface Looked {
  readonly look: () => Promise<Scan>;
  /** Whether no other models can appear later, so that a first check without a good model is an error. */
  readonly isFixed: boolean;
}

/** @throws {ForwardpassError} OPTION, SOURCE */
export async function openServeSource(source: ServeSource, name: string | undefined): Promise<Looked> {
  if (source instanceof Model) return fixed([given(name ?? 'model', source)]);
  if (typeof source === 'string' || source instanceof URL) return openPlace(source, name);
  if (typeof source !== 'object' || source === null || Object.keys(source).length === 0) {
    throw wrong('a path, a URL, a model, or an object of these by name', source, 'source');
  }
  if (name !== undefined) throw wrong('no name, because the models have their own', name, 'name');
  return fixed(Object.entries(source).map(([key, one]) => given(key, one)));
}

function given(name: string, source: string | URL | Model): Found {
  if (source instanceof Model) return { name, version: ONLY_VERSION, path: '', given: source };
  const place = locate(source);
  return { name, version: ONLY_VERSION, path: typeof place === 'string' ? place : place.href };
}

function fixed(found: readonly Found[]): Looked {
  return { look: async () => ({ found, problems: [] }), isFixed: true };
}

async function openPlace(source: string | URL, name: string | undefined): Promise<Looked> {
  const place = locate(source);
  if (typeof place !== 'string') return fixed([given(name ?? nameOf(decodeURIComponent(place.pathname)), place)]);
  const found = await stat(place).catch((cause: NodeJS.ErrnoException) => {
    const message = cause.code === 'ENOENT' ? 'file or folder not found' : `could not be read (${cause.code})`;
    throw new ForwardpassError('SOURCE', message, place, { cause });
  });
  if (!found.isDirectory() || (await isModelFolder(place))) return fixed([given(name ?? nameOf(place), place)]);
  return { look: name === undefined ? () => scan(place) : () => scanOne(place, name), isFixed: false };
}

/** The only model of a folder, under another name, because platforms mount it with any file name. */
async function scanOne(root: string, name: string): Promise<Scan> {
  const { found, problems } = await scan(root);
  const names = [...new Set(found.map((one) => one.name))];
  // If the folder is that of the model itself, its subfolders are versions.
  if (names.length > 1 || (names.length === 1 && /^v?\d+$/.test(names[0]))) {
    const versions = found.every((one) => /^v?\d+$/.test(one.name) && one.version === ONLY_VERSION);
    if (versions) return { found: found.map((one) => ({ ...one, name, version: one.name })), problems };
    throw new ForwardpassError('OPTION', `is only for one model, but the folder contains ${names.length}`, 'name');
  }
  return { found: found.map((one) => ({ ...one, name })), problems: problems.map((one) => ({ ...one, name })) };
}
