/** Decides when to check next. */
import type { ForwardpassError } from '../errors.ts';
import { HttpStatus } from '../source/http.ts';

/** If a server asks for a longer wait, it is checked again after a day. */
const LONGEST_WAIT = 86_400_000;
const FIRST_RETRY = 1_000;

export interface Situation {
  readonly interval: number;
  /** Whether many processes may check the same source. */
  readonly shared: boolean;
  /** The number of failed checks since the last successful one. */
  readonly failures: number;
  readonly error?: ForwardpassError;
}

/**
 * Milliseconds until the next check. After a failure, it is sooner than usual, then doubles up to the interval, but is
 * never earlier than the server allows. `random` is from 0 to 1 and spreads processes that check at the same time.
 */
export function waitFor({ interval, shared, failures, error }: Situation, random = Math.random()): number {
  if (interval === Number.POSITIVE_INFINITY) return interval;
  if (failures === 0) return shared ? interval * (0.9 + 0.2 * random) : interval;
  const wait = Math.min(interval, FIRST_RETRY * 2 ** Math.min(failures - 1, 30)) * (0.5 + 0.5 * random);
  const { retryAfter = 0 } = error?.cause instanceof HttpStatus ? error.cause : {};
  return Math.max(wait, Math.min(retryAfter, LONGEST_WAIT));
}
