/** What `watch` gives: the newest good model, under the names of a model's own calls. */
import type { TypedArray } from '../buffers.ts';
import type { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { type RunOptions, wrong } from '../options.ts';
import type { Rows } from '../rows.ts';
import type { ModelVersion } from './options.ts';
import type { Watcher } from './watcher.ts';

/** What a {@link LiveModel} knows about its source: the version in use, the last check, and what went wrong. */
export interface LiveStatus {
  /** The version in use, or that was when it was closed. */
  readonly version: ModelVersion;
  /** Since when. */
  readonly since: Date;
  /** When the last check ended, whether well or not. */
  readonly checked?: Date;
  /** When the next one is due. */
  readonly next?: Date;
  /** Checks that failed since the last one that did not. */
  readonly failures: number;
  /** Why the last check failed. */
  readonly error?: ForwardpassError;
  /** The version that the source has and is not used, and why. */
  readonly rejected?: { readonly version: ModelVersion; readonly error: ForwardpassError };
  /** Whether {@link LiveModel.close} was called. */
  readonly closed: boolean;
}

/** The newest good version of a model that is watched: see {@link watch}. Its calls are a model's own. */
export class LiveModel implements Disposable, AsyncDisposable, AsyncIterable<Model> {
  readonly #watcher: Watcher;

  /** @internal */
  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  /**
   * The newest good model, for synchronous use: read it anew for each call, and after each `await`, since it is disposed
   * of when a newer one takes its place. Asynchronous runs that it has begun end well. @throws DISPOSED once closed.
   */
  get model(): Model {
    return this.#watcher.tenure.model;
  }

  /** `run` of the newest model. */
  readonly run = ((input: TypedArray, output: TypedArray) => this.model.run(input, output)) as Model['run'];
  /** `runAsync` of the newest model, which then lives until it is done. */
  readonly runAsync = (async (input: TypedArray, output: TypedArray, options: RunOptions) =>
    this.model.runAsync(input, output, options)) as Model['runAsync'];

  /** `predict` of the newest model. */
  readonly predict = ((rows: Rows) => this.model.predict(rows)) as Model['predict'];
  /** `predictProba` of the newest model. */
  readonly predictProba = ((rows: Rows) => this.model.predictProba(rows)) as Model['predictProba'];

  /** Calls back with the newest model, which stays whole until what the callback promises is settled. */
  async use<T>(callback: (model: Model) => T | PromiseLike<T>): Promise<T> {
    if (typeof callback !== 'function') throw wrong('a function', callback, 'use');
    const { tenure } = this.#watcher;
    const letGo = tenure.hold();
    try {
      return await callback(tenure.model);
    } finally {
      letGo();
    }
  }

  /**
   * The model in use, then each that takes its place; the last one only, when several did meanwhile. Each stays whole
   * until the loop has come back from the one after it, so that calls can be bound anew without a gap. Ends when closed.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Model, void, undefined> {
    const watcher = this.#watcher;
    let held = hold(watcher);
    let older: (() => void) | undefined;
    try {
      for (;;) {
        yield held.tenure.model;
        older?.();
        while (!watcher.closed && watcher.tenure === held.tenure) await watcher.changed;
        if (watcher.closed) return;
        older = held.letGo;
        held = hold(watcher);
      }
    } finally {
      older?.();
      held.letGo();
    }
  }

  /** The version in use, the last check and the next, and the last error. Never throws. */
  get status(): LiveStatus {
    const { closed, reports, last, times } = this.#watcher;
    const { version, since } = last;
    return { version, since, ...times, error: reports.error, rejected: reports.rejected, closed };
  }

  /**
   * Looks for a newer version now; resolves with whether one was taken. Failures do not reject: they are in
   * {@link status}, and told to `onError` and `onReject`. @throws DISPOSED once closed.
   */
  async check(): Promise<boolean> {
    void this.#watcher.tenure;
    return this.#watcher.check();
  }

  /**
   * Looks no more, and disposes of the model when the last who holds it has let go. All is closed when this returns; a
   * check in progress is broken off, and has ended when the promise resolves.
   */
  close(): Promise<void> {
    return this.#watcher.close();
  }

  /** As {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function hold({ tenure }: Watcher) {
  return { tenure, letGo: tenure.hold() };
}
