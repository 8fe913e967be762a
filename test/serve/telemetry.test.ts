import { expect, test } from 'vitest';
import { openTelemetry } from '../../lib/serve/telemetry.ts';

test('a request is a span of OpenTelemetry, under the one that its headers name', async () => {
  const told: unknown[] = [];
  const span = {
    setAttribute: (name: string, value: unknown) => told.push([name, value]),
    setStatus: (status: unknown) => told.push(status),
    end: () => told.push('end'),
  };
  const api = {
    trace: {
      getTracer: (name: string) => ({
        startSpan: (title: string, options: object, context: unknown) => {
          told.push(name, title, options, context);
          return span;
        },
      }),
    },
    context: { active: () => 'active' },
    propagation: { extract: (context: unknown, headers: object) => [context, headers] },
  };
  const start = await openTelemetry(async () => api);
  const headers = { traceparent: '00-1-2-01' };
  start?.('POST', 'predict', headers).end(500, { model: 'm', version: '1', rows: 2 });
  expect(told).toEqual([
    'forwardpass',
    'POST predict',
    { kind: 1, attributes: { 'http.request.method': 'POST', 'http.route': 'predict' } },
    ['active', headers],
    ['http.response.status_code', 500],
    ['forwardpass.model', 'm'],
    ['forwardpass.version', '1'],
    ['forwardpass.rows', 2],
    { code: 2 },
    'end',
  ]);
});

test('without the package there are no spans', async () => {
  expect(await openTelemetry()).toBeUndefined();
});
