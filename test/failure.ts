import { expect } from 'vitest';
import { ForwardpassError } from '../lib/errors.ts';

/** The error that the action throws or rejects with, which must be one of ours. */
export async function failureOf(action: () => unknown): Promise<ForwardpassError> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ForwardpassError)) throw error;
    expect(error.message).not.toMatch(/undefined|(?<!holds |is |found )NaN|\[object/);
    return error;
  }
  return expect.fail('nothing was thrown');
}
