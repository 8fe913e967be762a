import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../failure.ts';
import { answerOf, ModelServer, newFolder, sha256, version, watched } from './versions.ts';

const BAD = Uint8Array.from(Buffer.from('no model at all'));

/** A folder in which version 1 is kept, and its server. */
async function keptFolder() {
  const server = await ModelServer.start();
  const cache = (await newFolder())('cache');
  const { live } = await watched(server.url, { cache });
  await live.close();
  const [name] = await readdir(cache);
  return { server, cache, file: join(cache, name) };
}

describe('the cache', () => {
  it('is one file, which only its user may read, named without the URL', async () => {
    const { server, cache, file } = await keptFolder();
    expect(await readdir(cache)).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.model$/)]);
    const kept = await readFile(file);
    const line = kept.subarray(0, kept.indexOf('\n'));
    const digest = sha256(version(1));
    expect(JSON.parse(line.toString())).toEqual({ sha256: digest, etag: `"${digest.slice(0, 8)}"` });
    expect(kept.subarray(line.length + 1)).toEqual(Buffer.from(version(1)));
    if (process.platform !== 'win32') {
      expect([(await stat(cache)).mode & 0o777, (await stat(file)).mode & 0o777]).toEqual([0o700, 0o600]);
    }
    // Who asks makes no difference, what is asked for does.
    const { live } = await watched(server.url.replace('//', '//me:pass@'), { cache });
    expect(live.status.version.from).toBe('cache');
    await watched(`${server.url}?model=other`, { cache });
    expect((await readdir(cache)).length).toBe(2);
  });

  it('spares the download when the server still has that version', async () => {
    const { server, cache } = await keptFolder();
    const { live } = await watched(server.url, { cache });
    expect(server.statuses).toEqual([200, 304]);
    expect(live.status.version).toMatchObject({ from: 'cache', sha256: sha256(version(1)) });
    server.content = version(2);
    expect(await live.check()).toBe(true);
    expect(live.status.version.from).toBe('source');
  });

  it('gives the model while the network is away, until it is back', async () => {
    const { server, cache } = await keptFolder();
    const comeBack = await server.stop();
    const { live, errors } = await watched(server.url, { cache, fallback: version(9) });
    expect(answerOf(live)).toBe(1);
    expect(live.status).toMatchObject({ version: { from: 'cache' }, failures: 1 });
    expect(errors.map(({ code }) => code)).toEqual(['SOURCE']);
    await comeBack();
    expect(await live.check()).toBe(false);
    expect(live.status).toMatchObject({ failures: 0, error: undefined });
    server.content = version(2);
    expect(await live.check()).toBe(true);
    // The newest is what the next start has.
    await server.stop();
    expect(answerOf((await watched(server.url, { cache })).live)).toBe(2);
  });

  it('comes first when asked to, without waiting for the network', async () => {
    const { server, cache } = await keptFolder();
    server.content = version(2);
    const { live } = await watched(server.url, { cache, startFrom: 'cache', interval: 60_000 });
    expect(live.status).toMatchObject({ version: { from: 'cache' }, checked: undefined });
    for await (const model of live) if (model.run(Float32Array.of(1))[0] === 2) break;
    expect(live.status.version.from).toBe('source');
    const idle = await watched(server.url, { cache, startFrom: 'cache' });
    expect(idle.live.status).toMatchObject({ version: { from: 'cache' }, next: undefined });
    // With none, the network it is.
    const empty = await watched(server.url, { cache: `${cache}-other`, startFrom: 'cache' });
    expect(empty.live.status.version.from).toBe('source');
  });

  it.each<[string, (file: Buffer) => Uint8Array | string, string]>([
    ['a bit of its bytes has changed', (file) => file.with(file.length - 1, 77), 'CHECKSUM'],
    ['it was cut', (file) => file.subarray(0, -1), 'CHECKSUM'],
    ['it is empty', () => '', 'MALFORMED'],
    ['it does not say what it is', () => 'something else\n', 'MALFORMED'],
    ['it says something else', () => '[1]\nbytes', 'MALFORMED'],
    ['it says nothing', () => 'null\nbytes', 'MALFORMED'],
    ['it is too large', () => 'x'.repeat(70_000), 'LIMIT'],
  ])('is left alone, and that is told, when %s', async (_, damage, code) => {
    const { server, cache, file } = await keptFolder();
    await writeFile(file, damage(await readFile(file)));
    const { live, errors } = await watched(server.url, { cache, limits: { bytes: 1000 } });
    expect(errors.map((error) => [error.code, error.place])).toEqual([[code, file]]);
    expect(live.status.version.from).toBe('source');
    // It was written anew.
    await server.stop();
    expect(answerOf((await watched(server.url, { cache })).live)).toBe(1);
  });

  it('is not an obstacle when it cannot be written', async () => {
    const server = await ModelServer.start();
    const at = await newFolder();
    await writeFile(at('file'), '');
    const { live, errors } = await watched(server.url, { cache: at('file/cache') });
    expect(answerOf(live)).toBe(1);
    expect(errors.map(({ code }) => code)).toEqual(['SOURCE', 'SOURCE']);
    expect(errors[1].message).toContain('could not be written (ENOTDIR)');
  });

  it('is not used for another version than the one that is pinned', async () => {
    const { server, cache } = await keptFolder();
    server.content = version(2);
    const pinned = await watched(server.url, { cache, sha256: sha256(version(2)) });
    expect(answerOf(pinned.live)).toBe(2);
    await server.stop();
    expect((await failureOf(() => watched(server.url, { cache, sha256: sha256(version(1)) }))).code).toBe('SOURCE');
    // The pinned one needs no network at all.
    const { live, errors } = await watched(server.url, { cache, sha256: sha256(version(2)) });
    expect([answerOf(live), errors]).toEqual([2, []]);
  });

  it('gives no version that is not good any more, though the server says it is the newest', async () => {
    const { server, cache } = await keptFolder();
    const { live, rejections } = await watched(server.url, {
      cache,
      fallback: version(9),
      validate: (model) => model.run(Float32Array.of(1))[0] > 1,
    });
    expect(answerOf(live)).toBe(9);
    expect(rejections.map(({ code }) => code)).toEqual(['REJECTED']);
    expect(server.statuses).toEqual([200, 304, 200]);
  });

  it('throws away what an ended process left, and nothing else', async () => {
    const { server, cache, file } = await keptFolder();
    const left = file.replace('.model', '.0123.tmp');
    await Promise.all([writeFile(left, 'old'), writeFile(`${left}.tmp`, 'new'), writeFile(join(cache, 'other'), '')]);
    await utimes(left, 1, 1);
    server.content = version(2);
    await watched(server.url, { cache });
    expect((await readdir(cache)).sort()).toEqual(
      [file, `${left}.tmp`, join(cache, 'other')].map((path) => path.slice(cache.length + 1)).sort(),
    );
  });

  it('may be shared by many at once', async () => {
    const server = await ModelServer.start();
    const cache = (await newFolder())('cache');
    const open = () => watched(server.url, { cache });
    const many = await Promise.all(Array.from({ length: 8 }, open));
    for (let m = 2; m < 6; m++) {
      server.content = version(m);
      await Promise.all(many.map(({ live }) => live.check()));
      expect(many.map(({ live }) => answerOf(live))).toEqual(Array(8).fill(m));
      const { live, errors } = await open();
      expect([live.status.version.from, answerOf(live), errors]).toEqual(['cache', m, []]);
    }
    expect((await readdir(cache)).length).toBe(1);
  });
});

