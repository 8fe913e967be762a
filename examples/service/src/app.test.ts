import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load } from 'forwardpass';
import { buildApp } from './app.js';

const folder = new URL('../../tumours/', import.meta.url);
const path = fileURLToPath(new URL('tumours.txt', folder));
const { rows } = JSON.parse(readFileSync(new URL('tumours.json', folder), 'utf8')) as { rows: number[][] };
const model = await load(path);
const record = (row: number[]) => Object.fromEntries((model.featureNames ?? []).map((name, i) => [name, row[i]]));

const app = await buildApp(path);
after(() => app.close());

test('a tumour is routine where the model is sure that it is benign', async () => {
  for (const row of rows.slice(0, 20)) {
    const answer = await app.inject({ method: 'POST', url: '/triage', payload: record(row) });
    const benign = model.predict(record(row)) as number;
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(answer.json(), { benign, action: benign >= 0.95 ? 'routine' : 'review' });
  }
});

test('what is wrong with a record is said', async () => {
  const answer = await app.inject({
    method: 'POST',
    url: '/triage',
    payload: { ...record(rows[0]), mean_radius: 'x' },
  });
  assert.equal(answer.statusCode, 422);
  assert.match(answer.json().error, /mean_radius/);
});

test('the routes of forwardpass/serve are beside it', async () => {
  const payload = [record(rows[0])];
  const answer = await app.inject({ method: 'POST', url: '/ml/models/tumours/predict', payload });
  assert.deepEqual(answer.json(), [model.predict(record(rows[0]))]);
  assert.equal((await app.inject('/ml/v2/models/tumours/ready')).statusCode, 200);
  assert.equal((await app.inject('/ml/models/none')).statusCode, 404);
  assert.match(
    (await app.inject('/ml/metrics')).body,
    /^forwardpass_requests_total\{model="tumours",version="1"\} 1$/m,
  );
});
