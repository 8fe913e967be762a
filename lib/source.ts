/** Sources of models: a path, a URL or bytes, each turned into the readers that formats use. */
import { fileURLToPath } from 'node:url';
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';
import { ForwardpassError } from './errors.ts';
import type { Source } from './formats/format.ts';
import type { Limits } from './graph/limits.ts';
import { describe, quote } from './messages.ts';
import { reading } from './reading.ts';
import { blobReader, bytesReader } from './source/bytes.ts';
import { openFile } from './source/file.ts';
import type { OpenSource, SourceOptions } from './source/open-source.ts';

/**
 * The source of a model: the path or URL of a file or folder, or a file's bytes. A Blob is only read as far as needed.
 */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Blob;

/**
 * A string that begins with `http://`, `https://` or `file://` is a URL, every other one a path.
 * Throws `SOURCE`, `LIMIT`, `ABORTED`, `OPTION`, or `BUFFER` for bytes that are detached.
 */
export async function openSource(from: ModelSource, options: SourceOptions): Promise<OpenSource> {
  if (isUint8Array(from)) return openBytes(from, options.limits);
  if (isAnyArrayBuffer(from)) return openBytes(viewOf(from as ArrayBuffer), options.limits);
  if (isBlob(from)) return openBlob(from, options);
  const place = locate(from);
  if (typeof place === 'string') return openFile(place, options);
  const { download } = await import('./source/http.ts');
  return downloaded(place, await download(place, options));
}

const isBlob = (from: unknown): from is Blob => reading('OPTION', 'source', () => from instanceof Blob);

/** The path, or the http: or https: URL, of a source. Throws `SOURCE`, `OPTION`. */
export function locate(from: string | URL): string | URL {
  if (reading('OPTION', 'source', () => from instanceof URL)) return locateUrl(from as URL);
  if (typeof from !== 'string') {
    const expected = 'a path, a URL, a Uint8Array, an ArrayBuffer or a Blob';
    throw new ForwardpassError('OPTION', `expected ${expected}, found ${describe(from)}`, 'source');
  }
  return /^(https?|file):\/\//i.test(from) ? locateUrl(parse(from)) : checkPath(from);
}

function parse(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new ForwardpassError('SOURCE', 'is not a valid URL', quote(text));
}

function checkPath(path: string): string {
  if (path === '' || path.includes('\0')) {
    throw new ForwardpassError('SOURCE', `expected a path, found ${quote(path)}`, 'source');
  }
  return path;
}

function locateUrl(url: URL): string | URL {
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  if (url.protocol !== 'file:') {
    throw new ForwardpassError(
      'SOURCE',
      `expected a file:, http: or https: URL, found ${quote(url.protocol)}`,
      url.href,
    );
  }
  try {
    return checkPath(fileURLToPath(url));
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    throw new ForwardpassError('SOURCE', `is not a path on this machine (${(cause as Error).message})`, url.href, {
      cause,
    });
  }
}

/** A source of downloaded bytes. */
export function downloaded(url: URL, bytes: Uint8Array): OpenSource {
  return alone(bytesReader(basenameOf(url), bytes), 'its model was downloaded');
}

function openBytes(bytes: Uint8Array, limits: Limits): OpenSource {
  const { buffer } = bytes;
  // Creating a view throws for a detached buffer, and not for an empty one.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === 0) viewOf(buffer);
  checkSize(bytes.length, limits);
  return alone(bytesReader('bytes', bytes), 'its model was given as bytes');
}

function openBlob(blob: Blob, { limits, signal }: SourceOptions): OpenSource {
  checkSize(blob.size, limits);
  const { name } = blob as { name?: unknown };
  const reader = blobReader(typeof name === 'string' && name !== '' ? name : 'blob', blob, signal);
  return alone(reader, 'its model was given as a Blob');
}

function viewOf(buffer: ArrayBuffer): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch (cause) {
    const message = 'the bytes of the model are detached: they were transferred away';
    throw new ForwardpassError('BUFFER', message, 'source', { cause });
  }
}

function checkSize(bytes: number, limits: Limits): void {
  if (bytes <= limits.bytes) return;
  throw new ForwardpassError('LIMIT', `${bytes} bytes, over the limit bytes = ${limits.bytes}`, 'source');
}

/** A source without files beside it. */
function alone(main: Source['main'], why: string): OpenSource {
  return {
    main,
    async sibling(path) {
      throw new ForwardpassError(
        'SOURCE',
        `other files cannot be read, because ${why}; load it from its path`,
        quote(path),
      );
    },
    async checkUnchanged() {},
    async close() {},
  };
}

function basenameOf(url: URL): string {
  return url.pathname.slice(url.pathname.lastIndexOf('/') + 1) || url.host;
}
