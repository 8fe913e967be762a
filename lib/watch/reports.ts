/** What is told to the user's functions, each once, and what went wrong last. */
import { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { describe } from '../words.ts';
import type { ModelVersion, WatchOptions } from './options.ts';

type Listeners = Pick<WatchOptions, 'onUpdate' | 'onReject' | 'onError'>;

export class Reports {
  /** Why the last check failed. */
  error: ForwardpassError | undefined;
  /** What the source has and is not used. */
  rejected: { readonly version: ModelVersion; readonly error: ForwardpassError } | undefined;
  #problems: ForwardpassError[] | undefined;
  /** What the cache was last said to have. */
  #cacheProblem = '';

  constructor(private readonly listeners: Listeners) {}

  /** From now on what goes wrong is gathered too, to be thrown. */
  collect() {
    const problems: ForwardpassError[] = [];
    this.#problems = problems;
    return {
      stop: () => {
        this.#problems = undefined;
      },
      /** The first problem, with the words of all. */
      together: () => {
        const [first, ...others] = problems;
        if (others.length === 0) return first;
        const message = [first.message, ...others.map(({ message }) => message)].join('; then ');
        return new ForwardpassError(first.code, message, undefined, { cause: new AggregateError(problems) });
      },
    };
  }

  update(model: Model, version: ModelVersion): void {
    tell(() => this.listeners.onUpdate?.(model, version));
  }

  reject(thrown: unknown, version: ModelVersion): void {
    const error = asOurs(thrown);
    this.rejected = { version, error };
    this.#problems?.push(error);
    const { onReject } = this.listeners;
    if (onReject !== undefined) tell(() => onReject(error, version));
    else process.emitWarning(`a version of a watched model was refused: ${error.message}`, 'ForwardpassWarning');
  }

  /** Of a check. The same failure again is not told again. */
  failed(thrown: unknown): void {
    const error = asOurs(thrown);
    const known = error.message === this.error?.message;
    this.error = error;
    this.#problems?.push(error);
    if (!known) tell(() => this.listeners.onError?.(error));
  }

  succeeded(): void {
    this.error = undefined;
  }

  /** Of the cache, without which all goes on. */
  cache(error: ForwardpassError): void {
    this.#problems?.push(error);
    if (error.message === this.#cacheProblem) return;
    this.#cacheProblem = error.message;
    tell(() => this.listeners.onError?.(error));
  }
}

/** What a listener throws is its own affair: a warning. */
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
  return new ForwardpassError('REJECTED', `could not be read: ${reason}`, undefined, { cause: thrown });
}
