import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../failure.ts';
import { answerOf, ModelServer, sha256, version, watched } from './versions.ts';

describe('a model behind a URL', () => {
  it('is exchanged when the server has a newer one, and downloaded then only', async () => {
    const server = await ModelServer.start();
    const { live, updates } = await watched(server.url);
    expect(answerOf(live)).toBe(1);
    expect(await live.check()).toBe(false);
    expect(server.statuses).toEqual([200, 304]);

    server.content = version(2);
    expect(await live.check()).toBe(true);
    expect(answerOf(live)).toBe(2);
    expect(server.statuses).toEqual([200, 304, 200]);
    const digest = sha256(server.content);
    expect(updates).toEqual([{ from: 'source', sha256: digest, etag: `"${digest.slice(0, 8)}"` }]);
    expect(live.status).toMatchObject({ version: updates[0], failures: 0, closed: false });
  });

  it('is asked for by its date where the server gives no ETag', async () => {
    const server = await ModelServer.start();
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
    server.instead = (request, response) => {
      response.setHeader('last-modified', date);
      if (request.headers['if-modified-since'] === date) response.writeHead(304).end();
      else response.end(version(1));
    };
    const { live } = await watched(server.url);
    expect(await live.check()).toBe(false);
    expect(server.statuses).toEqual([200, 304]);
    expect(live.status.version.modified).toEqual(new Date(date));
  });

  it('stays where the server says nothing of it and gives the same bytes', async () => {
    const server = await ModelServer.start();
    server.instead = (_, response) => response.end(version(1));
    const { live } = await watched(server.url);
    const { model } = live;
    expect(await live.check()).toBe(false);
    expect(server.statuses).toEqual([200, 200]);
    expect(live.model).toBe(model);
  });

  it('goes back to an earlier version when the server does', async () => {
    const server = await ModelServer.start();
    const { live } = await watched(server.url);
    for (const m of [2, 1, 2]) {
      server.content = version(m);
      expect(await live.check()).toBe(true);
      expect(answerOf(live)).toBe(m);
    }
  });

  it('is kept while the server fails in every way, and exchanged once it has recovered', async () => {
    const server = await ModelServer.start();
    const { live, errors, rejections } = await watched(server.url, { timeout: 100, limits: { bytes: 1000 } });
    const ways: [ModelServer['instead'], RegExp][] = [
      [(_, response) => response.writeHead(500).end(), /answered 500 Internal Server Error/],
      [(_, response) => response.writeHead(404).end(), /answered 404/],
      [(request) => request.socket.destroy(), /the download failed/],
      [() => {}, /the server was silent for 100 ms/],
      [(_, response) => response.write(version(2).subarray(0, 9)), /the server was silent for 100 ms/],
      [
        (_, response) => {
          response.writeHead(200, { 'content-length': 200 });
          response.write(version(2), () => response.destroy());
        },
        /the download failed/,
      ],
      [(_, response) => response.end(new Uint8Array(1001)), /over the limit bytes = 1000/],
      [
        (_, response) => response.setHeader('content-type', 'text/html').end('<title>Sign in</title>'),
        /answered with a page/,
      ],
    ];
    for (const [i, [instead, message]] of ways.entries()) {
      server.instead = instead;
      expect(await live.check()).toBe(false);
      expect(live.status.error?.message).toMatch(message);
      expect(live.status.failures).toBe(i + 1);
      expect(answerOf(live)).toBe(1);
    }
    expect(errors.length).toBe(ways.length - 1);
    expect(rejections).toEqual([]);
    server.instead = undefined;
    server.content = version(2);
    expect(await live.check()).toBe(true);
    expect(live.status).toMatchObject({ failures: 0, error: undefined });
    expect(answerOf(live)).toBe(2);
  });

  it('tells the same failure once', async () => {
    const server = await ModelServer.start();
    const { live, errors } = await watched(server.url);
    server.instead = (_, response) => response.writeHead(500).end();
    for (let i = 0; i < 3; i++) await live.check();
    expect(errors.map(({ code }) => code)).toEqual(['SOURCE']);
    server.instead = undefined;
    await live.check();
    server.instead = (_, response) => response.writeHead(500).end();
    await live.check();
    expect(errors.length).toBe(2);
  });

  it('is not judged by a part of it that ended with its connection', async () => {
    const server = await ModelServer.start();
    const { live, rejections } = await watched(server.url);
    const whole = version(2);
    const serve = (bytes: Uint8Array) => {
      server.instead = (request) => {
        request.socket.write('HTTP/1.0 200 OK\r\netag: "2"\r\n\r\n');
        request.socket.end(bytes);
      };
    };
    serve(whole.subarray(0, -1));
    expect(await live.check()).toBe(false);
    expect(rejections.length).toBe(1);
    serve(whole);
    expect(await live.check()).toBe(true);
    expect(server.requests.at(-1)?.headers['if-none-match']).not.toBe('"2"');
    expect(answerOf(live)).toBe(2);
  });

  it('that is bad is told once, downloaded once, and the one in use kept', async () => {
    const server = await ModelServer.start();
    const { live, rejections } = await watched(server.url);
    server.content = Uint8Array.from(Buffer.from('no model at all'));
    for (let i = 0; i < 3; i++) expect(await live.check()).toBe(false);
    expect(server.statuses).toEqual([200, 200, 304, 304]);
    expect(rejections.map(({ code }) => code)).toEqual(['UNKNOWN_FORMAT']);
    expect(live.status.rejected).toMatchObject({
      error: rejections[0],
      version: { from: 'source', sha256: sha256(server.content) },
    });
    expect(answerOf(live)).toBe(1);

    // Back to the good one: nothing is refused any more.
    server.content = version(1);
    expect(await live.check()).toBe(false);
    expect(live.status.rejected).toBeUndefined();
    // And the bad one again is still known.
    server.content = Uint8Array.from(Buffer.from('no model at all'));
    expect(await live.check()).toBe(false);
    expect(rejections.length).toBe(1);
  });

  it('keeps what is secret to itself', async () => {
    const server = await ModelServer.start();
    const secret = server.url.replace('//', '//me:pass@').concat('?token=secret');
    const { live, errors } = await watched(secret);
    expect(server.requests[0].headers.authorization).toBe(`Basic ${btoa('me:pass')}`);
    await server.stop();
    await live.check();
    expect(errors[0].message).toContain('/churn.safetensors');
    expect(JSON.stringify([live.status, errors[0].message])).not.toMatch(/pass@|me:|secret/);
  });

  it('is asked for again as the server wants it', async () => {
    const server = await ModelServer.start();
    const { live } = await watched(server.url, { interval: 60_000 });
    const wait = () => (live.status.next?.getTime() ?? 0) - Date.now();
    expect(wait()).toBeGreaterThan(50_000);
    server.instead = (_, response) => response.writeHead(503, { 'retry-after': '3600' }).end();
    await live.check();
    expect(wait()).toBeGreaterThan(3_590_000);
    server.instead = (_, response) => response.writeHead(500).end();
    await live.check();
    expect(wait()).toBeLessThan(2_100);
  });

  it('is found newer by itself, time and again', async () => {
    const server = await ModelServer.start();
    const { live } = await watched(server.url, { interval: 5 });
    let m = 1;
    for await (const model of live) {
      expect(model.run(Float32Array.of(1))[0]).toBe(m);
      if (m === 4) break;
      m += 1;
      server.content = version(m);
    }
  });
});

