/** The options for opening a source, and the open source. */
import type { Source } from '../formats/format.ts';
import type { Limits } from '../graph/limits.ts';

export interface SourceOptions {
  readonly limits: Limits;
  readonly signal?: AbortSignal;
  /** For URLs: request headers, and a replacement of the global `fetch`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof globalThis.fetch;
}

/** An open source. */
export interface OpenSource extends Source {
  /** Throws `SOURCE` if a file was changed since it was opened, so that the bytes may be from different versions. */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}
