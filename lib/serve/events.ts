/** What happens to the models of a server, for whoever keeps its log. */
import type { ForwardpassError } from '../errors.ts';

/** Something that happened to the models of a server: `kind` says what. */
export type Event =
  /** A version is served from now on, or its place was taken by a newer one of the same path. */
  | { readonly kind: 'loaded' | 'updated'; readonly model: string; readonly version: string; readonly sha256?: string }
  /** It is not served any more. */
  | { readonly kind: 'removed'; readonly model: string; readonly version: string }
  /** A version is not served, or not taken, and why. */
  | { readonly kind: 'rejected'; readonly model: string; readonly version: string; readonly error: ForwardpassError }
  /** Something could not be looked at; what was served is served still. */
  | { readonly kind: 'failed'; readonly model?: string; readonly error: Error }
  /** A thread ended by itself; another takes its place. */
  | { readonly kind: 'worker'; readonly worker: number; readonly error: Error };
