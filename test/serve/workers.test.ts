/** Of what was built: a thread's script is JavaScript. */
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { execPath, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type * as Entry from '../../lib/serve.ts';
import type { ServeEvent } from '../../lib/serve.ts';
import { ask, later, newFolder, until, version } from './support.ts';

const dist = new URL('../../dist/', import.meta.url);
const { serve } = (await import(new URL('serve.js', dist).href)) as typeof Entry;

test.skipIf(platform === 'win32')(
  'threads answer on one port, over one copy of the weights, and change versions',
  async () => {
    const folder = await newFolder();
    const path = join(folder, 'm.safetensors');
    await writeFile(path, version(1));
    const events: ServeEvent[] = [];
    const server = await serve(folder, {
      port: 0,
      workers: 2,
      settle: 0,
      interval: Infinity,
      drainTime: 0,
      onEvent: (event) => events.push(event),
    });
    later(() => server.close());
    const answerOf = async () => (await ask(server, '/models/m/predict', { body: '[[1]]' })).json;
    for (let i = 0; i < 20; i++) expect(await answerOf()).toEqual([1]);
    expect((await ask(server, '/readyz')).status).toBe(200);
    await writeFile(`${path}.new`, version(2));
    await rename(`${path}.new`, path);
    await server.reload();
    // One after the other, each soon.
    await until(async () => {
      const values = await Promise.all(Array.from({ length: 10 }, answerOf));
      return values.every((value) => String(value) === '2');
    });
    const { text } = await ask(server, '/metrics');
    expect(text).toContain('forwardpass_workers 2');
    const counted = Number(/^forwardpass_requests_total\{model="m",version="1"\} (\d+)$/m.exec(text)?.[1]);
    expect(counted).toBeGreaterThanOrEqual(30);
    expect((await ask(server, '/v2/repository/index', { body: '{}' })).json).toMatchObject([
      { name: 'm', state: 'READY' },
    ]);
    expect(events.map(({ kind }) => kind)).toEqual(['loaded', 'updated']);
  },
);

test.skipIf(platform === 'win32')(
  'the command serves, reloads on SIGHUP, and answers open requests on SIGTERM',
  async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'm.safetensors'), version(1));
    const command = fileURLToPath(new URL('cli/main.js', dist));
    const child = spawn(execPath, [
      command,
      'serve',
      folder,
      '--port',
      '0',
      '--workers',
      '2',
      '--no-watch',
      '--access-log',
    ]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    later(() => child.kill('SIGKILL'));
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    await until(() => /http:\/\/127\.0\.0\.1:\d+\n/.test(err));
    const server = { url: /http:\/\/127\.0\.0\.1:\d+/.exec(err)?.[0] ?? '' };
    expect((await ask(server, '/models/m/predict', { body: '[[1]]' })).json).toEqual([1]);
    await writeFile(join(folder, 'n.safetensors'), version(2));
    child.kill('SIGHUP');
    await until(async () => (await ask(server, '/models/n')).status === 200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(err).not.toMatch(/Error|undefined/);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    // Of two threads, either may write first.
    expect(lines).toContainEqual(expect.objectContaining({ path: '/models/m/predict', status: 200 }));
  },
);

const grpc = await import('@grpc/grpc-js' as string).then(
  (module) => module.default,
  () => undefined,
);

test.skipIf(platform === 'win32' || grpc === undefined)('threads answer gRPC on one port, too', async () => {
  const folder = await newFolder();
  const path = join(folder, 'm.safetensors');
  await writeFile(path, version(1));
  const options = { port: 0, grpcPort: 0, workers: 2, settle: 0, interval: Infinity, drainTime: 0 };
  const server = await serve(folder, options);
  later(() => server.close());
  await expect(serve(folder, { ...options, grpcPort: server.grpcPort })).rejects.toThrow(/gRPC cannot listen on/);
  const name = (text: string) => Buffer.concat([Buffer.from([0x0a, text.length]), Buffer.from(text)]);
  const same = (bytes: Buffer) => bytes;
  // A client for each call: threads take connections, not calls.
  const call = (method: string, request: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const address = `127.0.0.1:${server.grpcPort}`;
      const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
      });
      client.makeUnaryRequest(
        `/inference.GRPCInferenceService/${method}`,
        same,
        same,
        request,
        (error: Error, answer: Buffer) => {
          client.close();
          if (error) reject(error);
          else resolve(answer);
        },
      );
    });
  const truth = Buffer.from([0x08, 1]);
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      expect(await call('ServerLive', Buffer.alloc(0))).toEqual(truth);
      expect(await call('ServerReady', Buffer.alloc(0))).toEqual(truth);
      expect(await call('ModelReady', name('m'))).toEqual(truth);
      expect((await call('ModelMetadata', name('m'))).toString('latin1')).toContain('FP32');
    }),
  );
  await expect(call('ModelMetadata', name('x'))).rejects.toMatchObject({ code: 5 });
});

