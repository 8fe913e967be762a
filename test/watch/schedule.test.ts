import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import { HttpStatus } from '../../lib/source/http.ts';
import { waitFor } from '../../lib/watch/schedule.ts';

const FILE = { interval: 2_000, shared: false, failures: 0 };
const URL = { interval: 60_000, shared: true, failures: 0 };
const asking = (retryAfter: number) =>
  new ForwardpassError('SOURCE', 'the server answered 503', 'm', { cause: new HttpStatus(503, retryAfter) });

describe('the wait until the next check', () => {
  it('is the interval, give or take a tenth where many may ask the same server', () => {
    expect([0, 0.5, 1].map((random) => waitFor(FILE, random))).toEqual([2_000, 2_000, 2_000]);
    expect([0, 0.5, 1].map((random) => waitFor(URL, random))).toEqual([54_000, 60_000, 66_000]);
  });

  it('is short after a failure, doubles with each, and ends at the interval', () => {
    const waits = [1, 2, 3, 6, 7, 1000].map((failures) => waitFor({ ...URL, failures }, 1));
    expect(waits).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
    expect(waitFor({ ...URL, failures: 3 }, 0)).toBe(2_000);
    expect(waitFor({ ...URL, interval: 5, failures: 3 }, 1)).toBe(5);
  });

  it('is as long as the server wants, but no longer than a day', () => {
    expect(waitFor({ ...URL, failures: 1, error: asking(120_000) }, 1)).toBe(120_000);
    expect(waitFor({ ...URL, failures: 7, error: asking(5) }, 1)).toBe(60_000);
    expect(waitFor({ ...URL, failures: 1, error: asking(10 ** 12) }, 1)).toBe(86_400_000);
  });

  it('never ends when only calls check', () => {
    expect(waitFor({ ...URL, interval: Number.POSITIVE_INFINITY, failures: 2 }, 1)).toBe(Number.POSITIVE_INFINITY);
  });
});
