import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DEFAULT_LIMITS } from '../lib/graph/limits.ts';
import type { SourceOptions } from '../lib/source/open-source.ts';
import { siblingSegments } from '../lib/source/sibling-path.ts';
import { openSource } from '../lib/source.ts';
import { failureOf } from './failure.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
const open = (from: unknown, limits = {}, signal?: AbortSignal, asked: Pick<SourceOptions, 'headers' | 'fetch'> = {}) =>
  openSource(from as string, { limits: { ...DEFAULT_LIMITS, ...limits }, signal, ...asked });

function sharedBytes(): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(100));
  bytes.set(BYTES);
  return bytes;
}

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forwardpass-source-'));
  await mkdir(at('model/weights'), { recursive: true });
  await writeFile(at('outside.bin'), 'outside');
  await writeFile(at('model/model.bin'), BYTES);
  await writeFile(at('model/model.bin.data'), 'data');
  await writeFile(at('model/weights/w.bin'), 'weights');
});
afterAll(() => rm(folder, { recursive: true }));

describe.each([
  ['a path', () => at('model/model.bin')],
  ['a file: URL', () => pathToFileURL(at('model/model.bin'))],
  ['a file: URL as a string', () => pathToFileURL(at('model/model.bin')).href],
  ['bytes', () => BYTES],
  ['bytes of shared memory', sharedBytes],
  ['a Buffer', () => Buffer.from(BYTES)],
  ['an ArrayBuffer', () => BYTES.slice().buffer],
  ['a SharedArrayBuffer', () => sharedBytes().buffer],
  ['a Blob', () => new Blob([BYTES])],
  ['a File', () => new File([BYTES], 'model.bin')],
])('%s', (_, from) => {
  it('is read by ranges', async () => {
    const source = await open(from());
    expect(source.main.size).toBe(100);
    expect(await source.main.read(10, 3)).toEqual(Uint8Array.of(10, 11, 12));
    expect(await source.main.read(0, 100)).toEqual(BYTES);
    expect(await source.main.read(100, 0)).toEqual(new Uint8Array());
    await source.close();
  });

  it('gives bytes that are the caller’s', async () => {
    const source = await open(from());
    (await source.main.read(0, 4)).fill(255);
    expect(await source.main.read(0, 4)).toEqual(Uint8Array.of(0, 1, 2, 3));
    await source.close();
  });

  it('is refused where it ends or a range is none', async () => {
    const source = await open(from());
    const late = await failureOf(() => source.main.read(98, 3));
    expect(late.code).toBe('TRUNCATED');
    expect(late.message).toContain('expected 3 bytes at byte 98, but it ends at 100');
    for (const [offset, length] of [
      [-1, 2],
      [0.5, 2],
      [0, -2],
      [2 ** 53, 1],
    ]) {
      expect((await failureOf(() => source.main.read(offset, length))).code).toBe('MALFORMED');
    }
    await source.close();
  });

  it('is refused over the limit', async () => {
    expect((await failureOf(() => open(from(), { bytes: 99 }))).code).toBe('LIMIT');
  });
});

describe('what is not a model’s file', () => {
  it.each<[title: string, from: () => unknown, code: string, message: RegExp]>([
    ['a file that is not there', () => at('none'), 'SOURCE', /none: file not found/],
    ['a path through a file', () => at('outside.bin/model'), 'SOURCE', /file not found/],
    [
      'a folder',
      () => at('model'),
      'SOURCE',
      /is a folder without any of saved_model.pb, model.json, model.safetensors/,
    ],
    ['no path', () => '', 'SOURCE', /expected a path, found ''/],
    ['a path with a NUL', () => 'a\0b', 'SOURCE', /expected a path, found 'a\\u0000b'/],
    ['another URL', () => new URL('ftp://host/model'), 'SOURCE', /expected a file:, http: or https: URL, found 'ftp:'/],
    ['a file: URL of another machine', () => new URL('file://host/model'), 'SOURCE', /is not a path on this machine/],
    ['a broken URL', () => 'http://[', 'SOURCE', /is not a valid URL/],
    [
      'a number',
      () => 7,
      'OPTION',
      /expected a path, a URL, a Uint8Array, an ArrayBuffer or a Blob, found the number 7/,
    ],
    ['a DataView', () => new DataView(new ArrayBuffer(8)), 'OPTION', /found a DataView/],
    [
      'detached bytes',
      () => {
        const bytes = BYTES.slice();
        structuredClone(bytes, { transfer: [bytes.buffer] });
        return bytes;
      },
      'BUFFER',
      /detached/,
    ],
  ])('%s is refused', async (_, from, code, message) => {
    const error = await failureOf(() => open(from()));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });

  it.skipIf(process.platform === 'win32')('a device is refused', async () => {
    expect((await failureOf(() => open('/dev/null'))).message).toContain('expected a regular file');
  });
});