describe('redirects', () => {
  it('are followed, also to say that nothing changed', async () => {
    const server = await ModelServer.start();
    const other = createServer((request, response) => {
      const code = request.url === '/latest' ? 302 : 307;
      response.writeHead(code, { location: request.url === '/latest' ? '/moved' : server.url }).end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { live } = await watched(`http://me:pass@127.0.0.1:${(other.address() as AddressInfo).port}/latest`);
    expect(answerOf(live)).toBe(1);
    expect(await live.check()).toBe(false);
    expect(server.statuses).toEqual([200, 304]);
    // Who asks is told to the server that the URL names alone.
    expect(server.requests[0].headers.authorization).toBeUndefined();
    other.closeAllConnections();
    other.close();
  });
});

describe('the SHA-256', () => {
  it('pins a version: any other is refused, and once it is there nothing is asked any more', async () => {
    const server = await ModelServer.start();
    const pinned = sha256(version(1));
    const { live, rejections } = await watched(server.url, { sha256: pinned.toUpperCase() });
    server.content = version(2);
    expect(await live.check()).toBe(false);
    expect(server.statuses).toEqual([200]);
    expect(answerOf(live)).toBe(1);
    expect(rejections).toEqual([]);

    const error = await failureOf(() => watched(server.url, { sha256: pinned }));
    expect([error.code, error.message]).toEqual([
      'CHECKSUM',
      expect.stringContaining(`expected the SHA-256 ${pinned}`),
    ]);
  });

  it('is read from the file beside it, whichever of the two comes first', async () => {
    const server = await ModelServer.start();
    let sidecar = `${sha256(version(1))}  churn.safetensors\n`;
    let content = version(1);
    server.instead = (request, response) => {
      if (request.url?.endsWith('.sha256')) return response.end(sidecar);
      const etag = `"${content.at(-1)}${content.at(-2)}"`;
      response.setHeader('etag', etag);
      if (request.headers['if-none-match'] === etag) return response.writeHead(304).end();
      return response.end(content);
    };
    const { live, rejections, errors } = await watched(server.url, { sha256: 'sidecar' });
    expect(await live.check()).toBe(false);

    // The model first: what the digest says is in use, and is not asked for.
    content = version(2);
    expect(await live.check()).toBe(false);
    sidecar = `SHA256 (churn.safetensors) = ${sha256(version(2))}\n`;
    expect(await live.check()).toBe(true);
    expect(answerOf(live)).toBe(2);
    expect(rejections).toEqual([]);

    // The digest first: the old bytes are refused, once, and the new ones taken.
    sidecar = sha256(version(3));
    expect(await live.check()).toBe(false);
    expect(await live.check()).toBe(false);
    expect(rejections.map(({ code }) => code)).toEqual(['CHECKSUM']);
    content = version(3);
    expect(await live.check()).toBe(true);
    expect(answerOf(live)).toBe(3);

    // A digest that comes late makes the bytes good that were refused for the wrong one.
    content = version(4);
    sidecar = sha256(version(5));
    expect(await live.check()).toBe(false);
    sidecar = sha256(version(4));
    expect(await live.check()).toBe(true);
    expect(answerOf(live)).toBe(4);

    sidecar = 'what is not a digest';
    expect(await live.check()).toBe(false);
    expect(errors.map(({ message }) => message)).toEqual([
      "churn.safetensors.sha256: expected a SHA-256 in hexadecimal, found 'what is not a digest'",
    ]);
  });

  it('may come from a function, and is waited for no longer than until it closes', async () => {
    const server = await ModelServer.start();
    let digest: () => unknown = async () => sha256(server.content);
    const { live, errors } = await watched(server.url, { sha256: () => digest() as string });
    server.content = version(2);
    expect(await live.check()).toBe(true);
    digest = () => {
      throw new Error('no manifest');
    };
    expect(await live.check()).toBe(false);
    digest = () => 'abc';
    expect(await live.check()).toBe(false);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['SOURCE', 'sha256: the digest could not be read: no manifest'],
      ['OPTION', "sha256: expected 64 hexadecimal digits, found the string 'abc'"],
    ]);
    digest = () => new Promise(() => {});
    const checking = live.check();
    await live.close();
    expect(await checking).toBe(false);
  });
});
