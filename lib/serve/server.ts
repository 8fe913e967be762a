/** A running server. */
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContextOptions } from 'node:tls';
import { ForwardpassError } from '../errors.ts';
import { Listener } from './listener.ts';
import { Local } from './local.ts';
import { type CheckedServeOptions, checkServeOptions, type ServeOptions, type ServeSource } from './options.ts';
import type { IndexEntry } from './repository.ts';

export interface Server extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly address: AddressInfo;
  /** What is served and what is not, with reasons. */
  readonly models: readonly IndexEntry[];
  /** Looks for newer models now, and reads tokens and certificates again. */
  reload(): Promise<void>;
  /** Answers what is on its way, then ends. */
  close(): Promise<void>;
}

export async function openServer(source: ServeSource, given: ServeOptions): Promise<Server> {
  const options = checkServeOptions(given);
  const tls = await readTls(options);
  const local = await Local.open(source, options);
  const { app } = local;
  const listener = new Listener({
    limits: options.limits,
    tls,
    onRequest: (request, response) => app.handle(request, response),
    onConnections: (count) => {
      app.metrics.connections = count;
    },
  });
  let address: AddressInfo;
  try {
    address = await listen(listener, options);
  } catch (error) {
    await local.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= drain(options, async () => {
      app.draining = true;
    }).then(async () => {
      await listener.close(options.drainTime);
      await local.close();
    });
    return closing;
  };
  return {
    url: urlOf(address, options),
    address,
    get models() {
      return local.repository.index();
    },
    async reload() {
      const fresh = await readTls(options);
      if (fresh !== undefined) listener.setTls(fresh);
      await local.reload();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Says that it is not ready, and goes on for a while so that balancers see it. */
export async function drain({ drainDelay }: CheckedServeOptions, unready: () => Promise<void>): Promise<void> {
  await unready();
  await sleep(drainDelay);
}

export async function listen(listener: Listener, { host, port }: CheckedServeOptions): Promise<AddressInfo> {
  try {
    return await listener.listen({ host, port });
  } catch (cause) {
    throw cannotListen(cause as NodeJS.ErrnoException, host, port);
  }
}

export function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): ForwardpassError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is in use by another program; choose another port',
    EADDRNOTAVAIL: 'is not an address of this machine',
    EACCES: 'may not be used without more rights; choose a port from 1024 on',
    ENOTFOUND: 'is not a known host name',
  };
  const message = reasons[cause.code ?? ''] ?? `could not be listened on (${cause.code})`;
  return new ForwardpassError('OPTION', message, `${host}:${port}`, { cause });
}

/** @throws {ForwardpassError} OPTION */
export async function readTls({ tls }: CheckedServeOptions): Promise<SecureContextOptions | undefined> {
  if (tls === undefined) return undefined;
  const read = (name: keyof typeof tls) => {
    const path = tls[name];
    if (path === undefined) return undefined;
    return readFile(path).catch((cause: Error) => {
      throw new ForwardpassError('OPTION', cause.message, `tls.${name}`, { cause });
    });
  };
  const [cert, key, ca] = await Promise.all([read('cert'), read('key'), read('clientCa')]);
  const context = { cert, key, ...(ca && { ca }) };
  try {
    // Said here, with its name, rather than by the first connection.
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

export function urlOf({ address, port, family }: AddressInfo, { tls }: CheckedServeOptions): string {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const host = everywhere[address] ?? (family === 'IPv6' ? `[${address}]` : address);
  return `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}
