/** What is not a request, or no honest one: over a socket, as bytes. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { ask, later, raw, served, until } from './support.ts';

const double = () => define({ layers: [{ weight: 2 }] });
const POST = 'POST /models/m/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

test.each([
  ['both lengths and chunks', `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\n[[1]]`],
  ['a length that is none', `${POST}Content-Length: +5\r\n\r\n[[1]]`],
  ['a negative length', `${POST}Content-Length: -5\r\n\r\n[[1]]`],
  ['another transfer encoding', `${POST}Transfer-Encoding: identity, chunked, x\r\n\r\n0\r\n\r\n`],
  ['chunks whose size is none', `${POST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n[[1]]\r\n0\r\n\r\n`],
  ['a NUL in a header', `${POST}X-A: a\0b\r\n\r\n`],
  ['a header that is folded', `${POST}X-A: a\r\n b\r\nContent-Length: 5\r\n\r\n[[1]]`],
  ['a space before the colon', `${POST}Content-Length : 5\r\n\r\n[[1]]`],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ['no version', 'GET /healthz\r\n\r\n'],
  ['no request', 'what is this\r\n\r\n'],
  ['a handshake of TLS', Buffer.from('16030100f1010000ed0303', 'hex')],
])('%s: an answer of 4xx, and the end of the connection', async (_, bytes) => {
  const { server } = await served(double(), { name: 'm' });
  const text = await raw(server, [bytes]);
  expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(text.toLowerCase()).toContain('connection: close');
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('what follows a request that was refused is not taken for another', async () => {
  const { server } = await served(double(), { name: 'm' });
  const smuggled = `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /models HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const text = await raw(server, [smuggled]);
  expect(text).not.toContain('"models"');
});

test('headers of 64 KB are too many', async () => {
  const { server } = await served(double(), { name: 'm' });
  const text = await raw(server, [`GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(65_536)}\r\n\r\n`]);
  expect(text).toMatch(/^HTTP\/1\.1 431 /);
});

test.each(['HTTP/1.0', 'HTTP/1.1'])(
  'requests in a row over one connection of %s are answered in order',
  async (protocol) => {
    const { server } = await served(double(), { name: 'm' });
    const one = (path: string) => `GET ${path} ${protocol}\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n`;
    const last = `GET /nothing ${protocol}\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const text = await raw(server, [one('/healthz') + one('/readyz') + last]);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404']);
  },
);

test('a body above the limit is refused by its length, by its chunks, and before it is sent', async () => {
  const { server } = await served(double(), { name: 'm', limits: { bodyBytes: 1000 } });
  const long = 'x'.repeat(100_000);
  expect(await ask(server, '/models/m/predict', { body: long })).toMatchObject({ status: 413 });
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  expect(await ask(server, '/models/m/predict', { body: long, headers })).toMatchObject({ status: 413 });
  const asks = `${POST}Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n`;
  const text = await raw(server, [asks]);
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
});

test('a client that asks whether to send the body is told to', async () => {
  const { server } = await served(double(), { name: 'm' });
  const text = await raw(server, [
    `${POST}Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
    '[[1]]',
  ]);
  expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
});

test('headers and bodies that come slowly are not waited for', async () => {
  const { server } = await served(double(), { name: 'm', limits: { headersTime: 200, requestTime: 400 } });
  const begun = performance.now();
  const [headers, body] = await Promise.all([
    raw(server, ['GET / HTTP/1.1\r\n', 'Host: localhost\r\n']),
    raw(server, [`${POST}Content-Length: 100\r\n\r\n`, '[[1]']),
  ]);
  expect(headers).toMatch(/^HTTP\/1\.1 408 /);
  expect(body).toMatch(/^HTTP\/1\.1 408 /);
  // The times are looked at every second; without them the connections would stay.
  expect(performance.now() - begun).toBeLessThan(15_000);
});

test('an idle connection is closed', async () => {
  const { server } = await served(double(), { name: 'm', limits: { idleTime: 300 } });
  const text = await raw(server, ['GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n']);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
});

test('connections above the limit are not taken, and others go on', async () => {
  const { server } = await served(double(), { name: 'm', limits: { connections: 2 } });
  const { port, address } = server.address;
  const sockets = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<ReturnType<typeof connect>>((resolve) => {
          const socket = connect(port, address, () => resolve(socket));
        }),
    ),
  );
  // Both are counted once one of them has been answered.
  for (const socket of sockets) {
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
  }
  expect(await raw(server, ['GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'])).toBe('');
  for (const socket of sockets) socket.destroy();
  await sleep(20);
  expect((await ask(server, '/healthz')).status).toBe(200);
});

test('random bytes do the server no harm', async () => {
  const { server } = await served(double(), { name: 'm' });
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const good = Buffer.from(`${POST}Content-Length: 5\r\nConnection: close\r\n\r\n[[1]]`);
  const bad = Array.from({ length: 150 }, () => {
    const bytes = Buffer.from(good);
    for (let i = 0; i <= random(4); i++) bytes[random(bytes.length)] = random(256);
    return bytes;
  });
  const client = (bytes: Buffer) =>
    new Promise<string>((resolve) => {
      const socket = connect(server.address.port, server.address.address, () => socket.end(bytes));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
  for (const bytes of bad) {
    const text = await client(bytes);
    if (text !== '') expect(text, JSON.stringify(bytes.toString('latin1'))).toMatch(/^HTTP\/1\.1 [24]\d\d /);
    expect(text).not.toMatch(/\/tmp\/|node_modules|\.[jt]s:|\n {4}at /);
  }
  expect((await ask(server, '/healthz')).status).toBe(200);
});

test('what clients sent that went away is given back, whichever of their requests it was', async () => {
  const body = JSON.stringify([[1], [2]]).padEnd(600);
  const { server } = await served(double(), { name: 'm', limits: { heldBytes: 1000 } });
  const plain = `${POST}Content-Length: 600\r\n\r\n${body}`;
  const compressed = gzipSync(body);
  const slow = `${POST}Content-Encoding: gzip\r\nContent-Length: ${compressed.length}\r\n\r\n`;
  for (let round = 0; round < 5; round++) {
    for (const parts of [
      [slow, compressed, plain],
      [plain, plain],
      [`${POST}Content-Length: 600\r\n\r\n${body.slice(0, 500)}`],
    ]) {
      await new Promise((resolve) => {
        const socket = connect(server.address.port, server.address.address, () => {
          socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))), () =>
            setImmediate(() => socket.destroy()),
          );
        });
        socket.on('error', () => {});
        socket.on('close', resolve);
      });
    }
  }
  await until(async () => (await ask(server, '/models/m/predict', { body })).status === 200);
});

test('answers over many connections go out whole, each to its own request', async () => {
  const { server } = await served(double(), { name: 'm' });
  const clients = Array.from({ length: 20 }, async (_, client) => {
    const requests = [0, 1, 2].map((at) => {
      const body = `[[${client * 10 + at}]]`;
      const end = at === 2 ? 'Connection: close\r\n' : '';
      return `${POST}${end}Content-Length: ${body.length}\r\n\r\n${body}`;
    });
    const text = await raw(server, [requests.join('')]);
    expect(text.match(/\[\d+\]$|\[\d+\](?=HTTP)/g)).toEqual([0, 1, 2].map((at) => `[${2 * (client * 10 + at)}]`));
  });
  await Promise.all(clients);
});

const many = (first: string, unit: string, last: string) => first + unit.repeat(3e6 / unit.length) + last;
test.each([
  ['arrays within each other', '/models/m/predict', many('', '[', ''), 400],
  ['objects within each other', '/models/m/predict', many('', '{"a":', ''), 400],
  ['arrays of nothing', '/models/m/predict', many('[[]', ',[]', ']').repeat(3), 413],
  ['names of one record', '/models/m/predict', `{${Array.from({ length: 3e5 }, (_, i) => `"k${i}":1`).join()}}`, 413],
  ['inputs', '/v2/models/m/infer', many('{"inputs":[{}', ',{}', ']}'), 400],
  ['outputs', '/v2/models/m/infer', many('{"inputs":[],"outputs":[{}', ',{}', ']}'), 413],
  ['dimensions', '/v2/models/m/infer', many('{"inputs":[{"shape":[1', ',1', ']}]}'), 413],
  ['members of parameters', '/v2/models/m/infer', many('{"parameters":{"a":[1', ',1', ']}}'), 413],
])('a body of many %s is refused before anything is made of it', async (_, path, body, status) => {
  const { server } = await served(double(), { name: 'm' });
  const begun = performance.now();
  const answer = await ask(server, path, { body });
  expect([answer.status, answer.json]).toMatchObject([status, { error: expect.any(String) }]);
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test('more than one Host is refused, whichever comes first', async () => {
  const { server } = await served(double(), { name: 'm', host: '127.0.0.1', allowedHosts: ['*'] });
  for (const hosts of ['Host: a\r\nHost: b\r\n', 'host: a\r\nX: y\r\nHOST: a\r\n']) {
    const text = await raw(server, [`GET /models HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`]);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  }
});

test('an expectation that nobody knows is refused in JSON', async () => {
  const { server } = await served(double(), { name: 'm' });
  const text = await raw(server, [`${POST}Expect: tea\r\nContent-Length: 5\r\n\r\n[[1]]`]);
  expect(text).toMatch(/^HTTP\/1\.1 417 [\s\S]*\{"error":"[^"]+"\}$/);
});

test('a body that came whole and cannot be read is answered over the same connection', async () => {
  const { server } = await served(double(), { name: 'm' });
  const bad = `${POST}Content-Encoding: br\r\nContent-Length: 5\r\n\r\n[[1]]`;
  const good = `${POST}Content-Length: 5\r\nConnection: close\r\n\r\n[[1]]`;
  const text = await raw(server, [bad, good]);
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415', 'HTTP/1.1 200']);
});

test('a connection that is idle keeps nothing of what came over it, and does not hold up the end', async () => {
  const { server } = await served(double(), { name: 'm', drainTime: 60_000 });
  const body = `[${' '.repeat(4e6)}[1]]`;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  const sockets = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const socket = connect(server.address.port, server.address.address);
      later(() => socket.destroy());
      socket.write(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`);
      await once(socket, 'data');
      return socket;
    }),
  );
  await until(() => held() < before + 20e6);
  const ended = Promise.all(sockets.map((socket) => once(socket, 'close')));
  const begun = performance.now();
  for (const socket of sockets) socket.resume();
  await server.close();
  await ended;
  expect(performance.now() - begun).toBeLessThan(15_000);
});
