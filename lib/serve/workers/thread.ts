/** A thread that answers requests, over the weights of the one that loaded them. It is a script of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { ForwardpassError } from '../../errors.ts';
import { Model } from '../../model.ts';
import { AccessLog } from '../access-log.ts';
import { App, type Backend } from '../app.ts';
import { Served } from '../catalog.ts';
import { Guard } from '../guard.ts';
import { Listener } from '../listener.ts';
import { newCatalog } from '../local.ts';
import type { GrpcServer } from '../protocol/grpc/start.ts';
import { openTelemetry } from '../telemetry.ts';
import type { Edition, FromWorker, Question, Shared, Start, ToWorker } from './messages.ts';

/** Milliseconds between two reports of what was counted, of which the last one outlives the thread. */
const REPORT = 1_000;

const { fd, grpcFd, options, logsAccess, tls, tokens, models: first } = workerData as Start;
const port = parentPort as NonNullable<typeof parentPort>;
const say = (message: FromWorker) => port.postMessage(message);

const waiting = new Map<number, (value: never) => void>();
let asked = 0;

function ask<T>(question: Question, name?: string): Promise<T> {
  asked += 1;
  const id = asked;
  say({ kind: 'question', id, question, name });
  return new Promise((resolve) => waiting.set(id, resolve));
}

const backend: Backend = {
  metrics: () => ask('metrics'),
  index: () => ask('index'),
  load: (name) => ask('load', name),
  unload: (name) => ask('unload', name),
};

const catalog = newCatalog(options);
const guard = new Guard(options);
guard.tokens = tokens;
const accessLog = logsAccess ? new AccessLog((lines) => say({ kind: 'access', lines })) : undefined;
const startSpan = await openTelemetry();
const app = new App({ catalog, guard, backend, options, accessLog, startSpan });
const listener = new Listener({
  limits: options.limits,
  tls,
  onRequest: (request, response) => app.handle(request, response),
  onConnections: (count) => {
    app.metrics.connections = count;
  },
});
let grpc: GrpcServer | undefined;
const served = new Map<number, Served>();

function take({ number, models, ready }: Edition): void {
  const before = new Map(served);
  served.clear();
  for (const shared of models) {
    const one = before.get(shared.key) ?? attach(shared) ?? lastOf(shared, before);
    if (one !== undefined) served.set(shared.key, one);
  }
  catalog.replace([...served.values()]);
  catalog.ready = ready;
  say({ kind: 'taken', edition: number });
}

/** Undefined where the model is gone already: the message that says what took its place is on its way. */
function attach({ name, version, handle }: Shared): Served | undefined {
  try {
    const model = Model.attach(handle, { threads: options.load.threads ?? 1 });
    return new Served(name, version, model, () => model.dispose());
  } catch (error) {
    say({ kind: 'failed', model: name, error: error instanceof ForwardpassError ? error.toJSON() : String(error) });
    return undefined;
  }
}

function lastOf({ name, version }: Shared, before: ReadonlyMap<number, Served>): Served | undefined {
  return [...before.values()].find((one) => one.name === name && one.version === version);
}

function state() {
  app.metrics.waiting = app.waiting;
  return app.metrics.state;
}

async function close(most: number): Promise<void> {
  app.draining = true;
  await Promise.all([listener.close(most), grpc?.close(most)]);
  accessLog?.flush();
  say({ kind: 'metrics', state: state() });
  say({ kind: 'closed' });
  clearInterval(reporting);
  catalog.replace([]);
  port.close();
}

function hear(message: ToWorker): void {
  switch (message.kind) {
    case 'models':
      take(message.edition);
      break;
    case 'tokens':
      guard.tokens = message.tokens;
      break;
    case 'tls':
      listener.setTls(message.tls);
      try {
        grpc?.setTls(message.tls);
      } catch (error) {
        say({ kind: 'failed', error: (error as ForwardpassError).toJSON() });
      }
      break;
    case 'collect':
      say({ kind: 'metrics', id: message.id, state: state() });
      break;
    case 'answer':
      waiting.get(message.id)?.(message.value as never);
      waiting.delete(message.id);
      break;
    case 'drain':
      app.draining = true;
      break;
    case 'close':
      void close(message.most);
      break;
  }
}

const reporting = setInterval(() => say({ kind: 'metrics', state: state() }), REPORT);
take(first);
port.on('message', hear);
await listener.listen({ fd });
if (grpcFd !== undefined) {
  const { limits } = options;
  grpc = await (await import('../grpc.ts')).openGrpc({ fd: grpcFd }, { app, catalog, guard, limits, tls });
}
say({ kind: 'listening' });
