/** The result of `watch`: the newest good model, with the methods of a model. */
import type { TypedArray } from '../buffers.ts';
import type { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { type RunOptions, wrong } from '../options.ts';
import type { Rows } from '../rows.ts';
import type { ModelVersion } from './options.ts';
import type { Watcher } from './watcher.ts';

/** The status of a {@link LiveModel}: the version in use, the last check, and errors. */
export interface LiveStatus {
  /** The version in use, or the last one before it was closed. */
  readonly version: ModelVersion;
  /** When that version came into use. */
  readonly since: Date;
  /** When the last check ended, successfully or not. */
  readonly checked?: Date;
  /** When the next check is due. */
  readonly next?: Date;
  /** The number of failed checks since the last successful one. */
  readonly failures: number;
  /** Why the last check failed. */
  readonly error?: ForwardpassError;
  /** The version of the source that was rejected, and why. */
  readonly rejected?: { readonly version: ModelVersion; readonly error: ForwardpassError };
  /** Whether {@link LiveModel.close} was called. */
  readonly closed: boolean;
}

/** The newest good version of a watched model: see {@link watch}. It has the methods of a model. */
export class LiveModel implements Disposable, AsyncDisposable, AsyncIterable<Model> {
  readonly #watcher: Watcher;

  /** @internal */
  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  /**
   * The newest good model, for synchronous use: read this property for each call, and after each `await`, because the
   * model is disposed of when a newer one replaces it. Its asynchronous runs in progress finish normally. @throws
   * DISPOSED once closed.
   */
  get model(): Model {
    return this.#watcher.tenure.model;
  }

  /** `run` of the newest model. */
  readonly run = ((input: TypedArray, output: TypedArray) => this.model.run(input, output)) as Model['run'];
  /** `runAsync` of the newest model, which is then kept until it is done. */
  readonly runAsync = (async (input: TypedArray, output: TypedArray, options: RunOptions) =>
    this.model.runAsync(input, output, options)) as Model['runAsync'];

  /** `predict` of the newest model. */
  readonly predict = ((rows: Rows) => this.model.predict(rows)) as Model['predict'];
  /** `predictProba` of the newest model. */
  readonly predictProba = ((rows: Rows) => this.model.predictProba(rows)) as Model['predictProba'];

  /** Calls back with the newest model, which is kept until the callback's promise settles. */
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
   * Iterates over the model in use and each one that replaces it; if several did in the meantime, only the last one.
   * Each is kept until the loop has processed the next one, so that calls can be bound again without a gap. Ends when
   * closed.
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
   * Checks for a newer version now; resolves with whether one was taken. Failures do not reject: they are in {@link
   * status}, and reported to `onError` and `onReject`. @throws DISPOSED once closed.
   */
  async check(): Promise<boolean> {
    void this.#watcher.tenure;
    return this.#watcher.check();
  }

  /**
   * Stops checking, and disposes of the model when its last user has released it. Everything is closed when this
   * returns; a check in progress is aborted, and has ended when the promise resolves.
   */
  close(): Promise<void> {
    return this.#watcher.close();
  }

  /** Same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function hold({ tenure }: Watcher) {
  return { tenure, letGo: tenure.hold() };
}
