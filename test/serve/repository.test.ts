import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import type { Event } from '../../lib/serve/events.ts';
import { nameOf, scan } from '../../lib/serve/scan.ts';
import { type Fixture, FOLDER } from '../steps/fixtures.ts';
import { FUNCTIONS } from '../steps/functions.ts';
import { ask, newFolder, type Served, served, version } from './support.ts';

async function put(folder: string, path: string, bytes: Uint8Array | string): Promise<void> {
  const place = join(folder, path);
  await mkdir(join(place, '..'), { recursive: true });
  await writeFile(`${place}.tmp`, bytes);
  await rename(`${place}.tmp`, place);
}

const answerOf = async ({ server }: Served, path: string) => (await ask(server, path, { body: '[[1]]' })).json;
const told = (events: readonly Event[], kind: Event['kind']) => events.filter((event) => event.kind === kind);

test('a folder holds models by name, and by name and version', async () => {
  const folder = await newFolder();
  await put(folder, 'a.safetensors', version(1));
  await put(folder, 'b/model.safetensors', version(2));
  await put(folder, 'c/1/model.safetensors', version(3));
  await put(folder, 'c/10/model.safetensors', version(4));
  await put(folder, 'c/9/any.safetensors', version(5));
  await put(folder, 'README.md', 'notes');
  await put(folder, '.hidden.safetensors', version(6));
  await put(folder, 'a.safetensors.sha256', 'digest');
  const all = await served(folder);
  expect(all.server.models.map(({ name, version: of, state }) => [name, of, state])).toEqual([
    ['a', '1', 'READY'],
    ['b', '1', 'READY'],
    ['c', '1', 'READY'],
    ['c', '9', 'READY'],
    ['c', '10', 'READY'],
  ]);
  expect(await answerOf(all, '/models/a/predict')).toEqual([1]);
  expect(await answerOf(all, '/models/c/predict')).toEqual([4]);
  expect(await answerOf(all, '/models/c/versions/9/predict')).toEqual([5]);
  expect((await ask(all.server, '/v2/models/c')).json).toMatchObject({ versions: ['1', '9', '10'] });
});

test('what is not a model is reported, and keeps nothing else from being served', async () => {
  const folder = await newFolder();
  await put(folder, 'good.safetensors', version(1));
  await put(folder, 'bad.onnx', 'nothing of the kind');
  await put(folder, 'both/x.onnx', 'x');
  await put(folder, 'both/y.onnx', 'y');
  await mkdir(join(folder, 'empty'));
  const all = await served(folder);
  expect(await answerOf(all, '/models/good/predict')).toEqual([1]);
  expect((await ask(all.server, '/readyz')).status).toBe(200);
  const index = (await ask(all.server, '/v2/repository/index', { body: '{}' })).json as {
    name: string;
    state: string;
    reason: string;
  }[];
  expect(index.map(({ name, state }) => [name, state]).sort()).toEqual([
    ['bad', 'UNAVAILABLE'],
    ['both', 'UNAVAILABLE'],
    ['empty', 'UNAVAILABLE'],
    ['good', 'READY'],
  ]);
  // Reasons say nothing of the machine.
  expect(JSON.stringify(index)).not.toContain(folder);
  expect((await ask(all.server, '/v2/repository/index', { body: '{"ready":true}' })).json).toHaveLength(1);
  expect(told(all.events, 'rejected')).toMatchObject([{ model: 'bad', error: { code: expect.any(String) } }]);
  await all.server.reload();
  expect(told(all.events, 'rejected')).toHaveLength(1);
});

test('an empty folder is served, and is ready once there is a model', async () => {
  const folder = await newFolder();
  const all = await served(folder);
  expect((await ask(all.server, '/readyz')).status).toBe(503);
  expect((await ask(all.server, '/healthz')).status).toBe(200);
  await put(folder, 'a.safetensors', version(1));
  await all.server.reload();
  expect((await ask(all.server, '/readyz')).status).toBe(200);
  expect(await answerOf(all, '/models/a/predict')).toEqual([1]);
  await rm(join(folder, 'a.safetensors'));
  await all.server.reload();
  expect((await ask(all.server, '/models/a')).status).toBe(404);
  expect(all.events.map(({ kind }) => kind)).toEqual(['loaded', 'removed']);
});

test('a file that is replaced, and a version that is added, take over; bad ones do not', async () => {
  const folder = await newFolder();
  await put(folder, 'a.safetensors', version(1));
  await put(folder, 'b/1/model.safetensors', version(1));
  const all = await served(folder);
  await put(folder, 'a.safetensors', version(2));
  await put(folder, 'b/2/model.safetensors', version(2));
  await all.server.reload();
  expect([await answerOf(all, '/models/a/predict'), await answerOf(all, '/models/b/predict')]).toEqual([[2], [2]]);
  await put(folder, 'a.safetensors', 'broken');
  await put(folder, 'b/3/model.safetensors', 'broken');
  await put(folder, 'b/4/model.safetensors', version(4, 2));
  await all.server.reload();
  expect([await answerOf(all, '/models/a/predict'), await answerOf(all, '/models/b/predict')]).toEqual([[2], [2]]);
  expect(told(all.events, 'rejected')).toMatchObject([
    { model: 'b', version: '3' },
    { model: 'b', version: '4', error: { code: 'REJECTED' } },
    { model: 'a', version: '1' },
  ]);
  const { text } = await ask(all.server, '/metrics');
  expect(text).toContain('forwardpass_model_reloads_total{model="a",version="1"} 1');
  expect(text).toContain('forwardpass_model_rejections_total{model="a",version="1"} 1');
});

