/**
 * The last good version of a URL, in one file: a line of JSON that says what it is, then its bytes. A new one is written
 * beside it and takes its name, so that whoever reads, in this process or another, reads one version whole.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { bytesReader } from '../source/bytes.ts';
import type { Validators } from '../source/http.ts';
import { attempt } from '../source/plain.ts';
import { replaceFile } from '../source/replace-file.ts';
import { checkDigest, digestOf } from './digest.ts';
import { isDigest } from './options.ts';

export interface Kept extends Validators {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

const LONGEST_LINE = 65_536;
/** After which what an ended process was writing is thrown away, in milliseconds. */
const STALE = 3_600_000;

export class Cache {
  private readonly folder: string;
  private readonly name: string;

  constructor(
    folder: string,
    url: URL,
    /** In bytes, of the model. */
    private readonly limit: number,
    /** Told why what is there cannot be used, or nothing can be written. */
    private readonly report: (error: ForwardpassError) => void,
  ) {
    this.folder = resolve(folder);
    const named = new URL(url);
    named.username = '';
    named.password = '';
    named.hash = '';
    this.name = createHash('sha256').update(named.href).digest('hex').slice(0, 32);
  }

  get path(): string {
    return join(this.folder, `${this.name}.model`);
  }

  async read(): Promise<Kept | undefined> {
    try {
      const file = await readUpTo(this.path, this.limit + LONGEST_LINE);
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
      await this.replace([Buffer.from(`${JSON.stringify(about)}\n`), bytes]);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      this.report(new ForwardpassError('SOURCE', `could not be written (${code ?? message})`, this.path, { cause }));
    }
  }

  private async replace(parts: readonly Uint8Array[]): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.tidy();
    const temporary = join(this.folder, `${this.name}.${randomBytes(8).toString('hex')}.tmp`);
    await replaceFile(temporary, this.path, parts, 0o600);
  }

  private async tidy(): Promise<void> {
    const left = (await readdir(this.folder)).filter((name) => name.startsWith(this.name) && name.endsWith('.tmp'));
    for (const name of left) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > STALE) await rm(path, { force: true });
    }
  }
}

/** Nothing when file not found. */
async function readUpTo(path: string, most: number): Promise<Buffer | undefined> {
  // Without waiting for the other end of a pipe.
  const opening = open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const file = await attempt(path, () =>
    opening.catch((error) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
  );
  if (file === undefined) return undefined;
  try {
    const found = await attempt(path, () => file.stat());
    if (!found.isFile()) throw new ForwardpassError('SOURCE', 'expected a regular file', path);
    if (found.size > most) throw new ForwardpassError('LIMIT', `${found.size} bytes, over the limit ${most}`, path);
    return await attempt(path, () => file.readFile());
  } finally {
    await file.close();
  }
}

function parse(file: Buffer, path: string): Kept {
  const end = file.subarray(0, LONGEST_LINE).indexOf('\n');
  const about = end < 0 ? undefined : objectIn(file.subarray(0, end).toString());
  const { sha256, etag, lastModified } = about ?? {};
  if (typeof sha256 !== 'string' || !isDigest(sha256)) {
    throw new ForwardpassError('MALFORMED', 'expected a line that says what was kept', path);
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
