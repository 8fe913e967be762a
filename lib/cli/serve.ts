import { type Command, InvalidArgumentError } from 'commander';
import { ForwardpassError } from '../errors.ts';
import type { Event } from '../serve/events.ts';
import type { ServeOptions, Split } from '../serve/options.ts';
import type { Server } from '../serve/server.ts';
import type { Environment } from './environment.ts';
import { addFunctionsFlag, addLoadFlags, type LoadFlags, parseCount, toLoadOptions } from './load-options.ts';

interface ServeFlags extends LoadFlags {
  readonly name?: string;
  readonly host?: string;
  readonly port?: number;
  readonly workers?: number;
  readonly watch: boolean;
  readonly interval?: number;
  readonly anyInterface?: boolean;
  readonly split?: Readonly<Record<string, Split>>;
  readonly shadow?: Readonly<Record<string, string>>;
  readonly control?: boolean;
  readonly batchWindow?: number;
  readonly grpc?: number;
  readonly allowHost?: readonly string[];
  readonly cors?: readonly string[];
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly maxBody?: number;
  readonly maxRows?: number;
  readonly maxConnections?: number;
  readonly maxQueue?: number;
  readonly requestTime?: number;
  readonly accessLog?: boolean;
  readonly drainDelay?: number;
  readonly drainTime?: number;
}

const EXAMPLES = `
A folder holds models as NAME.EXTENSION, NAME/FILE or NAME/VERSION/FILE. It is watched: what is added, replaced or removed
is so in the server within seconds, between two requests. A file that is no good model is reported, and never served.

Paths:
  /                         a page to try the models on
  /models/NAME/predict      POST {"age": 41, "city": "nice"}, or an array of these; /models/NAME/schema says what it takes
  /v2/…, /v1/…              Open Inference Protocol, and KServe's first one
  /openapi.json, /metrics, /healthz, /readyz

It listens on this machine only, unless --host says otherwise. SIGTERM and Ctrl+C answer what is on its way, and end;
SIGHUP looks for newer models, tokens and certificates now.

Examples:
  $ forwardpass serve churn.joblib
  $ forwardpass serve titanic.joblib --functions steps.js
  $ forwardpass serve ./models --workers 4 --host 0.0.0.0 --token-file tokens.txt
  $ forwardpass serve ./models --split churn=v2:10% --shadow fraud=v3`;

export function addServeCommand(program: Command, environment: Environment): void {
  const command = program
    .command('serve')
    .summary('serve models over HTTP')
    .description('Serves a model, or a folder of models, over HTTP.')
    .argument('<source>', "a model's file, folder or URL, or a folder of models")
    .option('--host <address>', 'the address to listen on; 0.0.0.0 for all (default: 127.0.0.1)')
    .option('--port <number>', 'the port to listen on; 0 lets the system choose (default: 8080)', parsePort)
    .option(
      '--workers <count>',
      'threads that answer, sharing one copy of the weights (default: the loading thread answers)',
      parseCount,
    )
    .option('--name <name>', 'serve a single model under this name (default: that of its file)')
    .option('--interval <seconds>', 'between checks for newer models (default: 2)', parseDuration)
    .option('--no-watch', 'only check for newer models on SIGHUP')
    .option('--any-interface', 'allow a newer version to have different inputs and outputs')
    .option('--split <name=version:percent>', 'send a share of the requests to a version; may be repeated', addSplit)
    .option(
      '--shadow <name=version>',
      'also run a version in the background, and count differences; may be repeated',
      addShadow,
    )
    .option('--control', 'let clients load and unload models through /v2/repository')
    .option(
      '--batch-window <milliseconds>',
      'wait this long for further requests and run them together, for slow models',
      parseWindow,
    )
    .option('--grpc <port>', 'serve gRPC as well, where @grpc/grpc-js is installed', parsePort)
    .option('--allow-host <name>', 'another name of this server in the Host header, * for any; may be repeated', add)
    .option(
      '--cors <origin>',
      'allow pages of this origin to send requests, * for all; may be repeated (default: only its own)',
      add,
    )
    .option(
      '--token-file <file>',
      'only answer clients that send a token of this file, as "authorization: Bearer TOKEN"',
    )
    .option('--tls-cert <file>', 'serve https: the certificate, in PEM')
    .option('--tls-key <file>', 'serve https: its key, in PEM')
    .option('--tls-client-ca <file>', 'only accept clients with a certificate signed by one of these, in PEM')
    .option('--max-body <bytes>', 'the largest request body, such as 512k or 64m (default: 32m)', parseBytes)
    .option('--max-rows <count>', 'the most rows of a request', parseCount)
    .option('--max-connections <count>', 'the most connections of each worker (default: 4096)', parseCount)
    .option('--max-queue <count>', 'the most requests of each worker that wait for a run (default: 512)', parseCount)
    .option(
      '--request-time <seconds>',
      'the time in which a request must arrive completely (default: 30)',
      parseDuration,
    )
    .option('--access-log', 'write a line of JSON for each request to standard output')
    .option(
      '--drain-delay <seconds>',
      'on SIGTERM, report unready for this long before closing the port (default: 0)',
      parseDelay,
    )
    .option(
      '--drain-time <seconds>',
      'on SIGTERM, cut remaining requests after this long (default: 30)',
      parseDuration,
    );
  addFunctionsFlag(addLoadFlags(command))
    .addHelpText('after', EXAMPLES)
    .action(async (source: string, flags: ServeFlags) => {
      const { stdout, stderr } = environment;
      const onEvent = (event: Event) => stderr.write(`${sentence(event)}\n`);
      const server = await environment.serve(source, {
        ...(await toServeOptions(flags)),
        onEvent,
        ...(flags.accessLog && { accessLog: (lines) => stdout.write(lines) }),
      });
      (flags.accessLog ? stderr : stdout).write(greeting(server));
      await untilEnded(server, environment);
    });
}

