/** Where versions of a watched model come from. */
import type { ErrorCode } from '../errors.ts';
import type { Model } from '../model.ts';
import type { ModelVersion } from './options.ts';

/** A version that may be the one in use, or a newer one. */
export interface Offer {
  readonly version: ModelVersion;
  /** Two offers with the same key are of the same bytes, held against the same digest. Final once it is loaded. */
  readonly key: string;
  load(signal: AbortSignal): Promise<Model>;
  /** Says that it was taken or refused for good: the origin does not offer it again until it has changed. */
  judged?(): void;
  /** Keeps it for a start without the source. */
  keep?(): Promise<void>;
}

export interface Origin {
  /** In milliseconds, unless an option says otherwise. */
  readonly interval: number;
  /** Whether many may watch it, who had better not come at the same time. */
  readonly shared: boolean;
  /** What an offer's `load` throws that says nothing of the version: the next check tries again. */
  readonly passing: ReadonlySet<ErrorCode>;
  /** Whether the last look, or load of what it offered, failed for nothing but that the source was changed meanwhile. */
  readonly changing?: boolean;
  /** Nothing when the source still has what was judged last. */
  look(signal: AbortSignal): Promise<Offer | undefined>;
  /** What an earlier process kept; from then on the source is asked for others only. */
  kept?(): Promise<Offer | undefined>;
  /** What was judged, or kept, is offered again. */
  forget(): void;
}
