/** Reports to the user's functions, each once, and the last errors. */
import { ForwardpassError } from '../errors.ts';
import { describe } from '../messages.ts';
import type { Model } from '../model.ts';
import type { ModelVersion, WatchOptions } from './options.ts';

type Listeners = Pick<WatchOptions, 'onUpdate' | 'onReject' | 'onError'>;

export class Reports {
  /** Why the last check failed. */
  error: ForwardpassError | undefined;
  /** The version of the source that was rejected. */
  rejected: { readonly version: ModelVersion; readonly error: ForwardpassError } | undefined;
  /** Collects all problems while searching for the first model. */
  #sink: ((error: ForwardpassError, isOfCache: boolean) => void) | undefined;
  /** The last reported problem of the cache. */
  #cacheProblem = '';

  constructor(private readonly listeners: Listeners) {}

  /** From now on, problems are also collected, to be thrown. */
  collect() {
    const problems: ForwardpassError[] = [];
    const ofCache: ForwardpassError[] = [];
    this.#sink = (error, isOfCache) => (isOfCache ? ofCache : problems).push(error);
    return {
      stop: () => {
        this.#sink = undefined;
      },
      /** The source's problem, with the messages of all. */
      together: () => {
        // Repeated messages are dropped.
        const all = [...new Map([...problems, ...ofCache].map((error) => [error.message, error])).values()];
        if (all.length === 1) return all[0];
        const message = all.map((error) => error.message).join('; then ');
        return new ForwardpassError(all[0].code, message, undefined, { cause: new AggregateError(all) });
      },
    };
  }

  update(model: Model, version: ModelVersion): void {
    tell(() => this.listeners.onUpdate?.(model, version));
  }

  reject(thrown: unknown, version: ModelVersion): void {
    const error = asOurs(thrown);
    this.rejected = { version, error };
    this.#sink?.(error, false);
    const { onReject } = this.listeners;
    if (onReject !== undefined) tell(() => onReject(error, version));
    else process.emitWarning(`a version of a watched model was rejected: ${error.message}`, 'ForwardpassWarning');
  }

  /** Reports a failed check. Repeated failures are only reported once. */
  failed(thrown: unknown): void {
    const error = asOurs(thrown);
    const known = error.message === this.error?.message;
    this.error = error;
    this.#sink?.(error, false);
    if (!known) tell(() => this.listeners.onError?.(error));
  }

  succeeded(): void {
    this.error = undefined;
  }

  /** Reports a problem of the cache, which is not fatal. */
  cache(error: ForwardpassError): void {
    this.#sink?.(error, true);
    if (error.message === this.#cacheProblem) return;
    this.#cacheProblem = error.message;
    tell(() => this.listeners.onError?.(error));
  }
}

/** Calls a listener. If it throws, that becomes a warning. */
function tell(listener: () => unknown): void {
  const warn = (thrown: unknown) => {
    const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : describe(thrown);
    process.emitWarning(`a listener of a watched model threw: ${reason}`, 'ForwardpassWarning');
  };
  (async () => listener())().catch(warn);
}

function asOurs(thrown: unknown): ForwardpassError {
  if (thrown instanceof ForwardpassError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : describe(thrown);
  return new ForwardpassError('SOURCE', `could not be read: ${reason}`, undefined, { cause: thrown });
}
