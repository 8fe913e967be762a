import { expect } from 'vitest';

/** Whether fixtures may be written, within a test: only where vitest was asked to update (`-u`). */
export function isUpdating(): boolean {
  return expect.getState().snapshotState.snapshotUpdateState === 'all';
}
