/** Finds versions, judges them, and keeps the newest good one, with one check at a time. */
// Node's timers, on every host that has them.
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, ForwardpassError } from '../errors.ts';
import { describe } from '../messages.ts';
import type { Model } from '../model.ts';
import { abortError } from '../source/abort.ts';
import type { CheckedWatchOptions } from './options.ts';
import { orAborted } from './or-aborted.ts';
import type { Offer, Origin } from './origin.ts';
import type { Reports } from './reports.ts';
import { checkSameInterface } from './same-interface.ts';
import { waitFor } from './schedule.ts';
import { Tenure } from './tenure.ts';

/** The longest time that a timer can wait. */
const LONGEST = 2 ** 31 - 1;
/** Milliseconds between attempts at the start. */
const RETRY = 50;
const NOTHING: ReadonlySet<ErrorCode> = new Set();
/** How many rejected versions are remembered. */
const MOST_REJECTED = 64;

export class Watcher {
  #tenure: Tenure | undefined;
  /** Keys of versions of the source that were rejected since the last good one. */
  readonly #rejected = new Set<string>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** The check in progress, which never rejects. */
  #running: Promise<boolean> = Promise.resolve(false);
  /** The next check, which waits for it and is shared by all callers. */
  #waiting: Promise<boolean> | undefined;
  #started = false;
  #failures = 0;
  #checked: Date | undefined;
  #next: Date | undefined;
  #announce = () => {};
  #changed = this.#promiseOfChange();

  constructor(
    private readonly origin: Origin,
    private readonly fallback: Offer | undefined,
    private readonly options: CheckedWatchOptions,
    readonly reports: Reports,
  ) {}

