import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { Guard } from '../../lib/serve/guard.ts';
import { ask, newFolder, served } from './support.ts';

const double = () => define({ layers: [{ weight: 2 }] });

test.each([
  ['127.0.0.1', [], 'evil.example', true],
  ['127.0.0.1', [], 'evil.example:8080', true],
  ['127.0.0.1', [], 'localhost:8080', false],
  ['127.0.0.1', [], 'LOCALHOST', false],
  ['127.0.0.1', [], '127.0.0.1:1', false],
  ['127.0.0.1', [], '127.8.8.8', false],
  ['127.0.0.1', [], '[::1]:80', false],
  ['127.0.0.1', [], 'localhost.evil.example', true],
  ['127.0.0.1', [], '127.0.0.1.evil.example', true],
  ['127.0.0.1', [], '', true],
  ['localhost', [], 'evil.example', true],
  ['127.0.0.1', ['models.internal'], 'models.internal:8080', false],
  ['127.0.0.1', ['*'], 'evil.example', false],
  ['0.0.0.0', [], 'models.example', false],
  ['0.0.0.0', ['models.example'], 'models.example', false],
  ['0.0.0.0', ['models.example'], 'evil.example', true],
])('bound to %s, allowing %j, the Host %j is refused: %s', (host, allowedHosts, given, isRefused) => {
  const answer = new Guard({ host, allowedHosts }).refuseHost({ host: given });
  expect(answer?.status).toBe(isRefused ? 403 : undefined);
});

const JSON_TYPE = 'application/json';
test.each([
  [{}, undefined],
  [{ 'content-type': JSON_TYPE }, undefined],
  [{ 'content-type': 'Application/JSON; charset=utf-8' }, undefined],
  [{ 'content-type': 'application/octet-stream' }, undefined],
  [{ 'content-type': 'application/x-www-form-urlencoded' }, undefined],
  [{ 'content-type': 'text/plain' }, 415],
  [{ 'content-type': 'text/plain;application/json' }, 415],
  [{ 'content-type': 'multipart/form-data; boundary=x' }, 415],
  [{ origin: 'http://evil.example' }, 403],
  [{ origin: 'null' }, 403],
  [{ origin: 'http://evil.example', 'content-type': JSON_TYPE }, 403],
  [{ origin: 'http://localhost:8080', 'content-type': JSON_TYPE }, undefined],
  [{ origin: 'http://localhost:9999', 'content-type': JSON_TYPE }, 403],
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ 'sec-fetch-site': 'same-origin' }, undefined],
])('what a page of another origin can send without asking is refused: %j', (headers, status) => {
  const guard = new Guard({ host: '127.0.0.1', allowedHosts: [] });
  expect(guard.refuseContent({ host: 'localhost:8080', ...headers })?.status).toBe(status);
});

test('a foreign Host is refused on every path', async () => {
  const { server } = await served(double(), { name: 'm' });
  for (const path of ['/', '/models', '/metrics', '/healthz', '/nothing']) {
    const { status, json } = await ask(server, path, { headers: { host: 'evil.example' } });
    expect([path, status, json]).toEqual([path, 403, { error: expect.any(String) }]);
  }
});

test('where tokens are asked for, only probes do without', async () => {
  const folder = await newFolder();
  const tokenFile = join(folder, 'tokens');
  await writeFile(tokenFile, '# of the team\nfirst-token\n\nsecond-token\n');
  const { server } = await served(double(), { name: 'm', tokenFile });
  const statusOf = async (path: string, authorization?: string) =>
    (await ask(server, path, { headers: authorization === undefined ? {} : { authorization } })).status;
  for (const path of ['/healthz', '/readyz', '/v2/health/live', '/v2/health/ready'])
    expect(await statusOf(path)).toBe(200);
  for (const path of ['/models', '/openapi.json', '/metrics', '/nothing', '/v2'])
    expect(await statusOf(path)).toBe(401);
  const without = await ask(server, '/models');
  expect(without.headers['www-authenticate']).toBe('Bearer');
  expect(await statusOf('/models', 'Bearer first-token')).toBe(200);
  expect(await statusOf('/models', 'bearer second-token')).toBe(200);
  for (const wrong of [
    'Bearer',
    'Bearer ',
    'Bearer first',
    'Bearer first-token2',
    'Basic first-token',
    '# of the team',
  ]) {
    expect(await statusOf('/models', wrong)).toBe(401);
  }
  await writeFile(tokenFile, 'third-token');
  await server.reload();
  expect([await statusOf('/models', 'Bearer first-token'), await statusOf('/models', 'Bearer third-token')]).toEqual([
    401, 200,
  ]);
});
