/** The Open Inference Protocol and grpc.health.v1 over gRPC, if `@grpc/grpc-js` is installed beside forwardpass. */
import { ForwardpassError } from '../../../errors.ts';
import { failureOf } from '../answers.ts';
import type { Compute, ProtocolLimits, ServedModel } from '../types.ts';
import { mostElements, workOf } from '../v2/inputs.ts';
import { checkOutputs, outputTensors } from '../v2/outputs.ts';
import { modelMetadata, SERVER } from '../v2.ts';
import { packageVersion } from '../version.ts';
import { runWork } from '../work.ts';
import { inferResponse, readInferRequest, tensorsOf } from './infer-messages.ts';
import {
  HEALTH,
  healthMessage,
  modelMetadataMessage,
  readNameAndVersion,
  serverMetadataMessage,
  truth,
} from './other-messages.ts';
import {
  type Credentials,
  type GrpcStatus,
  loadPeer,
  methodOf,
  type Peer,
  type PeerServer,
  pem,
  type ReceivedCall,
  type Streaming,
  type Unary,
} from './peer.ts';

/** Certificates in PEM. With `ca`, clients must have a certificate that it signed. */
export interface GrpcTls {
  readonly key: Uint8Array;
  readonly cert: Uint8Array;
  readonly ca?: Uint8Array;
}

export interface GrpcOptions {
  /** Where to listen; undefined if others listen and pass connections to it. */
  readonly place?: { readonly host: string; readonly port: number };
  readonly tls?: GrpcTls;
  /** The most bytes of a request. */
  readonly bodyBytes: number;
  readonly limits: ProtocolLimits;
  readonly compute?: Compute;
  /** The version with that name, or the one that answers without a name. */
  find(name: string, version?: string): ServedModel | undefined;
  /** All served versions of a model. */
  versions(name: string): readonly string[];
  isReady(): boolean;
  /** Whether the caller is authorized; `authorization` is the metadata of that name. Not called for health checks. */
  isAllowed?(authorization: string | undefined): boolean;
  /** Called after each call, for metrics; with `code` if it failed. */
  onCall?(call: GrpcCall): void;
}

export interface GrpcCall {
  readonly method: string;
  readonly served?: ServedModel;
  readonly rows?: number;
  readonly computeNs?: number;
  readonly totalNs: number;
  readonly code?: string;
}

export interface GrpcServer {
  /** The port, or the one that the system chose for 0. */
  readonly port?: number;
  /** Takes a connection that was accepted elsewhere, if it does not listen itself. */
  readonly inject?: (socket: object) => void;
  /**
   * Changes the certificate for new connections.
   *
   * @throws {ForwardpassError} OPTION if the package does not support that.
   */
  setTls(tls: GrpcTls): void;
  /** Answers open calls, then ends; cuts all calls after `milliseconds`. */
  close(milliseconds: number): Promise<void>;
}

/** @throws {ForwardpassError} OPTION if the package is not installed, SOURCE if the port is in use. */
export async function startGrpc(options: GrpcOptions): Promise<GrpcServer> {
  return startWith(await loadPeer(), options);
}

const INFERENCE = 'inference.GRPCInferenceService';
const HEALTH_SERVICE = 'grpc.health.v1.Health';

export async function startWith(peer: Peer, options: GrpcOptions): Promise<GrpcServer> {
  const server = new peer.Server({
    'grpc.max_receive_message_length': options.bodyBytes,
    'grpc.max_send_message_length': -1,
  });
  const unary = Object.entries(METHODS).map(([name, method]) => [name, answering(name, method, options)] as const);
  const names = unary.map(([name]) => [name, methodOf(INFERENCE, name)] as const);
  server.addService(Object.fromEntries(names), Object.fromEntries(unary));
  server.addService(
    { Check: methodOf(HEALTH_SERVICE, 'Check'), Watch: methodOf(HEALTH_SERVICE, 'Watch', true) },
    { Check: checkHealth(options), Watch: watchHealth(options) },
  );
  const { place } = options;
  const credentials = credentialsOf(peer, options);
  const close = (milliseconds: number) => closed(server, milliseconds);
  const setTls = (tls: GrpcTls) => renew(credentials, tls);
  if (place !== undefined) return { port: await bound(server, credentials, place), setTls, close };
  const injector = server.createConnectionInjector?.(credentials);
  if (injector === undefined) {
    const message = 'threads that share a port need a newer @grpc/grpc-js; update it, or remove the option workers';
    throw new ForwardpassError('OPTION', message, 'option grpc');
  }
  return { inject: (socket) => injector.injectConnection(socket), setTls, close };
}

function renew(credentials: Credentials, { cert, key, ca }: GrpcTls): void {
  if (credentials.updateSecureContextOptions === undefined) {
    const message =
      'gRPC keeps its certificate, because this version of @grpc/grpc-js cannot change it; update it, or restart the server';
    throw new ForwardpassError('OPTION', message, 'option grpc');
  }
  credentials.updateSecureContextOptions({
    ...{ cert: pem(cert), key: pem(key) },
    ...(ca && { ca: pem(ca) }),
  });
}

function credentialsOf({ ServerCredentials }: Peer, { tls }: GrpcOptions): Credentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: pem(tls.key), cert_chain: pem(tls.cert) };
  const isMutual = tls.ca !== undefined;
  return ServerCredentials.createSsl(isMutual ? pem(tls.ca as Uint8Array) : null, [pair], isMutual);
}