test('clients load and unload models where they may', async () => {
  const folder = await newFolder();
  await put(folder, 'a.safetensors', version(1));
  const all = await served(folder, { control: true });
  const post = async (path: string) => (await ask(all.server, path, { body: '{}' })).status;
  expect(await post('/v2/repository/models/a/unload')).toBe(200);
  expect((await ask(all.server, '/v2/models/a/ready')).status).toBe(404);
  await all.server.reload();
  expect((await ask(all.server, '/v2/models/a/ready')).status).toBe(404);
  expect(await post('/v2/repository/models/a/unload')).toBe(400);
  expect(await post('/v2/repository/models/a/load')).toBe(200);
  expect(await answerOf(all, '/models/a/predict')).toEqual([1]);
  expect(await post('/v2/repository/models/other/load')).toBe(400);
  expect(await post(`/v2/repository/models/${encodeURIComponent('../a')}/load`)).toBe(400);
  await put(folder, 'a.safetensors', version(2));
  expect(await post('/v2/repository/models/a/load')).toBe(200);
  expect(await answerOf(all, '/models/a/predict')).toEqual([2]);
});

test('unless asked, clients load and unload nothing', async () => {
  const all = await served({ a: define({ layers: [{ weight: 2 }] }) });
  expect((await ask(all.server, '/v2/repository/models/a/unload', { body: '{}' })).status).toBe(403);
  expect(await answerOf(all, '/models/a/predict')).toEqual([2]);
});

test('a part of the requests goes to another version', async () => {
  const folder = await newFolder();
  for (const one of [1, 2]) await put(folder, `a/${one}/model.safetensors`, version(one));
  const all = await served(folder, { split: { a: { version: 'v2', share: 0.25 } } });
  const counts: Record<string, number> = {};
  for (let i = 0; i < 200; i++) {
    const value = String(await answerOf(all, '/models/a/predict'));
    counts[value] = (counts[value] ?? 0) + 1;
  }
  // Less than one in a billion falls outside.
  expect(counts['1'] + counts['2']).toBe(200);
  expect(counts['2']).toBeGreaterThan(15);
  expect(counts['2']).toBeLessThan(95);
});

test('a shadow runs beside, and its differences are counted', async () => {
  const folder = await newFolder();
  for (const one of [1, 2]) await put(folder, `a/${one}/model.safetensors`, version(one));
  const all = await served(folder, { shadow: { a: '2' } });
  for (const body of ['[[1],[0],[3]]', '[[0]]', '"nothing"']) await ask(all.server, '/models/a/predict', { body });
  const { text } = await ask(all.server, '/metrics');
  const labels = '{model="a",version="2"}';
  expect(text).toContain(`forwardpass_shadow_requests_total${labels} 2`);
  expect(text).toContain(`forwardpass_shadow_rows_total${labels} 4`);
  expect(text).toContain(`forwardpass_shadow_different_rows_total${labels} 2`);
  expect(text).toContain('forwardpass_shadow_difference_bucket{model="a",version="2",le="0"} 1');
  expect(text).toContain('forwardpass_requests_total{model="a",version="1"} 3');
});

test('one model of a folder takes the name it is given, whatever its file is called', async () => {
  const folder = await newFolder();
  await put(folder, 'x.safetensors', version(3));
  const all = await served(folder, { name: 'churn' });
  expect(await answerOf(all, '/models/churn/predict')).toEqual([3]);
  await cp(join(folder, 'x.safetensors'), join(folder, 'other.safetensors'));
  await all.server.reload();
  expect(told(all.events, 'failed')).toMatchObject([{ error: { code: 'OPTION' } }]);
  expect(await answerOf(all, '/models/churn/predict')).toEqual([3]);
});

test('a folder of versions is one model by the name it is given', async () => {
  const folder = await newFolder();
  await put(folder, '1/model.safetensors', version(1));
  await put(folder, '2/model.safetensors', version(2));
  const all = await served(folder, { name: 'churn' });
  expect(await answerOf(all, '/models/churn/predict')).toEqual([2]);
  expect(await answerOf(all, '/models/churn/versions/1/predict')).toEqual([1]);
});

test('two files of one name are not both served', async () => {
  const folder = await newFolder();
  await put(folder, 'a.onnx', 'x');
  await put(folder, 'a.safetensors', version(1));
  const { found, problems } = await scan(folder);
  expect([found.map(({ path }) => nameOf(path)), problems.map(({ name }) => name)]).toEqual([['a'], ['a']]);
});

test('functions of steps of one’s own are for the models that have such steps', async () => {
  const folder = await newFolder();
  await put(folder, 'plain.safetensors', version(1));
  await cp(new URL('clipper.joblib', FOLDER), join(folder, 'clipper.joblib'));
  const [{ rows }] = (JSON.parse(await readFile(new URL('clipper.json', FOLDER), 'utf8')) as Fixture).cases;
  const all = await served(folder, { load: { functions: FUNCTIONS } });
  expect(all.server.models.map(({ name, state }) => [name, state])).toEqual([
    ['clipper', 'READY'],
    ['plain', 'READY'],
  ]);
  expect((await ask(all.server, '/models/clipper/predict', { body: JSON.stringify(rows) })).status).toBe(200);
  await expect(served(folder, { workers: 1, load: { functions: FUNCTIONS } })).rejects.toThrow(
    'workers: cannot share functions',
  );
});