describe('the fallback', () => {
  it('serves when neither the network nor the cache gives a model, until the source does', async () => {
    const server = await ModelServer.start();
    const at = await newFolder();
    await writeFile(at('bundled'), version(9));
    const comeBack = await server.stop();
    const { live } = await watched(server.url, { fallback: at('bundled'), cache: at('cache'), interval: 20 });
    expect(answerOf(live)).toBe(9);
    expect(live.status).toMatchObject({ version: { from: 'fallback' } });
    await comeBack();
    for await (const model of live) if (model.run(Float32Array.of(1))[0] === 1) break;
    expect(live.status.version.from).toBe('source');
  });

  it('serves when what the source has is bad, which is told once', async () => {
    const server = await ModelServer.start();
    server.content = BAD;
    const { live, rejections } = await watched(server.url, { fallback: version(9) });
    expect(live.status).toMatchObject({ version: { from: 'fallback' }, rejected: { error: rejections[0] } });
    expect(await live.check()).toBe(false);
    expect(rejections.map(({ code }) => code)).toEqual(['UNKNOWN_FORMAT']);
    expect(server.statuses).toEqual([200, 304]);
    server.content = version(1);
    expect(await live.check()).toBe(true);
  });

  it('stands in for files too', async () => {
    const at = await newFolder();
    const { live } = await watched(at('m'), { fallback: version(9) });
    expect(answerOf(live)).toBe(9);
    await writeFile(at('m'), version(1));
    expect(await live.check()).toBe(true);
  });
});

