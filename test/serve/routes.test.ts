import { expect, test } from 'vitest';
import { routeOf } from '../../lib/serve/routes.ts';

test.each([
  ['/', { action: 'page' }],
  ['/healthz', { action: 'live' }],
  ['/v2', { action: 'v2' }],
  ['/v2/', { action: 'v2' }],
  ['/models/churn', { action: 'describe', name: 'churn' }],
  ['/models/churn/predict', { action: 'predict', method: 'POST', name: 'churn' }],
  ['/models/churn/versions/2/schema', { action: 'schema', name: 'churn', version: '2' }],
  ['/v2/models/churn/infer', { action: 'v2-infer', name: 'churn' }],
  ['/v2/models/churn/versions/2', { action: 'v2-metadata', name: 'churn', version: '2' }],
  ['/v2/models/churn/versions/2/infer', { action: 'v2-infer', name: 'churn', version: '2' }],
  ['/v2/models/versions/ready', { action: 'v2-model-ready', name: 'versions' }],
  ['/v2/repository/models/churn/load', { action: 'load', method: 'POST', name: 'churn' }],
  ['/v1/models/churn:predict', { action: 'v1-predict', method: 'POST', name: 'churn' }],
  ['/v1/models/churn/versions/2:predict', { action: 'v1-predict', name: 'churn', version: '2' }],
  ['/v1/models/a%3Ab:predict', { action: 'v1-predict', name: 'a:b' }],
  ['/v1/models/churn', { action: 'v1-metadata', name: 'churn' }],
])('%s is a route', (path, expected) => {
  expect(routeOf(path)).toMatchObject(expected);
});

test.each([
  '/models/a%2Fb/predict',
  '/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '/models/..',
  '/models/__proto__/predict',
])('the name in %s is a name, whatever it looks like', (path) => {
  expect(routeOf(path)).toMatchObject({ name: decodeURIComponent(path.split('/')[2]) });
});

test.each([
  '/x',
  '//',
  '/models/',
  '/models//predict',
  '/models/churn/',
  '/models/churn/predict/',
  '/models/churn/constructor',
  '/models/churn/versions//predict',
  '/models/churn/versions/2/predict/x',
  '/v2/models/',
  '/v2/health',
  '/v2/repository/models//load',
  '/v1/models/:predict',
  `/models/${'a'.repeat(5000)}/predict`,
])('%j is none', (path) => {
  expect(routeOf(path)).toBeUndefined();
});

test.each(['/models/%', '/models/%zz', '/models/%c3%28/predict', '/%ff', '', 'models', '*', 'http://x@y/'])(
  '%j is malformed',
  (path) => {
    expect(routeOf(path)).toBe('malformed');
  },
);
