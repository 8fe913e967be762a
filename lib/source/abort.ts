import { ForwardpassError } from '../errors.ts';

/** Throws `ABORTED` once the signal is. */
export function aborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

export function abortError(signal: AbortSignal): ForwardpassError {
  return new ForwardpassError('ABORTED', 'loading was aborted', undefined, { cause: signal.reason });
}
