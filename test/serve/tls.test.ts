import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import { join } from 'node:path';
import { platform } from 'node:process';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import type * as Entry from '../../lib/serve.ts';
import { serve } from '../../lib/serve.ts';
import { failureOf } from '../failure.ts';
import { later, newFolder, served, until, version } from './support.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
const read = (name: string) => readFileSync(pathOf(name));
const double = () => define({ layers: [{ weight: 2 }] });
const tls = { cert: pathOf('server.pem'), key: pathOf('server.key') };

/** The status, or the code of what went wrong. */
function statusOf(url: string, options: object = {}): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get(`${url}/healthz`, { ca: read('ca.pem'), agent: false, ...options }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test('serves https', async () => {
  const { server } = await served(double(), { name: 'm', tls });
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await statusOf(server.url)).toBe(200);
  expect(await statusOf(server.url, { ca: [] })).not.toBe(200);
});

test('turns clients away that have no certificate of those it trusts', async () => {
  const { server } = await served(double(), { name: 'm', tls: { ...tls, clientCa: pathOf('ca.pem') } });
  expect(await statusOf(server.url)).not.toBe(200);
  expect(await statusOf(server.url, { cert: read('client.pem'), key: read('client.key') })).toBe(200);
});

test('reads the certificate again when it is told to', async () => {
  const folder = await newFolder();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await copyFile(pathOf('server.pem'), cert);
  await copyFile(pathOf('server.key'), key);
  const { server } = await served(double(), { name: 'm', tls: { cert, key } });
  await writeFile(cert, 'none');
  expect(await failureOf(() => server.reload())).toMatchObject({ code: 'OPTION', place: 'tls' });
  expect(await statusOf(server.url)).toBe(200);
  await copyFile(pathOf('client.pem'), cert);
  await copyFile(pathOf('client.key'), key);
  await server.reload();
  expect(await statusOf(server.url)).toBe(200);
});

const hasGrpc = await import('@grpc/grpc-js' as string).then(
  () => true,
  () => false,
);

/** A connection of HTTP/2 to gRPC's port, and whose certificate it was shown. */
async function session(
  port: number | undefined,
): Promise<{ readonly name: string; readonly http2: ClientHttp2Session }> {
  const http2 = connectHttp2(`https://127.0.0.1:${port}`, { ca: read('ca.pem') });
  await once(http2, 'connect');
  return { name: (http2.socket as TLSSocket).getPeerCertificate().subject.CN as string, http2 };
}

const ping = (http2: ClientHttp2Session) => new Promise((resolve) => http2.ping((error) => resolve(error)));

test.skipIf(!hasGrpc).each(platform === 'win32' ? [undefined] : [undefined, 2])(
  'gRPC shows the certificate that was read last, and keeps its connections (workers: %s)',
  async (workers) => {
    const folder = await newFolder();
    const [cert, key, path] = ['cert.pem', 'key.pem', 'm.safetensors'].map((name) => join(folder, name));
    await copyFile(pathOf('server.pem'), cert);
    await copyFile(pathOf('server.key'), key);
    await writeFile(path, version(1));
    // A thread's script is JavaScript.
    const built: typeof Entry = await import(new URL('../../dist/serve.js', import.meta.url).href);
    const server = await built.serve(path, { port: 0, grpcPort: 0, tls: { cert, key }, workers, drainTime: 0 });
    later(() => server.close());
    const before = await session(server.grpcPort);
    expect(before.name).toBe('server');
    await copyFile(pathOf('client.pem'), cert);
    await copyFile(pathOf('client.key'), key);
    await server.reload();
    await until(async () => {
      const { name, http2 } = await session(server.grpcPort);
      http2.close();
      return name === 'client';
    });
    expect(await ping(before.http2)).toBeNull();
    before.http2.close();
  },
);

test.each([
  [{ cert: 'no/such.pem', key: pathOf('server.key') }, 'tls.cert'],
  [{ cert: pathOf('server.pem'), key: pathOf('client.key') }, 'tls'],
])('says what is wrong with %j', async (files, place) => {
  expect(await failureOf(() => serve(double(), { port: 0, tls: files }))).toMatchObject({ code: 'OPTION', place });
});