/** Resolves when a signal has ended the server and open requests are answered. */
function untilEnded(server: Server, { onSignal, stderr }: Environment): Promise<void> {
  return new Promise((resolve, reject) => {
    let ends = false;
    const stop = onSignal(['SIGTERM', 'SIGINT', 'SIGHUP'], (name) => {
      if (name === 'SIGHUP') {
        stderr.write('looking for newer models\n');
        server.reload().catch((error: Error) => stderr.write(`could not reload: ${error.message}\n`));
        return;
      }
      if (ends) {
        // A second signal ends the server at once.
        stop();
        reject(new Error('ended without waiting for open requests'));
        return;
      }
      ends = true;
      stderr.write('ending: answering open requests\n');
      server.close().then(() => {
        stop();
        resolve();
      }, reject);
    });
  });
}

async function toServeOptions(flags: ServeFlags): Promise<ServeOptions> {
  // The server imports the functions in each of its threads.
  const { functions, ...others } = flags;
  const { name, host, port, workers, split, shadow, control, batchWindow, grpc, allowHost, tokenFile } = flags;
  const { tlsCert, tlsKey, tlsClientCa } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined) || (tlsClientCa !== undefined && tlsCert === undefined)) {
    const message = 'must be given together, and --tls-client-ca only with both';
    throw new ForwardpassError('OPTION', message, '--tls-cert and --tls-key');
  }
  return {
    ...{ name, host, port, workers, split, shadow, control, batchWindow, tokenFile },
    grpcPort: grpc,
    allowedHosts: allowHost,
    cors: flags.cors,
    interval: flags.watch ? flags.interval : Number.POSITIVE_INFINITY,
    sameInterface: !flags.anyInterface,
    ...(tlsCert !== undefined &&
      tlsKey !== undefined && { tls: { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa } }),
    limits: {
      ...(flags.maxBody && { bodyBytes: flags.maxBody }),
      ...(flags.maxRows && { rows: flags.maxRows }),
      ...(flags.maxConnections && { connections: flags.maxConnections }),
      ...(flags.maxQueue && { queue: flags.maxQueue }),
      ...(flags.requestTime && { requestTime: flags.requestTime }),
    },
    drainDelay: flags.drainDelay,
    drainTime: flags.drainTime,
    functions,
    load: await toLoadOptions(others),
  };
}

function greeting({ url, models }: Server): string {
  const ready = models.filter(({ state }) => state === 'READY');
  const names = [...new Set(ready.map(({ name }) => name))];
  const lines = names.map((name) => `  ${url}/models/${encodeURIComponent(name)}/predict\n`);
  const count = names.length === 0 ? 'no model yet' : names.length === 1 ? 'one model' : `${names.length} models`;
  return `forwardpass serves ${count} at ${url}\n${lines.join('')}`;
}

function sentence(event: Event): string {
  const what =
    'version' in event ? `${event.model} version ${event.version}` : 'model' in event ? event.model : undefined;
  switch (event.kind) {
    case 'loaded':
    case 'updated':
      return `${what}: ${event.kind}${event.sha256 === undefined ? '' : ` (${event.sha256.slice(0, 12)})`}`;
    case 'removed':
      return `${what}: removed`;
    case 'rejected':
      return `${what}: refused: ${event.error.message}`;
    case 'failed':
      return `${what === undefined ? '' : `${what}: `}${event.error.message}`;
    case 'worker':
      return `worker ${event.worker} ended: ${event.error.message}; another one is started`;
  }
}

function add(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function addSplit(text: string, before: Readonly<Record<string, Split>> = {}): Readonly<Record<string, Split>> {
  const [name, role] = cut(text, '=');
  const [version, percent] = cut(role, ':');
  const share = Number(percent.replace(/%$/, '')) / 100;
  if (!name || !version || !percent.endsWith('%') || !(share >= 0 && share <= 1)) {
    throw new InvalidArgumentError('expected NAME=VERSION:PERCENT%, such as churn=v2:10%');
  }
  return { ...before, [name]: { version, share } };
}

function addShadow(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [name, version] = cut(text, '=');
  if (!name || !version) throw new InvalidArgumentError('expected NAME=VERSION, such as churn=v2');
  return { ...before, [name]: version };
}

/** Splits at the last occurrence, because names may contain the separator. */
function cut(text: string, at: string): [string, string] {
  const place = text.lastIndexOf(at);
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('expected an integer from 0 to 65535');
}

/** Seconds as milliseconds. */
function parseDuration(text: string): number {
  const milliseconds = Math.round(Number(text) * 1e3);
  if (milliseconds >= 1 && milliseconds <= 86_400_000) return milliseconds;
  throw new InvalidArgumentError('expected seconds above 0, up to 86400');
}

function parseDelay(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : parseDuration(text);
}

function parseWindow(text: string): number {
  const milliseconds = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(milliseconds) && milliseconds >= 0 && milliseconds <= 1_000)
    return milliseconds;
  throw new InvalidArgumentError('expected an integer number of milliseconds from 0 to 1000');
}

function parseBytes(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * 2 ** ({ k: 10, m: 20, g: 30 }[unit.toLowerCase()] ?? 0);
  if (Number.isSafeInteger(bytes) && bytes >= 1) return bytes;
  throw new InvalidArgumentError('expected a number of bytes, such as 512k or 64m');
}
