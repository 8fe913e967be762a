/** The environment of the command, which tests can replace. */
import type { Readable, Writable } from 'node:stream';
import type { Learner, LearnOptions } from '../learn.ts';
import type { Model } from '../model.ts';
import type { LoadOptions } from '../options.ts';
import type { Quantizable } from '../quantize.ts';
import type { ServeOptions } from '../serve/options.ts';
import type { Server } from '../serve/server.ts';
import type { ProgressStream } from './progress.ts';

/** The part of a model that the command uses. */
export type CliModel = Pick<
  Model,
  | 'format'
  | 'inputs'
  | 'outputs'
  | 'classes'
  | 'featureNames'
  | 'precision'
  | 'isa'
  | 'parameterCount'
  | 'trees'
  | 'run'
  | 'bind'
  | 'rowReader'
  | 'hasSteps'
  | 'ask'
  | 'schema'
  | 'summary'
  | 'dispose'
>;

export interface Environment {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: ProgressStream;
  load(path: string, options: LoadOptions): Promise<CliModel>;
  freeze(path: string, options: LoadOptions): Promise<Uint8Array[]>;
  learn(path: string, options: LearnOptions): Promise<Learner>;
  openQuantizable(path: string, options: Omit<LoadOptions, 'precision'>): Promise<Quantizable>;
  serve(source: string, options: ServeOptions): Promise<Server>;
  /** Calls back for each of these signals until the returned function is called. */
  onSignal(names: readonly NodeJS.Signals[], callback: (name: NodeJS.Signals) => void): () => void;
}
