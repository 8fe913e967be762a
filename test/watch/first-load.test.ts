/** A file that is exchanged while `watch` loads it for the first time. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Reader } from '../../lib/formats/format.ts';
import { failureOf } from '../failure.ts';
import { answerOf, newFolder, version, watched } from './versions.ts';

/** Called before every read of a source, with how many there have been. */
let beforeRead: ((count: number) => unknown) | undefined;
let reads = 0;
let opened = 0;
afterEach(() => {
  beforeRead = undefined;
  reads = 0;
  opened = 0;
});

vi.mock('../../lib/source.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../lib/source.ts')>();
  const watchedReader = (reader: Reader): Reader => ({
    ...reader,
    read: async (at, length) => {
      await beforeRead?.(reads++);
      return reader.read(at, length);
    },
  });
  return {
    ...original,
    openSource: async (...given: Parameters<typeof original.openSource>) => {
      const source = await original.openSource(...given);
      opened++;
      return { ...source, main: watchedReader(source.main) };
    },
  };
});

async function renamedAt(wanted: number): Promise<{ path: string; count: () => number }> {
  const at = await newFolder();
  await writeFile(at('m'), version(1, 1));
  await writeFile(at('next'), version(2, 1));
  let renamed = 0;
  beforeRead = async (count) => {
    if (count !== wanted) return;
    await rename(at('next'), at('m'));
    renamed++;
  };
  return { path: at('m'), count: () => renamed };
}

describe('a file that is exchanged while it first loads', () => {
  it('is read again, at whichever of its reads that was', { timeout: 60_000 }, async () => {
    const { path } = await renamedAt(-1);
    await watched(path);
    const most = reads;
    expect(most).toBeGreaterThan(2);
    for (let wanted = 0; wanted < most; wanted++) {
      reads = 0;
      const { path: other, count } = await renamedAt(wanted);
      const { live, rejections } = await watched(other);
      expect([count(), answerOf(live), rejections]).toEqual([1, 2, []]);
      expect(live.status).toMatchObject({ failures: 0 });
      live.close();
    }
  });

  it('is read again when it was away for a moment', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    beforeRead = async (count) => {
      if (count === 1) await rm(at('m'));
      if (count === 1) setTimeout(() => writeFile(at('m'), version(2)), 0);
    };
    expect(answerOf((await watched(at('m'))).live)).toBe(2);
  });

  it('is waited for until the deadline, and no longer', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    beforeRead = async (count) => {
      await writeFile(at('next'), version(count));
      await rename(at('next'), at('m'));
    };
    const begin = performance.now();
    const error = await failureOf(() => watched(at('m'), { timeout: 300 }));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringMatching(/m: is being written; .*changes$/)]);
    expect(performance.now() - begin).toBeGreaterThan(290);
    expect(reads).toBeGreaterThan(2);
  });

  it('is not waited for when the signal aborts', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const controller = new AbortController();
    beforeRead = async (count) => {
      await writeFile(at('next'), version(count));
      await rename(at('next'), at('m'));
      if (count === 3) controller.abort();
    };
    const error = await failureOf(() => watched(at('m'), { signal: controller.signal }));
    expect(error.code).toBe('ABORTED');
  });

  it('is read once when it stays and is not a model', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1).subarray(0, -2));
    const error = await failureOf(() => watched(at('m')));
    expect(error.code).toBe('TRUNCATED');
    // For its digest, and to load it.
    expect(opened).toBe(2);
    expect((await failureOf(() => watched(at('not there')))).code).toBe('SOURCE');
  });
});
