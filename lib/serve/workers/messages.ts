/** The messages between the thread that loads models and those that answer requests: plain data. */
import type { ModelHandle } from '../../handle.ts';
import type { ModelSource } from '../catalog.ts';
import type { Certificates } from '../listener.ts';
import type { MetricsState } from '../metrics.ts';
import type { CheckedServeOptions } from '../options.ts';

/** A version in use; equal keys mean the same model. */
export interface Shared {
  readonly key: number;
  readonly name: string;
  readonly version: string;
  /** A handle for the weights in this process, or a file that each thread loads, for models with functions. */
  readonly from: { readonly handle: ModelHandle } | { readonly source: ModelSource };
}

/** The data with which a thread starts. */
export interface Start {
  /** The descriptor of the shared listening socket, which the thread must close. */
  readonly fd: number;
  /** The same for gRPC. */
  readonly grpcFd?: number;
  readonly options: Omit<CheckedServeOptions, 'accessLog' | 'onEvent'>;
  readonly logsAccess: boolean;
  readonly tls?: Certificates;
  readonly tokens?: readonly string[];
  readonly models: Edition;
}

/** The models in use at a time. */
export interface Edition {
  readonly number: number;
  readonly models: readonly Shared[];
  readonly ready: boolean;
}

/** A question of a thread on behalf of a client. */
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
