import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { serve } from '../../lib/serve.ts';
import { failureOf } from '../failure.ts';
import { newFolder, served } from './support.ts';

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

test.each([
  [{ cert: 'no/such.pem', key: pathOf('server.key') }, 'tls.cert'],
  [{ cert: pathOf('server.pem'), key: pathOf('client.key') }, 'tls'],
])('says what is wrong with %j', async (files, place) => {
  expect(await failureOf(() => serve(double(), { port: 0, tls: files }))).toMatchObject({ code: 'OPTION', place });
});