describe('a file beside the model', () => {
  it('is read, from folders too, once and within the limit of all together', async () => {
    const source = await open(at('model/model.bin'), { bytes: 111 });
    expect(await (await source.sibling('model.bin.data')).read(0, 4)).toEqual(Uint8Array.from(Buffer.from('data')));
    expect(await source.sibling('./weights/w.bin')).toBe(await source.sibling('weights/w.bin'));
    await source.close();
    const narrow = await open(at('model/model.bin'), { bytes: 110 });
    await narrow.sibling('model.bin.data');
    expect((await failureOf(() => narrow.sibling('weights/w.bin'))).code).toBe('LIMIT');
    await narrow.close();
  });

  it.each([
    ['/etc/passwd', 'absolute'],
    ['../outside.bin', 'upwards'],
    ['weights/../../outside.bin', 'upwards'],
    ['weights\\w.bin', 'backslash'],
    ['..\\outside.bin', 'backslash'],
    ['\\\\?\\C:\\outside.bin', 'backslash'],
    ['C:outside.bin', 'colon'],
    ['C:/outside.bin', 'colon'],
    ['model.bin.data::$DATA', 'colon'],
    ['model.bin.data\0.txt', 'control character'],
    ['weights//w.bin', 'empty part'],
    ['weights/', 'empty part'],
    ['model.bin.data.', 'dot or a space'],
    ['weights /w.bin', 'dot or a space'],
    ['NUL', 'device'],
    ['con.txt', 'device'],
    ['weights/COM1.bin', 'device'],
    ['', 'empty part'],
    ['.', 'does not name a file'],
  ])('is refused by the path %j', async (path, reason) => {
    const error = await failureOf(() => siblingSegments(path));
    expect(error.code).toBe('UNSAFE');
    expect(error.message).toContain(reason);
  });

  it('may have a name that only resembles those', () => {
    for (const path of ['console.bin', 'a..b', '..data', 'com10', 'weights of 2024/w.bin', 'ж.bin']) {
      expect(siblingSegments(path).join('/')).toBe(path);
    }
  });

  it('is refused when the path is none', async () => {
    expect((await failureOf(() => siblingSegments(7 as unknown as string))).code).toBe('MALFORMED');
  });

  it('is refused when it is not a plain file, or is not there', async () => {
    const source = await open(at('model/model.bin'));
    expect((await failureOf(() => source.sibling('weights'))).code).toBe('UNSAFE');
    expect((await failureOf(() => source.sibling('model.bin/x'))).code).toBe('UNSAFE');
    expect((await failureOf(() => source.sibling('none'))).code).toBe('SOURCE');
    await source.close();
  });

  it.skipIf(process.platform === 'win32')('is refused when a link leads to it', async () => {
    await symlink(at('outside.bin'), at('model/link.bin'));
    await symlink(at('model/weights'), at('model/linked'));
    await link(at('outside.bin'), at('model/hard.bin'));
    const source = await open(at('model/model.bin'));
    for (const [path, reason] of [
      ['link.bin', "'link.bin' is a symbolic link"],
      ['linked/w.bin', "'linked' is a symbolic link"],
      ['hard.bin', 'it is a hard link'],
    ]) {
      const error = await failureOf(() => source.sibling(path));
      expect(error.code).toBe('UNSAFE');
      expect(error.message).toContain(reason);
    }
    await source.close();
  });

  it.skipIf(process.platform === 'win32')('is in the folder of the path given, also where that is a link', async () => {
    await mkdir(at('links'));
    await symlink(at('model/model.bin'), at('links/model.bin'));
    await writeFile(at('links/beside.bin'), 'beside');
    await symlink(at('model'), at('links/model'));
    const linkedFile = await open(at('links/model.bin'));
    expect((await linkedFile.sibling('beside.bin')).size).toBe(6);
    const linkedFolder = await open(at('links/model/model.bin'));
    expect((await linkedFolder.sibling('model.bin.data')).size).toBe(4);
    await Promise.all([linkedFile.close(), linkedFolder.close()]);
  });

  it('cannot be read for a model from bytes', async () => {
    const error = await failureOf(async () => (await open(BYTES)).sibling('model.bin.data'));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining('given as bytes')]);
  });
});

describe('an aborted signal', () => {
  it('stops before and while a file is read', async () => {
    const aborted = AbortSignal.abort(new Error('enough'));
    expect((await failureOf(() => open(at('model/model.bin'), {}, aborted))).code).toBe('ABORTED');
    const controller = new AbortController();
    const source = await open(at('model/model.bin'), {}, controller.signal);
    controller.abort();
    expect((await failureOf(() => source.main.read(0, 1))).code).toBe('ABORTED');
    await source.close();
  });
});

