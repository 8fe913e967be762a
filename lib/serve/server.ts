/** A running server. */
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForwardpassError } from '../errors.ts';
import { type Certificates, Listener } from './listener.ts';
import { Local } from './local.ts';
import { type CheckedServeOptions, checkServeOptions, type ServeOptions, type ServeSource } from './options.ts';
import type { GrpcServer } from './protocol/grpc/start.ts';
import type { IndexEntry } from './repository.ts';

/** A server that listens: see {@link serve}. */
export interface Server extends AsyncDisposable {
  /** The URL, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The address and port it listens on, as in node:net. */
  readonly address: AddressInfo;
  /** The port of gRPC, if enabled. */
  readonly grpcPort?: number;
  /** The models that are served, and those that are not, with reasons. */
  readonly models: readonly IndexEntry[];
  /** Checks for newer models now, and reads tokens and certificates again. */
  reload(): Promise<void>;
  /** Answers open requests, then ends. */
  close(): Promise<void>;
}

/** Accepts connections: this thread, or several others. */
interface Front {
  readonly address: AddressInfo;
  readonly grpcPort?: number;
  drain(): void;
  setTls(tls: Certificates): void;
  setTokens(): void;
  close(most: number): Promise<void>;
}

export async function openServer(source: ServeSource, given: ServeOptions): Promise<Server> {
  const options = checkServeOptions(given);
  const { drainDelay, drainTime } = options;
  const tls = await readTls(options);
  const local = await Local.open(source, options);
  let front: Front;
  try {
    front = await openFront(local, options, tls);
  } catch (error) {
    await local.close();
    throw error;
  }
  const end = async () => {
    // Load balancers see that it is not ready while it still accepts connections.
    local.app.draining = true;
    front.drain();
    await sleep(drainDelay);
    await front.close(drainTime);
    await local.close();
  };
  let ended: Promise<void> | undefined;
  const close = () => {
    ended ??= end();
    return ended;
  };
  return {
    url: urlOf(front.address, options),
    address: front.address,
    ...(front.grpcPort !== undefined && { grpcPort: front.grpcPort }),
    get models() {
      return local.repository.index();
    },
    async reload() {
      const fresh = await readTls(options);
      await local.reload();
      front.setTokens();
      if (fresh !== undefined) front.setTls(fresh);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openFront(local: Local, options: CheckedServeOptions, tls: Certificates | undefined): Promise<Front> {
  const { host, port, grpcPort, limits, workers } = options;
  try {
    if (workers !== undefined) return await (await import('./workers/crew.ts')).Crew.start(local, options, tls);
    const { app } = local;
    const listener = new Listener({
      limits,
      tls,
      onRequest: (request, response) => app.handle(request, response),
      onConnections: (count) => {
        app.metrics.connections = count;
      },
    });
    const address = await listener.listen({ host, port });
    const grpc = grpcPort === undefined ? undefined : await openGrpc(grpcPort, local, options, tls, listener);
    return {
      address,
      grpcPort: grpc?.port,
      drain() {},
      setTls(fresh) {
        listener.setTls(fresh);
        grpc?.setTls(fresh);
      },
      setTokens() {},
      close: async (most) => void (await Promise.all([listener.close(most), grpc?.close(most)])),
    };
  } catch (error) {
    throw error instanceof ForwardpassError ? error : cannotListen(error as NodeJS.ErrnoException, host, port);
  }
}

/** Loaded with the first server that needs it. */
async function openGrpc(
  port: number,
  { app, catalog, guard }: Local,
  { host, limits }: CheckedServeOptions,
  tls: Certificates | undefined,
  listener: Listener,
): Promise<GrpcServer> {
  try {
    return await (await import('./grpc.ts')).openGrpc({ host, port }, { app, catalog, guard, limits, tls });
  } catch (error) {
    await listener.close(0);
    throw error;
  }
}

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): ForwardpassError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is in use by another program; choose another port',
    EADDRNOTAVAIL: 'is not an address of this machine',
    EACCES: 'requires more privileges; choose a port of at least 1024',
    ENOTFOUND: 'is not a known host name',
  };
  const message = reasons[cause.code ?? ''] ?? `could not be opened for listening (${cause.code})`;
  return new ForwardpassError('OPTION', message, `${host}:${port}`, { cause });
}

/** @throws {ForwardpassError} OPTION */
async function readTls({ tls }: CheckedServeOptions): Promise<Certificates | undefined> {
  if (tls === undefined) return undefined;
  const read = (name: keyof typeof tls, path: string) =>
    readFile(path).catch((cause: Error) => {
      throw new ForwardpassError('OPTION', cause.message, `tls.${name}`, { cause });
    });
  const { clientCa } = tls;
  const [cert, key, ca] = await Promise.all([
    read('cert', tls.cert),
    read('key', tls.key),
    clientCa === undefined ? undefined : read('clientCa', clientCa),
  ]);
  const context = { cert, key, ...(ca && { ca }) };
  try {
    // Checked here, with a good message, instead of at the first connection.
    (await import('node:tls')).createSecureContext(context);
  } catch (cause) {
    throw new ForwardpassError(
      'OPTION',
      `the certificate and its key cannot be used: ${(cause as Error).message}`,
      'tls',
      { cause },
    );
  }
  return context;
}

function urlOf({ address, port, family }: AddressInfo, { tls }: CheckedServeOptions): string {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const host = everywhere[address] ?? (family === 'IPv6' ? `[${address}]` : address);
  return `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}
