/** A thread that answers requests, with the weights of the loading thread. It is a separate script. */
import { parentPort, workerData } from 'node:worker_threads';
import { ForwardpassError } from '../../errors.ts';
import { Model } from '../../model.ts';
import { AccessLog } from '../access-log.ts';
import { App, type Backend } from '../app.ts';
import { type ModelSource, Served } from '../catalog.ts';
import { Guard } from '../guard.ts';
import { Listener } from '../listener.ts';
import { functionsOf, newCatalog } from '../local.ts';
import type { GrpcServer } from '../protocol/grpc/start.ts';
import { openTelemetry } from '../telemetry.ts';
import type { Edition, FromWorker, Question, Shared, Start, ToWorker } from './messages.ts';

/**
 * Milliseconds between two reports of metrics, the last of which outlives the thread, and before a file with an
 * unexpected digest is checked again.
 */
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
const functions = await functionsOf(options);
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

/** Settles when the last edition has been applied. Editions are applied one after the other. */
let taking: Promise<void> = Promise.resolve();
let newest = first;
/** Whether a model of the newest edition could not be loaded here, because its file was or is being replaced. */
let isIncomplete = false;

function take(edition: Edition): Promise<void> {
  newest = edition;
  taking = taking.then(() => takeNow(edition)).catch(failed);
  return taking;
}

async function takeNow({ number, models, ready }: Edition): Promise<void> {
  const before = new Map(served);
  const own = new Map<number, Served>();
  isIncomplete = false;
  for (const shared of models) {
    if (before.has(shared.key) || !('source' in shared.from)) continue;
    const loaded = await loadOwn(shared, shared.from.source).catch((error) => failed(error, shared.name));
    if (loaded === undefined) isIncomplete = true;
    else own.set(shared.key, loaded);
  }
  served.clear();
  for (const shared of models) {
    const one = before.get(shared.key) ?? own.get(shared.key) ?? attach(shared);
    if (one !== undefined) served.set(shared.key, one);
    else keepLast(shared, before);
  }
  catalog.replace([...served.values()]);
  catalog.ready = ready;
  say({ kind: 'taken', edition: number });
}

/** Loads a model with custom steps, if the file still has the digest that was accepted. */
async function loadOwn({ name, version }: Shared, { path, sha256 }: ModelSource): Promise<Served> {
  const { watch } = await import('../../watch.ts');
  const live = await watch(path, { ...options.load, functions, sha256, interval: Number.POSITIVE_INFINITY, settle: 0 });
  return new Served(name, version, live.model, () => void live.close());
}

function failed(error: unknown, model?: string): undefined {
  say({ kind: 'failed', model, error: error instanceof ForwardpassError ? error.toJSON() : String(error) });
}

/** Undefined if the model is already gone: the message about its replacement will follow. */
function attach({ name, version, from }: Shared): Served | undefined {
  if (!('handle' in from)) return undefined;
  try {
    const model = Model.attach(from.handle, { threads: options.load.threads ?? 1 });
    return new Served(name, version, model, () => model.dispose());
  } catch (error) {
    return failed(error, name);
  }
}

/** Keeps the version that has been used so far. */
function keepLast({ name, version }: Shared, before: ReadonlyMap<number, Served>): void {
  for (const [key, one] of before) if (one.name === name && one.version === version) served.set(key, one);
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
      void take(message.edition);
      break;
    case 'tokens':
      guard.tokens = message.tokens;
      break;
    case 'tls':
      listener.setTls(message.tls);
      try {
        grpc?.setTls(message.tls);
      } catch (error) {
        failed(error);
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

const reporting = setInterval(() => {
  say({ kind: 'metrics', state: state() });
  if (isIncomplete) void take(newest);
}, REPORT);
await take(first);
port.on('message', hear);
await listener.listen({ fd });
if (grpcFd !== undefined) {
  const { limits } = options;
  grpc = await (await import('../grpc.ts')).openGrpc({ fd: grpcFd }, { app, catalog, guard, limits, tls });
}
say({ kind: 'listening' });
