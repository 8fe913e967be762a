/** Reads callers' values, whose getters and proxies run their own code. */
import { type ErrorCode, ForwardpassError } from './errors.ts';

/**
 * The result of `read`. An exception from a getter or proxy (also a revoked one) becomes the cause of an error with
 * that code and place.
 */
export function reading<T>(code: ErrorCode, place: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    const message = `reading the value failed: ${cause instanceof Error ? cause.message : typeof cause}`;
    throw new ForwardpassError(code, message, place, { cause });
  }
}
