/** What it takes to open a source, and what is open then. */
import type { Source } from '../formats/format.ts';
import type { Limits } from '../graph/limits.ts';

export interface SourceOptions {
  readonly limits: Limits;
  readonly signal?: AbortSignal;
  /** For URLs: request headers, and what asks in place of the global `fetch`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof globalThis.fetch;
}

/** A source and what it holds open. */
export interface OpenSource extends Source {
  /** Throws `SOURCE` where a file has been written to since it was opened, so that it may be a part of each version. */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}
