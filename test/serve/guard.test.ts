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
  const answer = new Guard({ host, allowedHosts, cors: [] }).refuseHost({ host: given });
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
  const guard = new Guard({ host: '127.0.0.1', allowedHosts: [], cors: [] });
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

const PAGE = 'https://page.example';
const ASKS = {
  origin: PAGE,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type',
};

test('pages of the origins that are allowed may ask, and see answers and failures', async () => {
  const { server } = await served(double(), { name: 'm', cors: [PAGE, 'http://other.example:81'] });
  const preflight = await ask(server, '/models/m/predict', { method: 'OPTIONS', headers: ASKS });
  expect(preflight.status).toBe(204);
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': PAGE,
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': expect.stringContaining('content-type'),
    vary: 'Origin',
  });
  for (const [body, status] of [
    ['[[1]]', 200],
    ['[["x"]]', 422],
  ] as const) {
    const answer = await ask(server, '/models/m/predict', {
      body,
      headers: { origin: PAGE, 'sec-fetch-site': 'cross-site' },
    });
    expect(answer).toMatchObject({ status, headers: { 'access-control-allow-origin': PAGE, vary: 'Origin' } });
  }
  // What needs no preflight is refused of allowed pages, too.
  const plain = { origin: PAGE, 'content-type': 'text/plain' };
  expect((await ask(server, '/models/m/predict', { body: '[[1]]', headers: plain })).status).toBe(415);
});

test.each([
  ['an origin that is not allowed', ['https://page.example'], 'https://evil.example'],
  ['the same host by another scheme', ['https://page.example'], 'http://page.example'],
  ['the same host at another port', ['https://page.example'], 'https://page.example:444'],
  ['a longer name', ['https://page.example'], 'https://page.example.evil.example'],
  ['a page without an origin', ['https://page.example'], 'null'],
  ['any, unless some are allowed', [], 'https://page.example'],
])('%s may not ask', async (_, cors, origin) => {
  const { server } = await served(double(), { name: 'm', cors });
  const preflight = await ask(server, '/models/m/predict', { method: 'OPTIONS', headers: { ...ASKS, origin } });
  const answer = await ask(server, '/models/m/predict', { body: '[[1]]', headers: { origin } });
  expect(answer.status).toBe(403);
  for (const { headers } of [preflight, answer]) expect(headers).not.toHaveProperty('access-control-allow-origin');
});

test('every page may ask where all are allowed, and shows a token where one is asked for', async () => {
  const tokenFile = join(await newFolder(), 'tokens');
  await writeFile(tokenFile, 'secret');
  const { server } = await served(double(), { name: 'm', cors: ['*'], tokenFile });
  expect((await ask(server, '/models/m/predict', { method: 'OPTIONS', headers: ASKS })).status).toBe(204);
  const headers = { origin: 'null' };
  const refused = await ask(server, '/models/m/predict', { body: '[[1]]', headers });
  expect(refused).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': '*' } });
  const shown = { ...headers, authorization: 'Bearer secret' };
  expect((await ask(server, '/models/m/predict', { body: '[[1]]', headers: shown })).status).toBe(200);
  // Who asks for no page needs a token for OPTIONS, too.
  expect((await ask(server, '/models/m/predict', { method: 'OPTIONS' })).status).toBe(401);
});

test.each([['page.example'], ['https://page.example/'], ['https://Page.example'], ['ftp://page.example'], [7]])(
  '%j is not an origin',
  async (origin) => {
    await expect(served(double(), { cors: [origin as string] })).rejects.toThrow(/cors\[0\]: expected an origin/);
  },
);