describe('an http: URL', () => {
  let server: Server | undefined;
  const serve = async (listener: RequestListener) => {
    server = createServer(listener);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  it('is downloaded, with what it says of the user', async () => {
    let authorization: string | undefined;
    const base = await serve((request, response) => {
      authorization = request.headers.authorization;
      response.end(request.url === '/m.bin?token=t' ? BYTES : 'other');
    });
    const source = await open(`${base.replace('//', '//me:se%20cret@')}/m.bin?token=t`);
    expect([source.main.name, source.main.size]).toEqual(['m.bin', 100]);
    expect(await source.main.read(50, 2)).toEqual(Uint8Array.of(50, 51));
    expect(authorization).toBe(`Basic ${btoa('me:se cret')}`);
    expect((await failureOf(() => source.sibling('m.bin.data'))).message).toContain('downloaded');
  });

  it('is asked for with the headers that are given, which other origins do not get', async () => {
    const seen: unknown[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-team']);
      response.end(BYTES);
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/m.bin`;
    const base = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-team']);
      if (request.url === '/moved') response.writeHead(302, { location: elsewhere }).end();
      else response.end(BYTES);
    });
    const headers = { Authorization: 'Bearer secret', 'x-team': 'fraud' };
    try {
      for (const path of ['/m.bin', '/moved']) await open(base + path, {}, undefined, { headers });
    } finally {
      other.close();
    }
    expect(seen).toEqual(['Bearer secret', 'fraud', 'Bearer secret', 'fraud', undefined, undefined]);
  });

  it('is asked for by the fetch that is given', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (url, options) => {
      asked.push(String(url), new Headers(options?.headers).get('x-key') ?? '');
      return new Response(BYTES);
    };
    const source = await open('https://models.example/m.bin', {}, undefined, { fetch, headers: { 'x-key': '1' } });
    expect(await source.main.read(0, 100)).toEqual(BYTES);
    expect(asked).toEqual(['https://models.example/m.bin', '1']);
    const wrong = (async () => 200) as unknown as typeof globalThis.fetch;
    const error = await failureOf(() => open('https://models.example/m.bin', {}, undefined, { fetch: wrong }));
    expect([error.code, error.message]).toEqual([
      'SOURCE',
      expect.stringContaining('expected a Response from the fetch option, found'),
    ]);
  });

  it('is refused with the status and without what is secret', async () => {
    const base = await serve((_, response) => response.writeHead(404).end());
    const error = await failureOf(() => open(new URL(`${base.replace('//', '//me:pass@')}/m.bin?token=secret`)));
    expect(error.code).toBe('SOURCE');
    expect(error.message).toContain(`${base}/m.bin: the server answered 404 Not Found`);
  });

  it('is refused when a page comes in its place, but not for its content-type alone', async () => {
    const base = await serve((request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(request.url === '/page' ? '\n<!doctype html><title>Sign in</title>' : BYTES);
    });
    const error = await failureOf(() => open(`${base}/page`));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining('answered with a page')]);
    expect((await open(`${base}/model`)).main.size).toBe(100);
  });

  it('is refused over the limit, by what is declared or by what comes', async () => {
    let sent = 0;
    const base = await serve((request, response) => {
      if (request.url === '/declared') response.setHeader('content-length', 10 ** 9);
      const send = () => {
        while (!response.destroyed && response.write(BYTES)) sent += 100;
        response.once('drain', send);
      };
      send();
    });
    for (const path of ['/declared', '/endless']) {
      expect((await failureOf(() => open(base + path, { bytes: 1000 }))).code).toBe('LIMIT');
    }
    expect(sent).toBeLessThan(10 ** 8);
  });

  it('is refused when it breaks off', async () => {
    const base = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 200 });
      response.write(BYTES, () => response.destroy());
    });
    const error = await failureOf(() => open(`${base}/m.bin`));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining('the download failed')]);
  });

  it('is refused when nobody answers', async () => {
    const base = await serve(() => {});
    server?.close();
    const error = await failureOf(() => open(base));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining('ECONNREFUSED')]);
  });

  it('is followed to where it has gone, ten times at the most', async () => {
    const base = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end(BYTES);
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect((await open(`${base}/10`)).main.size).toBe(100);
    const error = await failureOf(() => open(`${base}/11`));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining('redirected more than 10 times')]);
  });

  it.each([
    ['https:', 'http://models.example/m?token=secret', "to 'http://models.example/m', expected an https: URL"],
    ['http:', 'file:///etc/passwd', "to 'file:///etc/passwd', expected an http: or https: URL"],
    ['http:', 'http://[', 'to an invalid URL, expected an http: or https: URL'],
  ])('from %s is not followed to %s', async (protocol, location, message) => {
    const fetch = vi.fn(async (_: string) => new Response(null, { status: 302, headers: { location } }));
    vi.stubGlobal('fetch', fetch);
    try {
      const error = await failureOf(() => open(`${protocol}//models.example/churn`));
      expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining(message)]);
      expect(fetch).toHaveBeenCalledTimes(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is aborted by the signal', async () => {
    const controller = new AbortController();
    const base = await serve((_, response) => {
      response.write(BYTES);
      controller.abort();
    });
    expect((await failureOf(() => open(base, {}, controller.signal))).code).toBe('ABORTED');
  });
});
