/** What the thread that loads models and those that answer requests say to each other: plain data. */
import type { ModelHandle } from '../../handle.ts';
import type { ModelSource } from '../catalog.ts';
import type { Certificates } from '../listener.ts';
import type { MetricsState } from '../metrics.ts';
import type { CheckedServeOptions } from '../options.ts';

/** A version in use; the same key is the same model. */
export interface Shared {
  readonly key: number;
  readonly name: string;
  readonly version: string;
  /** For the weights in this process, or of a file that each thread loads: that of a model with functions of the thread's own. */
  readonly from: { readonly handle: ModelHandle } | { readonly source: ModelSource };
}

/** What a thread starts with. */
export interface Start {
  /** Of the socket that all listen on, for this one to close. */
  readonly fd: number;
  /** The same of gRPC. */
  readonly grpcFd?: number;
  readonly options: Omit<CheckedServeOptions, 'accessLog' | 'onEvent'>;
  readonly logsAccess: boolean;
  readonly tls?: Certificates;
  readonly tokens?: readonly string[];
  readonly models: Edition;
}

/** What is in use at a time. */
export interface Edition {
  readonly number: number;
  readonly models: readonly Shared[];
  readonly ready: boolean;
}

/** What a thread asks for on behalf of a client. */
export type Question = 'metrics' | 'index' | 'load' | 'unload';

export type ToWorker =
  | { readonly kind: 'models'; readonly edition: Edition }
  | { readonly kind: 'tokens'; readonly tokens?: readonly string[] }
  | { readonly kind: 'tls'; readonly tls: Certificates }
  | { readonly kind: 'collect'; readonly id: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'drain' }
  | { readonly kind: 'close'; readonly most: number };

export type FromWorker =
  | { readonly kind: 'listening' }
  /** The models of that edition answer from now on. */
  | { readonly kind: 'taken'; readonly edition: number }
  | { readonly kind: 'failed'; readonly model?: string; readonly error: unknown }
  | { readonly kind: 'metrics'; readonly id?: number; readonly state: MetricsState }
  | { readonly kind: 'question'; readonly id: number; readonly question: Question; readonly name?: string }
  | { readonly kind: 'access'; readonly lines: string }
  | { readonly kind: 'closed' };
