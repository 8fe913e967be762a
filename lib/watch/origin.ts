/** The interface of sources of versions of a watched model. */
import type { ErrorCode } from '../errors.ts';
import type { Model } from '../model.ts';
import type { ModelVersion } from './options.ts';

/** A version that may be the one in use, or a newer one. */
export interface Offer {
  readonly version: ModelVersion;
  /** Two offers with the same key have the same bytes and the same expected digest. Final once it is loaded. */
  readonly key: string;
  load(signal: AbortSignal): Promise<Model>;
  /** Called when it was accepted or finally rejected: the origin does not offer it again until it has changed. */
  judged?(): void;
  /** Caches it for a start without the source. */
  keep?(): Promise<void>;
}

export interface Origin {
  /** The default interval between checks, in milliseconds. */
  readonly interval: number;
  /** Whether many processes may watch it, whose checks should not coincide. */
  readonly shared: boolean;
  /** Errors of an offer's `load` that do not condemn the version: the next check tries again. */
  readonly passing: ReadonlySet<ErrorCode>;
  /** Whether the last check, or load of its offer, only failed because the source changed in the meantime. */
  readonly changing?: boolean;
  /** Checks the source; undefined if it still has the version that was judged last. */
  look(signal: AbortSignal): Promise<Offer | undefined>;
  /** The version cached by an earlier process; from then on, the source is only asked for other versions. */
  kept?(): Promise<Offer | undefined>;
  /** Makes judged or cached versions be offered again. */
  forget(): void;
}
