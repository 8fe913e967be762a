/** When to check next. */
import type { ForwardpassError } from '../errors.ts';
import { HttpStatus } from '../source/http.ts';

/** A server that wants to be left alone for longer is asked after a day. */
const LONGEST_WAIT = 86_400_000;
const FIRST_RETRY = 1_000;

export interface Situation {
  readonly interval: number;
  /** Whether many may check the same source. */
  readonly shared: boolean;
  /** Checks that failed since the last that did not. */
  readonly failures: number;
  readonly error?: ForwardpassError;
}

/**
 * Milliseconds until the next check. After a failure sooner than usual, then at twice the time, up to the interval; but
 * not before a server wants it. `random` is from 0 to 1: those who came together come apart.
 */
export function waitFor({ interval, shared, failures, error }: Situation, random = Math.random()): number {
  if (interval === Number.POSITIVE_INFINITY) return interval;
  if (failures === 0) return shared ? interval * (0.9 + 0.2 * random) : interval;
  const wait = Math.min(interval, FIRST_RETRY * 2 ** Math.min(failures - 1, 30)) * (0.5 + 0.5 * random);
  const { retryAfter = 0 } = error?.cause instanceof HttpStatus ? error.cause : {};
  return Math.max(wait, Math.min(retryAfter, LONGEST_WAIT));
}