describe('a start without any good model', () => {
  it('says what was in the way of each, and leaves nothing behind', async () => {
    const server = await ModelServer.start();
    await server.stop();
    const options = { cache: (await newFolder())('cache'), fallback: BAD };
    const error = await failureOf(() => watched(server.url, options));
    expect(error.code).toBe('SOURCE');
    expect(error.message).toMatch(/^http:.*the download failed: ECONNREFUSED; then bytes: /);
    expect((await failureOf(() => watched(server.url))).message).toMatch(/ECONNREFUSED$/);

    const { server: gone, cache, file } = await keptFolder();
    await writeFile(file, '');
    await gone.stop();
    const withCache = await failureOf(() => watched(gone.url, { cache }));
    expect(withCache.code).toBe('SOURCE');
    expect(withCache.message).toMatch(
      /ECONNREFUSED; then .*\.model: expected a line of JSON that describes the cached version$/,
    );
  });

  it('is aborted by the signal, before and while it waits', async () => {
    const server = await ModelServer.start();
    expect((await failureOf(() => watched(server.url, { signal: AbortSignal.abort() }))).code).toBe('ABORTED');
    const controller = new AbortController();
    server.instead = () => controller.abort(new Error('enough'));
    const error = await failureOf(() => watched(server.url, { signal: controller.signal, fallback: version(9) }));
    expect([error.code, error.cause]).toEqual(['ABORTED', new Error('enough')]);

    const other = new AbortController();
    const validate = () => {
      other.abort();
      return new Promise(() => {});
    };
    const judged = await failureOf(() => watched('examples/digits/digits.onnx', { signal: other.signal, validate }));
    expect(judged.code).toBe('ABORTED');
  });
});

describe('options', () => {
  it.each<[string, object, RegExp]>([
    ['a misspelt one', { intervall: 5 }, /unknown option 'intervall'; did you mean 'interval'\?/],
    ['a misspelt one of load', { precison: 'f32' }, /did you mean 'precision'\?/],
    ['no interval', { interval: 0 }, /interval: expected milliseconds from 1 to 2147483647, or Infinity/],
    ['no timeout', { timeout: Number.POSITIVE_INFINITY }, /timeout: expected milliseconds/],
    ['no time', { settle: '5' }, /settle: expected milliseconds/],
    ['no digest', { sha256: 'abc' }, /sha256: expected 64 hexadecimal digits, 'sidecar' or a function/],
    ['no folder', { cache: '' }, /cache: expected the path of a folder/],
    ['no start', { startFrom: 'network' }, /startFrom: expected one of 'source', 'cache'/],
    ['no function', { validate: true }, /validate: expected a function/],
    ['no flag', { persistent: 1 }, /persistent: expected true or false/],
    ['one of load that is wrong', { threads: 0 }, /threads: expected an integer/],
  ])('%s is refused', async (_, options, message) => {
    const error = await failureOf(() => watched('m', options));
    expect([error.code, error.message]).toEqual(['OPTION', expect.stringMatching(message)]);
  });

  it('nothing and bytes are not a source', async () => {
    for (const source of [undefined, version(1)]) {
      expect((await failureOf(() => watched(source as unknown as string))).message).toContain(
        'expected a path or a URL',
      );
    }
    expect((await failureOf(() => watched('m', null as unknown as object))).code).toBe('SOURCE');
  });
});
