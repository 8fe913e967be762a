/** Versions of a model behind a URL, requested with the validators of the last one. */
import type { ErrorCode } from '../errors.ts';
import { loadOpened } from '../load.ts';
import { bytesReader } from '../source/bytes.ts';
import { download, downloadIfChanged, type Validators } from '../source/http.ts';
import { downloaded } from '../source.ts';
import type { Cache, Kept } from './cache.ts';
import { checkDigest, digestOf, expectedDigest, keyOf, LONGEST_SIDECAR } from './digest.ts';
import type { CheckedWatchOptions, ModelVersion } from './options.ts';
import type { Offer, Origin } from './origin.ts';

/** The version that was judged last, and its expected digest. */
interface Judged {
  readonly sha256: string;
  readonly expected: string | undefined;
  readonly validators: Validators;
}

export class HttpOrigin implements Origin {
  readonly interval = 60_000;
  readonly shared = true;
  readonly passing: ReadonlySet<ErrorCode> = new Set(['MEMORY']);
  #judged: Judged | undefined;

  constructor(
    private readonly url: URL,
    private readonly options: CheckedWatchOptions,
    private readonly cache: Cache | undefined,
  ) {}

  async look(signal: AbortSignal): Promise<Offer | undefined> {
    const expected = await expectedDigest(this.options.sha256, () => this.sidecar(signal), signal);
    const judged = this.#judged;
    // The same bytes may match another digest, so they are requested again when it has changed.
    const known = judged?.expected === expected ? judged : undefined;
    if (expected !== undefined && known?.sha256 === expected) return undefined;
    const { load, timeout } = this.options;
    const { limits, headers, fetch } = load;
    const asked = { limits, headers, fetch, timeout, signal };
    const found = await downloadIfChanged(this.url, known?.validators ?? {}, asked);
    if (found === undefined) return undefined;
    const { bytes, whole, etag, lastModified } = found;
    const sha256 = await digestOf(bytesReader('', bytes));
    // Bytes that end with their connection may be incomplete: they are downloaded and compared again, without
    // validators.
    const validators = whole ? { etag, lastModified } : {};
    return this.offer('source', { bytes, sha256, etag, lastModified }, expected, { sha256, expected, validators });
  }

  async kept(): Promise<Offer | undefined> {
    const kept = await this.cache?.read();
    if (kept === undefined) return undefined;
    const { sha256: option } = this.options;
    const expected = option === 'sidecar' || typeof option === 'function' ? kept.sha256 : option;
    // The pinned digest has changed.
    if (expected !== undefined && expected !== kept.sha256) return undefined;
    this.#judged = { sha256: kept.sha256, expected, validators: kept };
    return this.offer('cache', kept, expected, this.#judged);
  }

  forget(): void {
    this.#judged = undefined;
  }

  private offer(from: ModelVersion['from'], found: Kept, expected: string | undefined, judged: Judged): Offer {
    const { bytes, sha256, etag, lastModified } = found;
    const modified = lastModified === undefined ? undefined : new Date(lastModified);
    return {
      version: {
        from,
        sha256,
        ...(etag !== undefined && { etag }),
        ...(modified !== undefined && !Number.isNaN(modified.getTime()) && { modified }),
      },
      key: keyOf(sha256, expected),
      load: async (signal) => {
        const source = downloaded(this.url, bytes);
        checkDigest(sha256, expected, source.main.name);
        return loadOpened(source, { ...this.options.load, signal });
      },
      judged: () => {
        this.#judged = judged;
      },
      ...(from === 'source' && { keep: async () => this.cache?.write({ ...found, ...judged.validators }) }),
    };
  }

  private async sidecar(signal: AbortSignal) {
    const url = new URL(this.url);
    url.pathname += '.sha256';
    const { load, timeout } = this.options;
    const { headers, fetch } = load;
    const limits = { ...load.limits, bytes: LONGEST_SIDECAR };
    return downloaded(url, await download(url, { limits, headers, fetch, timeout, signal })).main;
  }
}
