import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { Metrics } from '../../lib/serve/metrics.ts';
import { prometheusText } from '../../lib/serve/prometheus.ts';
import { ask, served, until } from './support.ts';

const double = () => define({ layers: [{ weight: 2 }] });
const ABOUT = { ready: true, workers: 1, restarts: 0 };

test('requests, rows and errors are counted by model and version', async () => {
  const { server } = await served(double(), { name: 'm' });
  for (const body of ['[[1],[2]]', '[[3]]', '{']) await ask(server, '/models/m/predict', { body });
  await ask(server, '/models/none/predict', { body: '[[1]]' });
  const { text, headers } = await ask(server, '/metrics');
  expect(headers['content-type']).toContain('version=0.0.4');
  expect(text).toContain('forwardpass_requests_total{model="m",version="1"} 3');
  expect(text).toContain('forwardpass_rows_total{model="m",version="1"} 3');
  expect(text).toMatch(/forwardpass_request_errors_total\{model="m",version="1",code="[A-Z_]+"\} 1/);
  expect(text).toContain('forwardpass_request_duration_seconds_count{model="m",version="1"} 3');
  expect(text).toContain('forwardpass_batch_rows_bucket{model="m",version="1",le="1"} 1');
  expect(text).toContain('forwardpass_http_responses_total{status="404"} 1');
  expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
});

test('names that nobody serves leave no labels', async () => {
  const { server } = await served(double(), { name: 'm' });
  for (let i = 0; i < 20; i++) await ask(server, `/models/unknown-${i}/predict`, { body: '[[1]]' });
  expect((await ask(server, '/metrics')).text).not.toContain('unknown');
});

test('the text is what Prometheus reads', () => {
  const metrics = new Metrics();
  const series = metrics.of('a"b\\c\nd', '1');
  series.requests = 2;
  for (const seconds of [3e-6, 4e-5, 100]) series.seconds.observe(seconds);
  series.failed('INPUT');
  const text = prometheusText(metrics.state, [], ABOUT);
  const line = /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z0-9_]+="(\\[\\"n]|[^"\\\n])*",?)+\})? [-+0-9.eInfNa]+)$/;
  for (const each of text.trimEnd().split('\n')) expect(each).toMatch(line);
  const labels = 'model="a\\"b\\\\c\\nd",version="1"';
  expect(text).toContain(`forwardpass_request_duration_seconds_bucket{${labels},le="0.000005"} 1`);
  expect(text).toContain(`forwardpass_request_duration_seconds_bucket{${labels},le="+Inf"} 3`);
  expect(text).toContain(`forwardpass_request_errors_total{${labels},code="INPUT"} 1`);
});

test('what several threads have counted sums up', () => {
  const threads = [1, 2].map((requests) => {
    const metrics = new Metrics();
    metrics.of('m', '1').requests = requests;
    metrics.of('m', '1').seconds.observe(requests);
    metrics.answered(200);
    return metrics.state;
  });
  const total = new Metrics();
  for (const state of threads) total.add(structuredClone(state));
  expect(total.state).toMatchObject({ series: [{ requests: 3, seconds: { sum: 3 } }], statuses: { 200: 2 } });
});

test('a line of JSON is written for each request, where asked for', async () => {
  let log = '';
  const { server } = await served(double(), {
    name: 'm',
    accessLog: (lines) => {
      log += lines;
    },
  });
  await ask(server, '/models/m/predict?secret=1', { body: '[[1],[2]]' });
  await ask(server, '/nothing\u0022%0a');
  await until(() => log.split('\n').length > 2);
  const [first, second] = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({
    method: 'POST',
    path: '/models/m/predict',
    status: 200,
    model: 'm',
    version: '1',
    rows: 2,
    bytesIn: 9,
    remote: '127.0.0.1',
  });
  expect(second).toMatchObject({ method: 'GET', status: 404, code: 'NOT_FOUND' });
  expect(log).not.toContain('secret');
});
