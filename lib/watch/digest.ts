/** Digests: actual and expected ones. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { ForwardpassError } from '../errors.ts';
import type { Reader } from '../formats/format.ts';
import { describe, quote } from '../messages.ts';
import { isDigest, type WatchOptions } from './options.ts';
import { orAborted } from './or-aborted.ts';

/** The bytes that are hashed at a time, which takes some milliseconds; other work continues in between. */
const BLOCK = 2 ** 22;

/** The SHA-256 of a file, in hexadecimal. */
export async function digestOf({ size, read }: Reader): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += BLOCK) {
    hash.update(await read(at, Math.min(BLOCK, size - at)));
    if (at + BLOCK < size) await setImmediate();
  }
  return hash.digest('hex');
}

/** The digest that a version must currently have, if any; `sidecar` reads the file beside the model. */
export async function expectedDigest(
  option: WatchOptions['sha256'],
  sidecar: () => Promise<Reader>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (option === 'sidecar') return digestIn(await sidecar());
  return typeof option === 'function' ? askForDigest(option, signal) : option;
}

async function askForDigest(option: () => string | Promise<string>, signal: AbortSignal): Promise<string> {
  let answer: unknown;
  try {
    answer = await orAborted((async () => option())(), signal);
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    const reason = cause instanceof Error ? cause.message : describe(cause);
    throw new ForwardpassError('SOURCE', `the digest could not be read: ${reason}`, 'sha256', { cause });
  }
  if (typeof answer === 'string' && isDigest(answer)) return answer.toLowerCase();
  throw new ForwardpassError('OPTION', `expected 64 hexadecimal digits, found ${describe(answer)}`, 'sha256');
}

/** Longer files are not digests. */
export const LONGEST_SIDECAR = 4096;

/** Reads a digest as written by sha256sum and shasum, with or without the file's name, or in BSD's format. */
async function digestIn({ name, size, read }: Reader): Promise<string> {
  const text = Buffer.from(await read(0, size)).toString();
  const found = /(?:^|\s|\\)([0-9a-f]{64})(?=\s|$)/i.exec(text);
  if (found !== null) return found[1].toLowerCase();
  throw new ForwardpassError('MALFORMED', `expected a SHA-256 in hexadecimal, found ${quote(text)}`, name);
}

/** See {@link Offer.key}. */
export function keyOf(digest: string, expected: string | undefined): string {
  return expected === undefined || expected === digest ? digest : `${digest} for ${expected}`;
}

/** Throws CHECKSUM if the digest is not the expected one. */
export function checkDigest(digest: string, expected: string | undefined, place: string): void {
  if (expected === undefined || digest === expected) return;
  throw new ForwardpassError('CHECKSUM', `expected the SHA-256 ${expected}, found ${digest}`, place);
}
