/** What our own requests and answers do in place of node:http's: nothing that a client sees may differ. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { Request, receive } from '../../lib/serve/request.ts';
import { Response } from '../../lib/serve/response.ts';
import { ask, later, raw, served } from './support.ts';

async function listening(listener: RequestListener): Promise<{ address: AddressInfo }> {
  const server = createServer({ IncomingMessage: Request, ServerResponse: Response }, listener);
  later(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: server.address() as AddressInfo };
}

const post = (body: string, headers = '') =>
  `POST / HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const last = 'GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

test('this Node takes answers that are written at once, and sends no second head', async () => {
  const sent: boolean[] = [];
  const server = await listening((_, response) => {
    const body = '{"name":"é–😀"}';
    const isSent = (response as Response).sendJson(body, Buffer.byteLength(body), 75);
    sent.push(isSent);
    if (isSent) expect([response.headersSent, response.writableEnded, response.statusCode]).toEqual([true, true, 200]);
    else response.end('slow');
  });
  const text = await raw(server, [post('a'), post('b'), 'HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n', last]);
  // HEAD has no body, and the last answer ends the connection: both are node:http's.
  expect(sent).toEqual([true, true, false, false]);
  expect(text.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(4);
  expect(
    text.match(
      /content-length: 20\r\nDate: \w{3}, [^\r]+ GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n\{/g,
    ),
  ).toHaveLength(2);
  expect(Buffer.from(text, 'latin1').toString()).toContain('{"name":"é–😀"}');
});

test('answers to requests that come together are in their order, whichever way they go', async () => {
  const waiting: (() => void)[] = [];
  const server = await listening((request, response) => {
    const body = `"${request.url}"`;
    waiting.push(() => {
      if (!(response as Response).sendJson(body, body.length, 75)) response.end(body);
    });
    if (waiting.length === 3) for (const answer of waiting.reverse()) answer();
  });
  const one = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const text = await raw(server, [one('/1') + one('/2') + last]);
  expect(text.match(/"\/\w+"/g)).toEqual(['"/1"', '"/2"', '"/last"']);
});

test('a body comes in its parts, and its end is said once', async () => {
  const said: string[] = [];
  const server = await listening((request, response) => {
    expect(request).toBeInstanceOf(Request);
    const parts: string[] = [];
    receive(request, {
      part: (bytes) => parts.push(Buffer.from(bytes).toString()),
      end: () => {
        said.push(parts.join('|'));
        response.end();
      },
      gone: () => said.push('gone'),
    });
  });
  const chunked = 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';
  await raw(server, [chunked, '3\r\nabc\r\n', '2\r\nde\r\n0\r\n\r\n', post('x'), post(''), last]);
  expect(said).toEqual(['abc|de', 'x', '', '']);
});

test('a client that goes away within a body is said to be gone, once', async () => {
  const said: string[] = [];
  const server = await listening((request) => {
    receive(request, { part: () => said.push('part'), end: () => said.push('end'), gone: () => said.push('gone') });
  });
  const socket = connect(server.address.port, server.address.address);
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc');
  while (said.length === 0) await sleep(5);
  socket.destroy();
  while (said.length === 1) await sleep(5);
  await sleep(20);
  expect(said).toEqual(['part', 'gone']);
});

test('a body that nobody reads does not hold up the next request', async () => {
  const server = await listening((_, response) => response.end('.'));
  const text = await raw(server, [post('x'.repeat(500_000)), post('y'), last]);
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
});

test('headers are those of their own request, however alike others are', async () => {
  const seen: unknown[] = [];
  const server = await listening((request, response) => {
    const { headers } = request;
    seen.push({ ...headers });
    // What one request's listener changes is nobody else's.
    headers['x-a'] = 'changed';
    response.end();
  });
  const alike = 'X-A: 1\r\nx-b: 2\r\n';
  const all = [
    post('a', alike),
    post('bc', alike),
    post('d', 'X-A: 2\r\nx-b: 2\r\n'),
    post('e', 'X-A: 1\r\nx-c: 2\r\n'),
    last,
  ];
  await raw(server, all);
  const of = (length: string, more: object) => ({ host: 'localhost', 'content-length': length, ...more });
  expect(seen).toEqual([
    of('1', { 'x-a': '1', 'x-b': '2' }),
    of('2', { 'x-a': '1', 'x-b': '2' }),
    of('1', { 'x-a': '2', 'x-b': '2' }),
    of('1', { 'x-a': '1', 'x-c': '2' }),
    { host: 'localhost', connection: 'close' },
  ]);
});

test('a client that reads slowly gets all answers whole', async () => {
  const body = JSON.stringify('x'.repeat(15_000));
  const server = await listening((_, response) => {
    if (!(response as Response).sendJson(body, body.length, 75)) response.end(body);
  });
  const socket = connect(server.address.port, server.address.address);
  socket.pause();
  const COUNT = 2_000;
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(COUNT - 1) + last);
  await sleep(200);
  let answers = '';
  socket.on('data', (chunk) => {
    answers += chunk.toString('latin1');
  });
  socket.resume();
  await once(socket, 'close');
  expect(answers.split(body).length - 1).toBe(COUNT);
});

test('the server says how long a connection may be idle, whichever way its answers go', async () => {
  const { server } = await served(define({ layers: [{ weight: 2 }] }), { name: 'm', limits: { idleTime: 5_000 } });
  const body = '[[1]]';
  const keep = { headers: { connection: 'keep-alive' } };
  expect((await ask(server, '/models/m/predict', { body, ...keep })).headers['keep-alive']).toBe('timeout=5');
  expect((await ask(server, '/nothing', keep)).headers['keep-alive']).toBe('timeout=5');
  const old = await raw(server, ['GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n']);
  expect(old).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(old).not.toMatch(/keep-alive/i);
});
