/** Several processes over one cache: what one writes, another reads, and one that is killed leaves nothing half done. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { version } from './processes/forwardpass.js';
import { newFolder } from './versions.ts';

const SCRIPT = fileURLToPath(new URL('processes/share-cache.js', import.meta.url));
const WIDTH = 256;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A new version for each request; every third request fails, so that the cache has to serve. */
async function serve(): Promise<string> {
  let requests = 0;
  server = createServer((_, response) => {
    requests++;
    if (requests % 3 === 0) response.writeHead(503).end();
    else response.setHeader('etag', `"${requests}"`).end(version(requests, WIDTH));
  });
  await new Promise((resolve) => server?.listen(0, '127.0.0.1', () => resolve(undefined)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/m`;
}

interface Said {
  readonly good: number;
  readonly refused: number;
  readonly reports: readonly string[];
}

function child(url: string, cache: string, rounds: number): Promise<Said> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [SCRIPT, url, cache, String(rounds)], { timeout: 100_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message} ${stderr}`));
      else resolve(JSON.parse(stdout));
    });
  });
}

/** Begins to watch, and is killed at some moment, again and again. */
async function killed(url: string, cache: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const process: ChildProcess = spawn(globalThis.process.execPath, [SCRIPT, url, cache, '1000000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const over = new Promise((resolve) => process.once('exit', resolve));
    await setTimeout(300 + 70 * i);
    process.kill('SIGKILL');
    await over;
  }
}

it('gives each process whole versions while others write, and one is killed', { timeout: 120_000 }, async () => {
  const cache = (await newFolder())('cache');
  const url = await serve();
  const [first, second] = await Promise.all([child(url, cache, 40), child(url, cache, 40), killed(url, cache, 6)]);
  for (const { good, refused, reports } of [first, second]) {
    expect(good + refused).toBe(40);
    // With nothing kept yet, a server that is away is an error; later the cache serves.
    expect(good).toBeGreaterThan(30);
    for (const report of reports) expect(report).toMatch(/503/);
  }
  // What is there in the end is a version whole, for a process that finds no server.
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  expect(await child(url, cache, 3)).toMatchObject({ good: 3, refused: 0 });
});

it('throws away what a killed process was writing, once that is old', { timeout: 60_000 }, async () => {
  const at = await newFolder();
  const url = await serve();
  await child(url, at('cache'), 1);
  const [kept] = (await readdir(at('cache'))).filter((name) => name.endsWith('.model'));
  const [old, fresh] = ['0', '1'].map((end) => at(`cache/${kept.replace('.model', `.${end.repeat(16)}.tmp`)}`));
  for (const path of [old, fresh]) await writeFile(path, 'half');
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  await utimes(old, hoursAgo, hoursAgo);
  await child(url, at('cache'), 2);
  const names = await readdir(at('cache'));
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([fresh.slice(fresh.lastIndexOf('/') + 1)]);
  expect(names).toContain(kept);
});
