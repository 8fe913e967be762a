/** Targets, hosts, encodings and what the repository is asked for: clauses beside those of conformance.test.ts. */
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { type Server, serve } from '../../lib/serve.ts';
import { ask, raw } from './support.ts';

let server: Server;
let guarded: Server;
beforeAll(async () => {
  const model = define({ layers: [{ weight: [[2, 3]] }] });
  const options = { port: 0, interval: Number.POSITIVE_INFINITY, drainTime: 0 };
  server = await serve({ plane: model }, { ...options, control: true });
  guarded = await serve({ plane: model }, options);
  return async () => {
    await Promise.all([server.close(), guarded.close()]);
  };
});

const ERROR = /\{"error":"[^"]+"\}$/;
const close = 'Connection: close\r\n\r\n';

describe('the target of a request', () => {
  test.each([
    ['http://HOST/v2/health/live', 200],
    ['HTTP://HOST/v2/health/live', 200],
    ['https://HOST/v2/health/live?a=b', 200],
    ['http://localhost/v2/models/plane', 200],
    ['http://127.0.0.1:1/v2/models/plane', 200],
    ['http://HOST/v2/models/none', 404],
    ['http://HOST', 200],
    ['http://HOST?a', 200],
    ['http://evil.example/v2', 403],
    ['http://user@localhost/v2', 400],
    ['http:///v2', 400],
    ['ftp://localhost/v2', 400],
    ['v2', 400],
    ['*', 400],
    ['//localhost/v2', 404],
  ])('GET %s is %i', async (target, status) => {
    const at = target.replace('HOST', `127.0.0.1:${server.address.port}`);
    const text = await raw(server, [`GET ${at} HTTP/1.1\r\nHost: localhost\r\n${close}`]);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status >= 400) expect(text).toMatch(ERROR);
  });

  test('the host in it is the one that counts', async () => {
    const about = (target: string, host: string) =>
      raw(server, [`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${close}`]);
    expect(await about('http://localhost/v2', 'evil.example')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await about('http://evil.example/v2', 'localhost')).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('a prediction may be asked for that way', async () => {
    const body = '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,2]}]}';
    const head = `POST http://localhost/v2/models/plane/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n`;
    expect(await raw(server, [`${head}${close}`, body])).toContain('"data":[8]');
  });

  test('OPTIONS of everything says what there is', async () => {
    const text = await raw(server, [`OPTIONS * HTTP/1.1\r\nHost: localhost\r\n${close}`]);
    expect(text).toMatch(/^HTTP\/1\.1 204 No Content\r\nallow: GET, HEAD, POST, OPTIONS\r\n/);
  });

  test('it is no proxy', async () => {
    const text = await raw(server, ['CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n']);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toMatch(ERROR);
  });

  test('an upgrade that nobody knows is passed over', async () => {
    const upgrade =
      'GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n';
    expect(await raw(server, [upgrade])).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('the connection ends after', () => {
  test.each([
    ['no Host', 'GET /v2 HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET /v2 HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n'],
    ['two Hosts and a body', 'POST /v2 HTTP/1.1\r\nHost: a\r\nhost: b\r\nContent-Length: 3\r\n\r\nabc'],
    ['another version', 'GET /v2 HTTP/2.0\r\nHost: localhost\r\n\r\n'],
  ])('%s', async (_, bytes) => {
    const text = await raw(server, [bytes]);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text.toLowerCase()).toContain('connection: close');
    expect(text).toMatch(ERROR);
  });

  test('HTTP/1.0 needs no Host', async () => {
    expect(await raw(server, ['GET /v2/health/live HTTP/1.0\r\n\r\n'])).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('content encodings', () => {
  const body = '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,2]}]}';
  test.each<[string, Uint8Array | string, number]>([
    ['gzip', gzipSync(body), 200],
    ['GZIP', gzipSync(body), 200],
    ['x-gzip', gzipSync(body), 200],
    ['deflate', deflateSync(body), 200],
    ['identity', body, 200],
    ['', body, 200],
    ['deflate', deflateRawSync(body), 400],
    ['gzip', body, 400],
    ['gzip', gzipSync(body).subarray(0, 40), 400],
    ['gzip', Buffer.concat([gzipSync(body), Buffer.from('more')]), 400],
    ['gzip', '', 400],
    ['gzip, gzip', gzipSync(gzipSync(body)), 415],
    ['br', body, 415],
    ['none', body, 415],
  ])('%j', async (encoding, bytes, status) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const answer = await ask(server, '/v2/models/plane/infer', { body: bytes, headers });
    expect([answer.status, answer.text]).toEqual([status, answer.text]);
    expect(answer.text).toMatch(status === 200 ? /"data":\[8\]/ : ERROR);
  });

  test('the length of the JSON before binary data is that of what was compressed', async () => {
    const json = '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}';
    const bytes = gzipSync(Buffer.concat([Buffer.from(json), new Uint8Array(Float32Array.of(1, 2).buffer)]));
    const headers = { 'content-encoding': 'gzip', 'inference-header-content-length': `${json.length}` };
    expect((await ask(server, '/v2/models/plane/infer', { body: bytes, headers })).text).toContain('"data":[8]');
  });

  test.each(['', 'application/json', 'application/octet-stream'])('the type %j is taken', async (type) => {
    const answer = await ask(server, '/v2/models/plane/infer', { body, headers: { 'content-type': type } });
    expect(answer.text).toContain('"data":[8]');
  });
});

describe('the repository', () => {
  const post = (path: string, body: string) => ask(server, `/v2/repository/${path}`, { body });
  test.each(['', '{}', '{"ready":true}', '{"ready":false}', '{"parameters":{}}'])('is listed for %j', async (body) => {
    const { status, json } = await post('index', body);
    expect([status, json]).toEqual([200, [{ name: 'plane', version: '1', state: 'READY', reason: '' }]]);
  });

  test.each(['nonsense', '[]', 'null', '"x"', '{"ready":1}', '{"ready":null}', '{"parameters":[]}'])(
    'is not listed for %j',
    async (body) => {
      const { status, text } = await post('index', body);
      expect([status, text]).toEqual([400, expect.stringMatching(ERROR)]);
    },
  );

  test.each(['{"parameters":{"config":"{}"}}', '{"parameters":{"file:1/model.onnx":"AAAA"}}', 'x'])(
    'loads nothing that a client brings: %s',
    async (body) => {
      const { status, text } = await post('models/plane/load', body);
      expect([status, text]).toEqual([400, expect.stringMatching(ERROR)]);
    },
  );

  test('a model that is unloaded is not there until it is loaded again', async () => {
    const statusOf = async (path: string) => (await ask(server, path)).status;
    expect((await post('models/plane/unload', '{"parameters":{"unload_dependents":true}}')).status).toBe(200);
    expect(await statusOf('/v2/models/plane/ready')).toBe(404);
    expect(await statusOf('/v2/models/plane')).toBe(404);
    expect(await statusOf('/v2/health/ready')).toBe(503);
    expect((await post('index', '{"ready":true}')).json).toEqual([]);
    expect((await post('index', '')).json).toEqual([expect.objectContaining({ name: 'plane', state: 'UNAVAILABLE' })]);
    expect((await post('models/plane/load', '')).status).toBe(200);
    expect(await statusOf('/v2/models/plane/ready')).toBe(200);
    expect((await post('models/none/load', '')).status).toBe(400);
    expect((await post('models/none/unload', '')).status).toBe(400);
  });

  test('it is not the clients to decide unless the server says so', async () => {
    for (const what of ['load', 'unload']) {
      const { status, text } = await ask(guarded, `/v2/repository/models/plane/${what}`, { body: '' });
      expect([status, text]).toEqual([403, expect.stringMatching(ERROR)]);
    }
    expect((await ask(guarded, '/v2/models/plane/ready')).status).toBe(200);
  });
});
