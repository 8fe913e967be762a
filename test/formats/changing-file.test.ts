/** Files that change while they are read: one consistent reading, or an error with a code. */
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Reader, Source } from '../../lib/formats/format.ts';
import { readSafetensors } from '../../lib/formats/safetensors/read.ts';
import { Budget } from '../../lib/graph/budget.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { bytesReader } from '../../lib/source/bytes.ts';
import { openFile } from '../../lib/source/file.ts';
import { failureOf } from '../failure.ts';
import { fileOfShapes } from './safetensors-file.ts';

const SHAPES = { '0.weight': [8, 4], '0.bias': [8], '1.weight': [2, 8], '1.bias': [2] };
const file = fileOfShapes(SHAPES);
const longer = fileOfShapes({ ...SHAPES, '2.weight': [1, 2] });

/** Gives the bytes of one file up to a number of reads, and those of another from then on. */
function lying(first: Uint8Array, then: Uint8Array, after: number): Reader {
  const [honest, other] = [bytesReader('a.safetensors', first), bytesReader('a.safetensors', then)];
  let reads = 0;
  return { ...honest, read: (offset, length) => (reads++ < after ? honest : other).read(offset, length) };
}

const sourceOf = (main: Reader): Source => ({ main, sibling: () => Promise.reject(new Error('none is asked for')) });
const read = (source: Source) => readSafetensors(source, { budget: new Budget(), activation: 'relu' });

describe('a file that changes while it is read', () => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  it.each([0, 1, 2, 3, 4, 5])('is cut off after %i reads: it is refused', async (after) => {
    const error = await failureOf(() => read(sourceOf(lying(file, file.slice(0, 8), after))));
    expect(['TRUNCATED', 'MALFORMED']).toContain(error.code);
  });

  it.each([1, 2, 3])('is another file after %i reads: it is read by one header, or refused', async (after) => {
    try {
      expect((await read(sourceOf(lying(file, longer, after)))).nodes.length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toMatchObject({ name: expect.stringContaining('ForwardpassError') });
    }
  });

  it('is truncated on the disk once it is open: it is refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'changing-'));
    folders.push(folder);
    const path = join(folder, 'model.safetensors');
    await writeFile(path, file);
    const source = await openFile(path, { limits: DEFAULT_LIMITS });
    await truncate(path, file.length - 16);
    expect((await failureOf(() => read(source))).code).toBe('TRUNCATED');
    await source.close();
  });

  it('is far larger than what is read of it: only that is read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'changing-'));
    folders.push(folder);
    const path = join(folder, 'sparse.safetensors');
    const used = 8 * 4 * 4;
    const rest = 3_900_000_000;
    const header = JSON.stringify({
      '0.weight': { dtype: 'F32', shape: [8, 4], data_offsets: [0, used] },
      other: { dtype: 'F32', shape: [rest / 4], data_offsets: [used, used + rest] },
    });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(path, Buffer.concat([length, Buffer.from(header)]));
    await truncate(path, 8 + header.length + used + rest);
    const source = await openFile(path, { limits: DEFAULT_LIMITS });
    const architecture = { layers: [{ weight: '0.weight' }], ignore: ['other'] } as never;
    const before = process.memoryUsage().rss;
    const graph = await readSafetensors(source, { budget: new Budget(), architecture });
    expect(graph.nodes.length).toBe(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
    await source.close();
  });
});
