/** Downloads a model from an http: or https: URL completely. */
// Node's timers, on every host that has them.
import { clearTimeout, setTimeout } from 'node:timers';
import { ForwardpassError } from '../errors.ts';
import { describe, quote } from '../messages.ts';
import { abortError } from './abort.ts';
import { allocate } from './bytes.ts';
import type { SourceOptions } from './open-source.ts';

/** A server's validators of a version, to check later whether there is another. */
export interface Validators {
  readonly etag?: string;
  /** The header, unchanged. */
  readonly lastModified?: string;
}

export interface Download extends Validators {
  readonly bytes: Uint8Array;
  /**
   * Whether the answer declared its end, so that the bytes are known to be complete. An answer that ends with its
   * connection does not.
   */
  readonly whole: boolean;
}

export interface DownloadOptions extends SourceOptions {
  /** The most milliseconds that the server may be silent. */
  readonly timeout?: number;
}

/** Why a server returned no file; the cause of an error. */
export class HttpStatus {
  constructor(
    readonly status: number,
    /** The milliseconds after which the server wants to be asked again. */
    readonly retryAfter?: number,
  ) {}
}

export async function download(url: URL, options: DownloadOptions): Promise<Uint8Array> {
  const { bytes } = (await downloadIfChanged(url, {}, options)) as Download;
  return bytes;
}

/** Downloads a file; undefined if the server still has the known version. */
export async function downloadIfChanged(
  url: URL,
  known: Validators,
  { limits, signal, timeout, headers, fetch = globalThis.fetch }: DownloadOptions,
): Promise<Download | undefined> {
  const place = withoutCredentials(url);
  const silence = new AbortController();
  const timer = timeout === undefined ? undefined : setTimeout(() => silence.abort(), timeout).unref();
  const signals = signal === undefined ? [silence.signal] : [silence.signal, signal];
  try {
    const asked = {
      fetch,
      place,
      signal: AbortSignal.any(signals),
      headers: conditions(known),
      secret: { ...credentials(url), ...headers },
    };
    const response = await follow(url, asked);
    if (response.status === 304 && (known.etag ?? known.lastModified) !== undefined) return undefined;
    if (!response.ok) {
      await response.body?.cancel();
      const status = `${response.status} ${response.statusText}`.trim();
      const message = `the server answered ${status}, expected the model's file`;
      throw new ForwardpassError('SOURCE', message, place, { cause: statusOf(response) });
    }
    const bytes = await collect(response, limits.bytes, place, () => timer?.refresh());
    refusePage(response, bytes, place);
    const said = response.headers;
    return {
      bytes,
      etag: said.get('etag') ?? undefined,
      lastModified: said.get('last-modified') ?? undefined,
      whole: said.has('content-length') || said.has('transfer-encoding'),
    };
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    if (signal?.aborted) throw abortError(signal);
    const reason = silence.signal.aborted ? `the server was silent for ${timeout} ms` : reasonOf(cause);
    throw new ForwardpassError('SOURCE', `the download failed: ${reason}`, place, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** A server that supports ETags only uses the first header. */
function conditions({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
  };
}

interface Asked {
  readonly fetch: typeof globalThis.fetch;
  readonly place: string;
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that are only for the origin of the URL. */
  readonly secret: Readonly<Record<string, string>>;
}

const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The answer after all redirects. Only the server in the original URL receives credentials. */
async function follow(url: URL, { fetch, place, signal, headers, secret }: Asked): Promise<Response> {
  let at = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response: unknown = await fetch(withoutCredentials(at) + at.search, {
      redirect: 'manual',
      signal,
      headers: { ...headers, ...(at.origin === url.origin && secret) },
    });
    if (!isResponse(response)) {
      const message = `expected a Response from the fetch option, found ${describe(response)}`;
      throw new ForwardpassError('SOURCE', message, place);
    }
    const to = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (to === null) return response;
    await response.body?.cancel();
    at = redirected(at, to, place);
  }
  throw new ForwardpassError('SOURCE', `is redirected more than ${MOST_REDIRECTS} times`, place);
}

/** Also accepts Responses of other implementations of fetch. */
function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, ok, headers } = value as Partial<Response>;
  return typeof status === 'number' && typeof ok === 'boolean' && typeof headers?.get === 'function';
}

function redirected(from: URL, to: string, place: string): URL {
  const next = URL.canParse(to, from.href) ? new URL(to, from) : undefined;
  if (next?.protocol === 'https:' || (next?.protocol === 'http:' && from.protocol === 'http:')) return next;
  const target = next === undefined ? 'an invalid URL' : quote(withoutCredentials(next));
  const message = `is redirected to ${target}, expected ${from.protocol === 'http:' ? 'an http: or https:' : 'an https:'} URL`;
  throw new ForwardpassError('SOURCE', message, place);
}

/** Retry-After is a number of seconds or a date. */
function statusOf({ status, headers }: Response): HttpStatus {
  const after = headers.get('retry-after')?.trim() ?? '';
  const wait = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
  return new HttpStatus(status, wait >= 0 ? wait : undefined);
}

/** Checks the declared size before the download, and the received size during it. */
async function collect(response: Response, limit: number, place: string, heard: () => void): Promise<Uint8Array> {
  const declared = Number(response.headers.get('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by a throw cancels the download.
  for await (const chunk of response.body ?? []) {
    heard();
    size += chunk.length;
    if (Math.max(size, declared) > limit) {
      const message = `${Math.max(size, declared)} bytes or more, over the limit bytes = ${limit}`;
      throw new ForwardpassError('LIMIT', message, place);
    }
    chunks.push(chunk);
  }
  const bytes = allocate(place, size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Rejects web pages, such as a page about the file or a sign-in page, the usual wrong answers. Some servers, however,
 * declare every file as a page.
 */
function refusePage(response: Response, bytes: Uint8Array, place: string): void {
  const type = response.headers.get('content-type') ?? '';
  const isPage =
    /^(text\/html|application\/xhtml)/i.test(type) && /^\s*</.test(Buffer.from(bytes.subarray(0, 64)).toString());
  if (!isPage) return;
  const message = `the server answered with a page (content-type ${quote(type)}), expected the model's file itself`;
  throw new ForwardpassError('SOURCE', message, place);
}

/** The credentials in a URL as a header, because fetch rejects them in URLs. */
function credentials({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** The URL for messages, without query and credentials. */
function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.search = '';
  shown.hash = '';
  return shown.href;
}

/** The reason of an error; fetch puts it in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