  /** Finds the first model and starts the schedule; throws the errors of all sources if there is none. */
  async start(): Promise<void> {
    const problems = this.reports.collect();
    let checked = false;
    try {
      checked = await this.#findFirst(await this.origin.kept?.());
    } catch (error) {
      if (!this.closed) throw error;
    } finally {
      problems.stop();
    }
    if (this.closed) throw abortError(this.#stop.signal);
    if (this.#tenure === undefined) throw problems.together();
    this.#started = true;
    const wait = this.#wait();
    this.#schedule(checked || wait === Number.POSITIVE_INFINITY ? wait : 0);
  }

  /** Whether the source was asked. */
  async #findFirst(kept: Offer | undefined): Promise<boolean> {
    const found = () => this.#tenure !== undefined || this.closed;
    const tryKept = async () => {
      if (kept !== undefined && !(await this.#considerFirst(kept))) this.origin.forget();
    };
    if (this.options.startFrom === 'cache') {
      await tryKept();
      if (found()) return false;
    }
    await this.#askFirst();
    if (!found()) await tryKept();
    // The source may have answered that the cached version is the newest.
    if (!found() && kept !== undefined && this.#failures === 0) await this.#run();
    if (!found() && this.fallback !== undefined) await this.#considerFirst(this.fallback);
    return true;
  }

  /** Checks the source; repeats until `timeout` if it is changing, as later checks would. */
  async #askFirst(): Promise<void> {
    const deadline = performance.now() + this.options.timeout;
    await this.#run();
    while (!this.closed && this.#failures > 0 && this.origin.changing && performance.now() < deadline) {
      await sleep(RETRY, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      await this.#run();
    }
  }

  /** For versions from elsewhere there is no second try, so every error is reported. */
  #considerFirst(offer: Offer): Promise<boolean> {
    return this.#consider(offer, this.#stop.signal, NOTHING);
  }

  /** @throws {ForwardpassError} DISPOSED */
  get tenure(): Tenure {
    if (this.#tenure === undefined || this.closed) {
      throw new ForwardpassError('DISPOSED', 'the live model was closed; watch it again to run it');
    }
    return this.#tenure;
  }

  /** The model in use, or the last one before it was closed. */
  get last(): Tenure {
    return this.#tenure as Tenure;
  }

  get closed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Resolves when another model is in use, or none any more. */
  get changed(): Promise<void> {
    return this.#changed;
  }

  get times() {
    return { checked: this.#checked, next: this.#next, failures: this.#failures };
  }

  /** Runs after the check in progress, which may have started before the change that the caller knows about. */
  check(): Promise<boolean> {
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined;
      return this.#run();
    });
    return this.#waiting;
  }

  /** Aborted when it is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Resolves when no check is in progress any more. */
  async close(reason?: unknown): Promise<void> {
    if (!this.closed) {
      this.#stop.abort(reason);
      clearTimeout(this.#timer);
      this.#next = undefined;
      this.#tenure?.end();
      this.#announce();
    }
    await this.#running;
  }

  #run(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#next = undefined;
    this.#running = this.#checkOnce().finally(() => this.#schedule(this.#wait()));
    return this.#running;
  }

  /** Checks once; returns whether another version was taken. */
  async #checkOnce(): Promise<boolean> {
    if (this.closed) return false;
    // A new signal for each check, because on some versions of Node, derived signals accumulate on long-lived ones.
    const stop = new AbortController();
    const abort = () => stop.abort(this.#stop.signal.reason);
    this.#stop.signal.addEventListener('abort', abort, { once: true });
    try {
      const offer = await this.origin.look(stop.signal);
      const taken = offer !== undefined && (await this.#consider(offer, stop.signal));
      this.#failures = 0;
      if (!this.closed) this.reports.succeeded();
      return taken;
    } catch (error) {
      if (this.closed) return false;
      this.#failures += 1;
      this.reports.failed(error);
      return false;
    } finally {
      this.#checked = new Date();
      this.#stop.signal.removeEventListener('abort', abort);
    }
  }

  /** Takes the version if it is good and not already in use. Throws errors that do not condemn the version. */
  async #consider(offer: Offer, signal: AbortSignal, passing = this.origin.passing): Promise<boolean> {
    const current = this.#tenure;
    if (offer.key === current?.key || this.#rejected.has(offer.key)) {
      if (offer.key === current?.key) this.reports.rejected = undefined;
      offer.judged?.();
      return false;
    }
    let candidate: Model | undefined;
    try {
      candidate = await offer.load(signal);
      await this.#approve(candidate, current?.model, signal);
      if (this.closed) throw abortError(signal);
    } catch (error) {
      candidate?.dispose();
      if (this.closed || (error instanceof ForwardpassError && passing.has(error.code))) throw error;
      this.#reject(offer, error);
      return false;
    }
    this.#switchTo(new Tenure(candidate, offer.version, offer.key));
    offer.judged?.();
    await offer.keep?.();
    return true;
  }

  async #approve(candidate: Model, current: Model | undefined, signal: AbortSignal): Promise<void> {
    const { sameInterface, validate } = this.options;
    if (current !== undefined && sameInterface) checkSameInterface(candidate, current);
    if (validate === undefined) return;
    let answer: unknown;
    try {
      answer = await orAborted((async () => validate(candidate, current))(), signal);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : describe(cause);
      throw new ForwardpassError('REJECTED', `threw: ${reason}`, 'validate', { cause });
    }
    if (answer === false) throw new ForwardpassError('REJECTED', 'returned false', 'validate');
  }

  #reject(offer: Offer, error: unknown): void {
    this.#rejected.add(offer.key);
    for (const oldest of this.#rejected) {
      if (this.#rejected.size <= MOST_REJECTED) break;
      this.#rejected.delete(oldest);
    }
    offer.judged?.();
    this.reports.reject(error, offer.version);
  }

  /** Switches synchronously, so between two calls. */
  #switchTo(tenure: Tenure): void {
    const before = this.#tenure;
    this.#tenure = tenure;
    if (tenure.version.from === 'source') {
      // Versions that were rejected relative to the old model may be acceptable relative to the new one.
      this.#rejected.clear();
      this.reports.rejected = undefined;
    }
    before?.end();
    this.#announce();
    this.#changed = this.#promiseOfChange();
    if (before !== undefined) this.reports.update(tenure.model, tenure.version);
  }

  #promiseOfChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  #schedule(wait: number): void {
    clearTimeout(this.#timer);
    if (!this.#started || this.closed || wait === Number.POSITIVE_INFINITY) return;
    this.#next = new Date(Date.now() + wait);
    this.#timer = setTimeout(() => this.check(), Math.min(wait, LONGEST));
    if (!this.options.persistent) this.#timer.unref();
  }

  #wait(): number {
    const { shared, interval } = this.origin;
    const { error } = this.reports;
    return waitFor({ interval: this.options.interval ?? interval, shared, failures: this.#failures, error });
  }
}