test.skipIf(platform === 'win32')(
  'a thread that is killed under load loses open requests to it, and no more',
  async () => {
    const folder = await newFolder();
    const path = join(folder, 'm.safetensors');
    await writeFile(path, version(1));
    const events: ServeEvent[] = [];
    const onEvent = (event: ServeEvent) => events.push(event);
    const options = { port: 0, workers: 3, settle: 0, interval: Infinity, drainTime: 0, onEvent };
    const workers = new Set<Worker>();
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<typeof postMessage>) {
      workers.add(this);
      return postMessage.apply(this, args);
    };
    later(() => {
      Worker.prototype.postMessage = postMessage;
    });
    const server = await serve(folder, options);
    later(() => server.close());
    // They are told of a newer version, which is how the test gets to know them.
    await writeFile(`${path}.new`, version(2));
    await rename(`${path}.new`, path);
    await server.reload();
    await until(() => workers.size === 3);

    const clients = 12;
    let stopped = false;
    let answered = 0;
    const failures: string[] = [];
    const load = Array.from({ length: clients }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (!stopped) {
        const { status, json } = await ask(server, '/models/m/predict', { body: '[[1]]', agent }).catch((error) => ({
          status: 0,
          json: String(error),
        }));
        if (status === 200) answered += 1;
        else failures.push(`${status} ${json}`);
      }
      agent.destroy();
    });
    for (const [at, worker] of [...workers].slice(0, 2).entries()) {
      const before = answered;
      await until(() => answered > before + 200);
      await worker.terminate();
      await until(() => events.filter(({ kind }) => kind === 'worker').length > at);
    }
    const before = answered;
    await until(() => answered > before + 200);
    stopped = true;
    await Promise.all(load);
    // Of each connection that the two had, the one request that was on it.
    expect(failures.length).toBeLessThanOrEqual(2 * clients);
    expect(failures.filter((text) => !/ECONNRESET|socket hang up|EPIPE/.test(text))).toEqual([]);
    await until(async () => /^forwardpass_workers 3$/m.test((await ask(server, '/metrics')).text));
    const { text } = await ask(server, '/metrics');
    expect(text).toMatch(/^forwardpass_worker_restarts_total 2$/m);
    expect((await ask(server, '/models/m/predict', { body: '[[1]]' })).json).toEqual([2]);
  },
  60_000,
);

test.skipIf(platform === 'win32')('every thread has functions of its own for steps of one’s own', async () => {
  const folder = await newFolder();
  const steps = new URL('../fixtures/own-steps/', import.meta.url);
  const script = join(folder, 'steps.mjs');
  await writeFile(
    script,
    `export default { '__main__.Clipper': (_, { attributes, numbers }) =>
      attributes.lower_.map((low, i) => numbers(i).map((x) => Math.min(Math.max(x, low), attributes.upper_[i]))) };`,
  );
  const models = join(folder, 'models');
  await mkdir(models);
  await cp(new URL('clipper.joblib', steps), join(models, 'clipper.joblib'));
  await writeFile(join(models, 'plain.safetensors'), version(1));
  const events: ServeEvent[] = [];
  const server = await serve(models, {
    ...{ port: 0, workers: 2, settle: 0, interval: Infinity, drainTime: 0, functions: script },
    onEvent: (event) => events.push(event),
  });
  later(() => server.close());
  const [{ rows }] = JSON.parse(await readFile(new URL('clipper.json', steps), 'utf8')).cases;
  const body = JSON.stringify(rows);
  const alone = await ask(await alsoServed(models, script), '/models/clipper/predict', { body });
  expect(alone.status).toBe(200);
  // A connection for each: both threads take some.
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(server, '/models/clipper/predict', { body })));
  for (const { status, text } of answers) expect([status, text]).toEqual([200, alone.text]);
  expect((await ask(server, '/models/plain/predict', { body: '[[1]]' })).status).toBe(200);
  // Another file of the same name, and one that is none.
  await cp(new URL('clipper.joblib', steps), join(models, 'second.joblib'));
  await writeFile(join(models, 'clipper.joblib'), 'no model');
  await server.reload();
  await until(async () => (await ask(server, '/models/second/predict', { body })).status === 200);
  const still = await Promise.all(Array.from({ length: 6 }, () => ask(server, '/models/clipper/predict', { body })));
  for (const { status, text } of still) expect([status, text]).toEqual([200, alone.text]);
  expect(events.map(({ kind }) => kind)).not.toContain('failed');
});

async function alsoServed(models: string, functions: string) {
  const server = await serve(models, { port: 0, interval: Infinity, settle: 0, drainTime: 0, functions });
  later(() => server.close());
  return server;
}
