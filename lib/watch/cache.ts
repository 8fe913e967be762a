/**
 * The last good version of a URL, in one file: a line of JSON that describes it, then its bytes. A new version is
 * written to a temporary file and renamed, so that readers in any process read one complete version.
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { bytesReader } from '../source/bytes.ts';
import type { Validators } from '../source/http.ts';
import { type KeptFile, keep, keptPath, readKept } from '../source/kept-file.ts';
import { checkDigest, digestOf } from './digest.ts';
import { isDigest } from './options.ts';

export interface Kept extends Validators {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

const LONGEST_LINE = 65_536;

export class Cache {
  private readonly file: KeptFile;

  constructor(
    folder: string,
    url: URL,
    /** The most bytes of the model. */
    private readonly limit: number,
    /** Called with the reason if the cached file cannot be used, or nothing can be written. */
    private readonly report: (error: ForwardpassError) => void,
  ) {
    const named = new URL(url);
    named.username = '';
    named.password = '';
    named.hash = '';
    const name = createHash('sha256').update(named.href).digest('hex').slice(0, 32);
    this.file = { folder: resolve(folder), name };
  }

  get path(): string {
    return keptPath(this.file);
  }

  async read(): Promise<Kept | undefined> {
    try {
      const file = await readKept(this.file, this.limit + LONGEST_LINE);
      if (file === undefined) return undefined;
      const kept = parse(file, this.path);
      checkDigest(await digestOf(bytesReader('', kept.bytes)), kept.sha256, this.path);
      return kept;
    } catch (error) {
      this.report(error as ForwardpassError);
      return undefined;
    }
  }

  async write({ bytes, ...about }: Kept): Promise<void> {
    try {
      await keep(this.file, [Buffer.from(`${JSON.stringify(about)}\n`), bytes]);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      this.report(new ForwardpassError('SOURCE', `could not be written (${code ?? message})`, this.path, { cause }));
    }
  }
}

function parse(file: Buffer, path: string): Kept {
  const end = file.subarray(0, LONGEST_LINE).indexOf('\n');
  const about = end < 0 ? undefined : objectIn(file.subarray(0, end).toString());
  const { sha256, etag, lastModified } = about ?? {};
  if (typeof sha256 !== 'string' || !isDigest(sha256)) {
    throw new ForwardpassError('MALFORMED', 'expected a line of JSON that describes the cached version', path);
  }
  return {
    bytes: file.subarray(end + 1),
    sha256,
    ...(typeof etag === 'string' && { etag }),
    ...(typeof lastModified === 'string' && { lastModified }),
  };
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    return Object(JSON.parse(line));
  } catch {
    return undefined;
  }
}
