/** A model behind an http: or https: URL, downloaded whole. */
import { ForwardpassError } from '../errors.ts';
import type { SourceOptions } from '../source.ts';
import { quote } from '../words.ts';
import { abortError } from './abort.ts';
import { allocate } from './bytes.ts';

export async function download(url: URL, { limits, signal }: SourceOptions): Promise<Uint8Array> {
  const place = withoutCredentials(url);
  try {
    const response = await fetch(place + url.search, { signal, headers: credentials(url) });
    if (!response.ok) {
      await response.body?.cancel();
      const status = `${response.status} ${response.statusText}`.trim();
      throw new ForwardpassError('SOURCE', `the server answered ${status}, expected the model's file`, place);
    }
    const bytes = await collect(response, limits.bytes, place);
    refusePage(response, bytes, place);
    return bytes;
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    if (signal?.aborted) throw abortError(signal);
    throw new ForwardpassError('SOURCE', `the download failed: ${reasonOf(cause)}`, place, { cause });
  }
}

/** What is declared is checked before it is downloaded, and what arrives while it does. */
async function collect(response: Response, limit: number, place: string): Promise<Uint8Array> {
  const declared = Number(response.headers.get('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by a throw cancels the download.
  for await (const chunk of response.body ?? []) {
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

/** A page about the file, or one to sign in, is the usual wrong answer; some servers call every file a page, though. */
function refusePage(response: Response, bytes: Uint8Array, place: string): void {
  const type = response.headers.get('content-type') ?? '';
  const isPage =
    /^(text\/html|application\/xhtml)/i.test(type) && /^\s*</.test(Buffer.from(bytes.subarray(0, 64)).toString());
  if (!isPage) return;
  const message = `the server answered with a page (content-type ${quote(type)}), expected the model's file itself`;
  throw new ForwardpassError('SOURCE', message, place);
}

/** fetch refuses them in a URL. */
function credentials({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** For messages: what stands before the question mark, without what is secret. */
function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.search = '';
  shown.hash = '';
  return shown.href;
}

/** fetch hides what went wrong in the cause of its error. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
