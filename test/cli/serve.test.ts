import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Environment } from '../../lib/cli/environment.ts';
import { main } from '../../lib/cli/program.ts';
import { ForwardpassError } from '../../lib/errors.ts';
import { freeze } from '../../lib/freeze.ts';
import { openQuantizable } from '../../lib/quantize.ts';
import type { ServeOptions } from '../../lib/serve/options.ts';
import { TextSink } from './support.ts';

/** Runs the command until the signals have come, one after the other. */
async function run(args: readonly string[], signals: readonly NodeJS.Signals[] = ['SIGTERM']) {
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  let given: ServeOptions | undefined;
  const calls: string[] = [];
  const environment: Environment = {
    ...{ stdin: Readable.from([]), stdout, stderr, freeze, openQuantizable },
    load: () => Promise.reject(new Error('nothing is loaded')),
    learn: () => Promise.reject(new Error('nothing learns')),
    serve: async (source, options) => {
      given = options;
      calls.push(source);
      return {
        url: 'http://127.0.0.1:8080',
        address: { address: '127.0.0.1', family: 'IPv4', port: 8080 },
        models: [{ name: 'a b', version: '1', state: 'READY', reason: '' }],
        reload: async () => {
          calls.push('reload');
        },
        close: async () => {
          calls.push('close');
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
    onSignal: (_, callback) => {
      setImmediate(() => {
        for (const signal of signals) callback(signal);
      });
      return () => calls.push('stop');
    },
  };
  const status = await main(['serve', ...args], environment);
  const text = (sink: TextSink) => sink.bytes.toString('utf8');
  return { status, given, calls, stdout: text(stdout), stderr: text(stderr), said: () => text(stderr) };
}

test('serves until a signal comes, and says where', async () => {
  const { status, calls, stdout } = await run(['models'], ['SIGHUP', 'SIGTERM']);
  expect([status, calls]).toEqual([0, ['models', 'reload', 'close', 'stop']]);
  expect(stdout).toBe(
    'forwardpass serves one model at http://127.0.0.1:8080\n  http://127.0.0.1:8080/models/a%20b/predict\n',
  );
});

test('a second signal ends it at once', async () => {
  expect((await run(['models'], ['SIGINT', 'SIGINT'])).status).toBe(1);
});

test('options are what the server takes', async () => {
  const text =
    'm --host 0.0.0.0 --port 0 --workers 3 --split a=v2:10% --split b=c=2:0.5% --shadow a=v3 --control --batch-window 0 ' +
    '--allow-host x --allow-host y --token-file t --max-body 64m --max-rows 10 --request-time 1.5 --no-watch --drain-delay 0 ' +
    '--cors https://a.example --cors * --any-interface --precision f32 --grpc 8081 --tls-cert c --tls-key k';
  const { given } = await run(text.split(' '));
  expect(given).toMatchObject({
    ...{ host: '0.0.0.0', port: 0, workers: 3, control: true, batchWindow: 0, tokenFile: 't', grpcPort: 8081 },
    split: { a: { version: 'v2', share: 0.1 }, 'b=c': { version: '2', share: 0.005 } },
    shadow: { a: 'v3' },
    allowedHosts: ['x', 'y'],
    cors: ['https://a.example', '*'],
    limits: { bodyBytes: 64 * 2 ** 20, rows: 10, requestTime: 1500 },
    interval: Number.POSITIVE_INFINITY,
    drainDelay: 0,
    sameInterface: false,
    load: { precision: 'f32' },
    tls: { cert: 'c', key: 'k' },
  });
});

test('the access log has the standard output for itself', async () => {
  const { stdout, stderr, given } = await run(['m', '--access-log']);
  expect([stdout, stderr]).toEqual(['', expect.stringContaining('http://127.0.0.1:8080')]);
  expect(given?.accessLog).toBeTypeOf('function');
});

test('what happens is said on the standard error', async () => {
  const { given, said } = await run(['m'], ['SIGTERM']);
  const error = new ForwardpassError('REJECTED', 'no', 'x');
  for (const kind of ['loaded', 'updated', 'removed', 'rejected'] as const) {
    given?.onEvent?.({ kind, model: 'a', version: '1', sha256: '0123456789abcdef', error } as never);
  }
  given?.onEvent?.({ kind: 'failed', error });
  given?.onEvent?.({ kind: 'worker', worker: 2, error });
  expect(said().split('\n')).toEqual([
    'ending: answering open requests',
    'a version 1: loaded (0123456789ab)',
    'a version 1: updated (0123456789ab)',
    'a version 1: removed',
    'a version 1: refused: x: no',
    'x: no',
    'worker 2 ended: x: no; another one is started',
    '',
  ]);
});

test('a certificate needs its key', async () => {
  const { status, stderr } = await run(['m', '--tls-cert', 'c']);
  expect([status, stderr]).toEqual([1, expect.stringContaining('--tls-key')]);
});

test.each([
  ['--port', '65536'],
  ['--port', ''],
  ['--split', 'a'],
  ['--split', 'a=b:10'],
  ['--split', 'a=b:101%'],
  ['--shadow', 'a'],
  ['--max-body', '64x'],
  ['--batch-window', '0.5'],
  ['--interval', '0'],
  ['--workers', '0'],
])('%s %j is wrong usage', async (...args) => {
  expect((await run(['m', ...args])).status).toBe(2);
});

test('the script of steps of one’s own is the server’s to import, which does so in each of its threads', async () => {
  const { given } = (await run(['m', '--functions', 'steps.js'])) as Awaited<ReturnType<typeof run>>;
  expect([given?.functions, given?.load?.functions]).toEqual(['steps.js', undefined]);
});