function bound(
  server: PeerServer,
  credentials: Credentials,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, chosen) => {
      if (cause === null) resolve(chosen);
      else reject(new ForwardpassError('SOURCE', `gRPC cannot listen on ${address}`, 'option grpc', { cause }));
    });
  });
}

function closed(server: PeerServer, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), milliseconds);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** What is recorded about a call, for metrics. */
interface Noted {
  served?: ServedModel;
  rows?: number;
  computeNs?: number;
}

type AnswerTo = (request: Buffer, options: GrpcOptions, noted: Noted) => Buffer | Promise<Buffer>;

const METHODS: Readonly<Record<string, AnswerTo>> = {
  ServerLive: () => truth(true),
  ServerReady: (_, { isReady }) => truth(isReady()),
  ModelReady: (request, { find }) => {
    const { name, version } = readNameAndVersion(request);
    return truth(find(name, version === '' ? undefined : version) !== undefined);
  },
  ServerMetadata: () => serverMetadataMessage(SERVER.name, packageVersion(), []),
  ModelMetadata: (request, options, noted) => {
    const { name, version } = readNameAndVersion(request);
    noted.served = found(options, name, version);
    return modelMetadataMessage(modelMetadata(noted.served), options.versions(name));
  },
  ModelInfer: infer,
};

async function infer(request: Buffer, options: GrpcOptions, noted: Noted): Promise<Buffer> {
  const message = readInferRequest(request);
  const served = found(options, message.modelName, message.modelVersion);
  noted.served = served;
  checkOutputs(served, message.outputs);
  const work = workOf(served, tensorsOf(message, mostElements(served, options.limits)), options.limits);
  noted.rows = work.count;
  const start = performance.now();
  const results = await (options.compute ?? runWork)(served, work);
  noted.computeNs = nanosecondsSince(start);
  return inferResponse(served, message, outputTensors(served, results, work.count, message.outputs));
}

/** A gRPC status that has no counterpart among the failures of requests. */
class StatusError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const STATUS = { invalid: 3, notFound: 5, exhausted: 8, internal: 13, unavailable: 14, unauthenticated: 16 } as const;

function found({ find }: GrpcOptions, name: string, version: string): ServedModel {
  const served = find(name, version === '' ? undefined : version);
  if (served === undefined) throw new StatusError(STATUS.notFound, 'NOT_FOUND', 'model or version not found');
  return served;
}

function answering(method: string, answerTo: AnswerTo, options: GrpcOptions): Unary {
  return async (call, answer) => {
    const start = performance.now();
    const noted: Noted = {};
    const tell = (code?: string) => options.onCall?.({ method, ...noted, totalNs: nanosecondsSince(start), code });
    try {
      checkAllowed(call, options);
      const message = await answerTo(call.request, options, noted);
      answer(null, message);
      tell();
    } catch (error) {
      const { status, code } = statusOf(error);
      answer(status);
      tell(code);
    }
  };
}

function nanosecondsSince(start: number): number {
  return Math.round((performance.now() - start) * 1e6);
}

function checkAllowed(call: ReceivedCall, { isAllowed }: GrpcOptions): void {
  if (isAllowed === undefined) return;
  const [authorization] = call.metadata.get('authorization');
  if (isAllowed(authorization === undefined ? undefined : String(authorization))) return;
  throw new StatusError(STATUS.unauthenticated, 'UNAUTHENTICATED', 'a token is needed');
}

/** Details are sent in a header, which allows few bytes and characters. */
const MOST_OF_DETAILS = 500;

function statusOf(error: unknown): { readonly status: GrpcStatus; readonly code: string } {
  if (error instanceof StatusError) return { status: { code: error.status, details: error.message }, code: error.code };
  const { status, code, message } = failureOf(error);
  const details = message.slice(0, MOST_OF_DETAILS).replace(/[^ -~]/g, '?');
  return { status: { code: STATUS_OF_HTTP[status] ?? STATUS.internal, details }, code };
}

const STATUS_OF_HTTP: Readonly<Record<number, number>> = {
  400: STATUS.invalid,
  413: STATUS.exhausted,
  503: STATUS.unavailable,
};

/** The health of the whole server (''), of the service, or of a model by its name. */
function healthOf(request: Buffer, { isReady, find }: GrpcOptions): number {
  const { name } = readNameAndVersion(request);
  if (name === '' || name === INFERENCE) return isReady() ? HEALTH.serving : HEALTH.notServing;
  return find(name) === undefined ? HEALTH.unknown : HEALTH.serving;
}

function checkHealth(options: GrpcOptions): Unary {
  return ({ request }, answer) => {
    try {
      const health = healthOf(request, options);
      if (health === HEALTH.unknown) answer({ code: STATUS.notFound, details: 'service not found' });
      else answer(null, healthMessage(health));
    } catch (error) {
      answer(statusOf(error).status);
    }
  };
}

/** How often a stream of health checks for changes. */
const WATCH_MS = 1000;

function watchHealth(options: GrpcOptions): Streaming {
  return (call) => {
    let last: number | undefined;
    const look = () => {
      const health = healthOf(call.request, options);
      if (health !== last) call.write(healthMessage(health));
      last = health;
    };
    try {
      look();
    } catch (error) {
      call.emit('error', statusOf(error).status);
      return;
    }
    const timer = setInterval(look, WATCH_MS);
    timer.unref();
    for (const event of ['cancelled', 'close'] as const) call.on(event, () => clearInterval(timer));
  };
}
