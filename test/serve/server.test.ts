import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { handler, serve } from '../../lib/serve.ts';
import { failureOf } from '../failure.ts';
import { ask, later, newFolder, served, version } from './support.ts';

const double = () => define({ layers: [{ weight: 2 }] });

test('serves a file by its name, and says what there is', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'churn.safetensors'), version(2));
  const { server, events } = await served(join(folder, 'churn.safetensors'));
  expect(server.url).toBe(`http://127.0.0.1:${server.address.port}`);
  expect(server.models).toEqual([{ name: 'churn', version: '1', state: 'READY', reason: '' }]);
  expect(events).toMatchObject([{ kind: 'loaded', model: 'churn', version: '1' }]);
  const { json } = await ask(server, '/models');
  expect(json).toMatchObject({ models: [{ name: 'churn', version: '1', format: 'safetensors' }] });
  expect(JSON.stringify(json)).not.toContain(folder);
});

test('serves models that are loaded, by the names they are given', async () => {
  const { server } = await served({ a: double(), b: double() });
  expect((await ask(server, '/v1/models')).json).toEqual({ models: ['a', 'b'] });
  expect((await ask(server, '/models/b/schema')).status).toBe(200);
});

test.each([
  '/',
  '/models',
  '/models/m',
  '/models/m/schema',
  '/openapi.json',
  '/v2',
  '/v2/',
  '/v2/models/m',
  '/v2/health/live',
  '/v2/health/ready',
  '/v2/models/m/ready',
  '/v1/models',
  '/metrics',
  '/healthz',
  '/readyz',
])('GET %s answers, and HEAD the same without the body', async (path) => {
  const { server } = await served(double(), { name: 'm' });
  const got = await ask(server, path);
  const head = await ask(server, path, { method: 'HEAD' });
  expect([got.status, head.status, head.text]).toEqual([200, 200, '']);
  expect(head.headers['content-type']).toBe(got.headers['content-type']);
  if (path !== '/metrics') expect(head.headers['content-length']).toBe(got.headers['content-length']);
});

test('another method is answered with those that are allowed', async () => {
  const { server } = await served(double(), { name: 'm' });
  const wrong = await ask(server, '/models/m/predict');
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST, OPTIONS']);
  const other = await ask(server, '/models', { method: 'DELETE' });
  expect([other.status, other.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  const options = await ask(server, '/models/m/predict', { method: 'OPTIONS' });
  expect([options.status, options.headers.allow, options.text]).toEqual([204, 'POST, OPTIONS', '']);
});

test.each([
  '/nothing',
  '/models/other/predict',
  '/models/m/versions/7/predict',
  '/v2/models/__proto__',
  '/models/..%2f..%2fetc%2fpasswd',
])('%s is not found', async (path) => {
  const { server } = await served(double(), { name: 'm' });
  const { status, json } = await ask(server, path, { method: /predict$/.test(path) ? 'POST' : 'GET' });
  expect(status).toBe(404);
  expect(json).toEqual({ error: expect.any(String) });
});

test('names with any characters are served', async () => {
  const { server } = await served({ 'a/b é%:x': double() });
  expect((await ask(server, `/models/${encodeURIComponent('a/b é%:x')}`)).json).toMatchObject({ name: 'a/b é%:x' });
});

test('a body that is compressed is taken as what it is, within the limit', async () => {
  const { server } = await served(double(), { name: 'm', limits: { bodyBytes: 1000 } });
  const post = (body: Uint8Array, encoding: string) =>
    ask(server, '/models/m/predict', { body, headers: { 'content-encoding': encoding } });
  const plain = await ask(server, '/models/m/predict', { body: '[[1],[2]]' });
  expect(await post(gzipSync('[[1],[2]]'), 'gzip')).toMatchObject({ status: plain.status, text: plain.text });
  expect(await post(gzipSync(Buffer.alloc(100_000, ' ')), 'gzip')).toMatchObject({ status: 413 });
  expect(await post(Buffer.from('[[1]]'), 'gzip')).toMatchObject({ status: 400 });
  expect(await post(Buffer.from('[[1]]'), 'constructor')).toMatchObject({ status: 415 });
});

test('a port that is in use is said to be', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  later(() => other.close());
  const { port } = other.address() as { port: number };
  const error = await failureOf(() => serve(double(), { port }));
  expect(error).toMatchObject({ code: 'OPTION', place: `127.0.0.1:${port}` });
});

test('a single model that cannot be loaded is the failure of the start', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'm.safetensors'), 'nothing of the kind');
  expect(await failureOf(() => serve(join(folder, 'm.safetensors'), { port: 0 }))).toMatchObject({
    code: 'UNKNOWN_FORMAT',
  });
  expect(await failureOf(() => serve(join(folder, 'none'), { port: 0 }))).toMatchObject({ code: 'SOURCE' });
});

test('a handler for other servers passes on what is none of its own', async () => {
  const own = await handler({ m: double() });
  later(() => own.close());
  const other = createServer((request, response) => own(request, response, () => response.end('other')));
  other.listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  later(() => other.close());
  const url = `http://127.0.0.1:${(other.address() as { port: number }).port}`;
  expect((await ask({ url }, '/elsewhere')).text).toBe('other');
  expect((await ask({ url }, '/models/m')).json).toMatchObject({ name: 'm' });
});

test('a failure of ours ends the request, and nothing else; it says nothing of where', async () => {
  const model = double();
  const { server } = await served(model, { name: 'm' });
  model.dispose();
  const disposed = await ask(server, '/models/m/predict', { body: '[[1]]' });
  expect(disposed.status).toBeGreaterThanOrEqual(500);
  Object.defineProperty(model, 'inputs', {
    get: () => {
      throw new Error('/secret/path');
    },
  });
  const broken = await ask(server, '/models');
  expect([broken.status, broken.text.includes('secret')]).toEqual([500, false]);
  expect((await ask(server, '/healthz')).status).toBe(200);
});
