/** Files that are written to while they are read: an error says so, and what is watched waits. */
import { open, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { load } from '../../lib/load.ts';
import { openFile } from '../../lib/source/file.ts';
import { watch } from '../../lib/watch.ts';
import { fileOf } from '../formats/safetensors-file.ts';
import { newFolder } from '../watch/versions.ts';

const TENSORS = 40;
const WIDTH = 64;

/** Layers whose weights all are `m`. */
function version(m: number): Uint8Array {
  const bytes = 4 * WIDTH * WIDTH;
  const header = Object.fromEntries(
    Array.from({ length: TENSORS }, (_, i) => [
      `${i}.weight`,
      { dtype: 'F32', shape: [WIDTH, WIDTH], data_offsets: [i * bytes, (i + 1) * bytes] },
    ]),
  );
  return fileOf(header, new Uint8Array(new Float32Array(TENSORS * WIDTH * WIDTH).fill(m / WIDTH).buffer));
}

/** Rows of ones become m ** TENSORS; a mixture of versions becomes something else. */
const versions = [1, 2, 0.5].map((m) => ({ bytes: version(m), y: m ** TENSORS }));
const x = new Float32Array(WIDTH).fill(1);

/** Writes one version after the other into the file, in pieces, until `over`. */
async function rewrite(path: string, over: AbortSignal, pause: number): Promise<void> {
  for (let i = 0; !over.aborted; i++) {
    const { bytes } = versions[i % versions.length];
    const file = await open(path, 'r+');
    const piece = Math.ceil(bytes.length / 8);
    for (let at = 0; at < bytes.length; at += piece) {
      await file.write(bytes, at, Math.min(piece, bytes.length - at), at);
      await setTimeout(1);
    }
    await file.close();
    await setTimeout(pause);
  }
}

it('a file that was written to since it was opened is not what it was', async () => {
  const path = (await newFolder())('m');
  await writeFile(path, 'one');
  const source = await openFile(path, { limits: DEFAULT_LIMITS });
  await source.checkUnchanged();
  await setTimeout(20);
  await writeFile(path, 'two');
  await expect(source.checkUnchanged()).rejects.toMatchObject({ code: 'SOURCE', place: path });
  await source.close();
});

it('load says that a file is written to, and loads it once it is not', { timeout: 60_000 }, async () => {
  const path = (await newFolder())('m.safetensors');
  await writeFile(path, versions[0].bytes);
  const over = new AbortController();
  const writing = rewrite(path, over.signal, 30);
  const codes = new Set<string>();
  for (let i = 0; i < 60; i++) {
    await setTimeout(i % 20);
    const model = await load(path, { activation: 'linear' }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(ForwardpassError);
      codes.add((error as ForwardpassError).code);
    });
    model?.dispose();
  }
  over.abort();
  await writing;
  expect([...codes]).toEqual(['SOURCE']);
  const model = await load(path, { activation: 'linear' });
  expect(versions.map(({ y }) => y)).toContain((model.run(x) as Float32Array)[0]);
});

it('watch takes a version only once it has been left alone', { timeout: 60_000 }, async () => {
  const path = (await newFolder())('m.safetensors');
  await writeFile(path, versions[0].bytes);
  const live = await watch(path, { activation: 'linear', interval: 10, settle: 40, onReject() {}, onError() {} });
  const over = new AbortController();
  const writing = rewrite(path, over.signal, 150);
  const seen = new Set<number>();
  for (let i = 0; i < 150; i++) {
    await setTimeout(20);
    seen.add((live.run(x) as Float32Array)[0]);
  }
  over.abort();
  await writing;
  await live.close();
  expect(versions.map(({ y }) => y)).toEqual(expect.arrayContaining([...seen]));
  expect(seen.size).toBeGreaterThan(1);
});
