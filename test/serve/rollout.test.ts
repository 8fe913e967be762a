import { rename, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ask, newFolder, served, until, version } from './support.ts';

/** Asks again and again until `stop`, over connections that stay; what came back, and what went wrong. */
function load(server: Parameters<typeof ask>[0], clients: number, path = '/models/m/predict') {
  let stopped = false;
  const values: number[] = [];
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: true });
  const client = async () => {
    while (!stopped) {
      try {
        const { status, json, text, headers } = await ask(server, path, { body: '[[1]]', agent });
        if (status === 200) values.push((json as number[])[0]);
        else failures.push(`${status} ${text}`);
        if (headers.connection === 'close') await sleep(0);
      } catch (error) {
        failures.push(String(error));
        return;
      }
    }
  };
  const all = Array.from({ length: clients }, client);
  const stop = async () => {
    stopped = true;
    await Promise.all(all);
    agent.destroy();
    return { values, failures };
  };
  return { stop, values, failures };
}

test('no request fails while a hundred versions are published, twenty of them broken', async () => {
  const folder = await newFolder();
  const path = join(folder, 'm.safetensors');
  await writeFile(path, version(1));
  const { server, events } = await served(folder);
  const { stop } = load(server, 4);
  let last = 1;
  for (let n = 2; n <= 101; n++) {
    const isBroken = n % 5 === 0;
    const bytes = isBroken ? version(n).subarray(0, n % 2 === 0 ? 20 : 70) : version(n);
    await writeFile(`${path}.new`, bytes);
    await rename(`${path}.new`, path);
    if (!isBroken) last = n;
    await server.reload();
  }
  const { values, failures } = await stop();
  expect(failures).toEqual([]);
  expect(values.length).toBeGreaterThan(100);
  expect(values.every((value, i) => value % 5 !== 0 && (i === 0 || value <= last))).toBe(true);
  expect((await ask(server, '/models/m/predict', { body: '[[1]]' })).json).toEqual([last]);
  expect(events.filter(({ kind }) => kind === 'updated')).toHaveLength(80);
  expect(events.filter(({ kind }) => kind === 'rejected')).toHaveLength(20);
}, 120_000);

test('a server that closes under load answers all that it takes', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'm.safetensors'), version(2));
  const { server } = await served(folder, { drainTime: 20_000 });
  const { stop, values, failures } = load(server, 8);
  await until(() => values.length > 200);
  await server.close();
  await stop();
  // A client that comes when nobody listens any more was not taken.
  expect(failures.filter((text) => !text.includes('ECONNREFUSED'))).toEqual([]);
  expect(new Set(values)).toEqual(new Set([2]));
}, 60_000);

test('a server that is about to close says so first, and still answers', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'm.safetensors'), version(2));
  const { server } = await served(folder, { drainDelay: 300 });
  const closing = server.close();
  const ready = await ask(server, '/readyz');
  expect([ready.status, ready.headers.connection]).toEqual([503, 'close']);
  expect((await ask(server, '/healthz')).status).toBe(200);
  expect((await ask(server, '/models/m/predict', { body: '[[1]]' })).json).toEqual([2]);
  await closing;
  await expect(ask(server, '/healthz')).rejects.toThrow('ECONNREFUSED');
});
