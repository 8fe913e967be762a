import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { type FastifyLike, fastifyPlugin, handler } from '../../lib/serve.ts';
import { ask, later } from './support.ts';

const double = () => define({ layers: [{ weight: 2 }] });

async function listening(server: ReturnType<typeof createServer>): Promise<{ url: string }> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  later(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
}

test('a handler takes a body that a parser before it has read', async () => {
  const own = await handler({ m: double() });
  later(() => own.close());
  const server = await listening(
    createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      own(Object.assign(request, { body: JSON.parse(text) }), response);
    }),
  );
  expect((await ask(server, '/models/m/predict', { body: '[[1],[4]]' })).json).toEqual([2, 8]);
});

/** What fastify does of what the plugin uses: routes under a prefix, bodies by a parser for all types. */
async function fakeFastify(prefix: string) {
  let answer: Parameters<FastifyLike['all']>[1] = () => {};
  const hooks: (() => Promise<void>)[] = [];
  const fastify: FastifyLike = {
    addHook: (_, hook) => hooks.push(hook),
    removeAllContentTypeParsers() {},
    addContentTypeParser() {},
    all: (_, route) => {
      answer = route;
    },
  };
  await fastifyPlugin(fastify, { source: { m: double() }, prefix, logLevel: 'warn' } as never);
  later(() => Promise.all(hooks.map((hook) => hook())));
  return listening(
    createServer(async (raw, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of raw) chunks.push(chunk);
      const body = chunks.length === 0 ? undefined : Buffer.concat(chunks);
      answer({ raw, body }, { raw: response, hijack: () => undefined });
    }),
  );
}

test('a plugin of fastify answers under its prefix', async () => {
  const server = await fakeFastify('/ml');
  expect((await ask(server, '/ml/models/m/predict', { body: '[[1],[4]]' })).json).toEqual([2, 8]);
  expect((await ask(server, '/ml')).status).toBe(200);
  expect((await ask(server, '/ml/nothing')).status).toBe(404);
  expect((await ask(server, '/ml/models/m/predict', { body: '' })).status).toBe(400);
});

test('a handler behind a server of HTTP/2 answers, and refuses, as behind one of HTTP/1.1', async () => {
  const answer = await handler(define({ layers: [{ weight: 2 }] }), { name: 'm', cors: ['https://page.example'] });
  later(() => answer.close());
  const server = createHttp2Server((request, response) =>
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  later(() => {
    client.destroy();
    server.close();
  });
  const ask = async (method: string, path: string, body?: string) => {
    const origin = 'https://page.example';
    const stream = client.request({ ':method': method, ':path': path, 'content-type': 'application/json', origin });
    stream.end(body);
    const [headers] = await once(stream, 'response');
    return { headers, text: Buffer.concat(await stream.toArray()).toString() };
  };
  const good = await ask('POST', '/models/m/predict', '[[3]]');
  expect([good.headers[':status'], good.headers['access-control-allow-origin'], good.text]).toEqual([
    200,
    'https://page.example',
    '[6]',
  ]);
  expect((await ask('POST', '/models/m/predict', 'x')).headers[':status']).toBe(400);
  expect((await ask('OPTIONS', '/v2')).headers).toMatchObject({ ':status': 204, allow: 'GET, HEAD, OPTIONS' });
});
