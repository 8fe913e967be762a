/** Events of a server's models, for its log. */
import type { ForwardpassError } from '../errors.ts';

/** Something that happened to the models of a server; `kind` says what. */
export type Event =
  /** A version is now served, or was replaced by a newer one from the same path. */
  | { readonly kind: 'loaded' | 'updated'; readonly model: string; readonly version: string; readonly sha256?: string }
  /** A version is not served any more. */
  | { readonly kind: 'removed'; readonly model: string; readonly version: string }
  /** A version was rejected, and why. */
  | { readonly kind: 'rejected'; readonly model: string; readonly version: string; readonly error: ForwardpassError }
  /** A check failed; the models in use are still served. */
  | { readonly kind: 'failed'; readonly model?: string; readonly error: Error }
  /** A thread ended unexpectedly; another one is started. */
  | { readonly kind: 'worker'; readonly worker: number; readonly error: Error };
