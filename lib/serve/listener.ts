/** The server of HTTP: bounds of time and size, answers to what is not a request, and an end that loses nothing. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServeLimits } from './options.ts';
import { Request, toOrigin } from './request.ts';
import { Response } from './response.ts';

/** What the files of TLS hold, as PEM. With `ca`, clients must have a certificate that it signed. */
export interface Certificates {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

export interface ListenerOptions {
  readonly limits: ServeLimits;
  readonly tls?: Certificates;
  readonly onRequest: RequestListener;
  /** The number of open connections, when it changes. */
  readonly onConnections: (count: number) => void;
}

/** Opened by who serves TLS only: it takes milliseconds. */
const https = (): typeof import('node:https') => createRequire(import.meta.url)('node:https');

/** Where it listens: an address, or a socket that is bound already and listens. */
export type Place = { readonly host: string; readonly port: number } | { readonly fd: number };

/** Milliseconds that a connection may be idle once the server closes: what is on its way arrives within. */
const LAST_IDLE = 2_000;
/** Milliseconds between two looks at what is still open then. */
const LOOK = 50;
/** Milliseconds between two looks for connections over which nothing goes. */
const SWEEP = 1_000;

interface Connection {
  /** Those that wait for their answers. */
  requests: number;
  /** When its last answer ended, or when it was made. */
  idleSince: number;
  /** That came and went over it, when it was looked at last; and since when these are so many. */
  bytes: number;
  stillSince: number;
}

export class Listener {
  readonly server: Server;
  readonly #connections = new Map<Socket, Connection>();
  readonly #idleTime: number;
  #sweep: NodeJS.Timeout | undefined;

  constructor({ limits, tls, onRequest, onConnections }: ListenerOptions) {
    const options = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTime,
      requestTimeout: limits.requestTime,
      // Idle connections are looked for below, all at once: here each request would set two timers.
      keepAliveTimeout: 0,
      connectionsCheckingInterval: 1_000,
      insecureHTTPParser: false,
      // The guard looks at it, whose answers say what is wrong.
      requireHostHeader: false,
      noDelay: true,
      IncomingMessage: Request,
      ServerResponse: Response,
    };
    const connections = this.#connections;
    // One for all: a response that stays known would keep its request, with all that was read of it.
    const answered = function (this: ServerResponse) {
      const connection = connections.get(this.req.socket);
      if (connection === undefined) return;
      connection.requests -= 1;
      connection.idleSince = performance.now();
    };
    const listener: RequestListener = (request, response) => {
      const connection = this.#connections.get(request.socket);
      if (connection !== undefined) {
        connection.requests += 1;
        response.on('close', answered);
      }
      if (request.url?.startsWith('/') === false) toOrigin(request);
      onRequest(request, response);
    };
    this.server =
      tls === undefined
        ? createServer(options, listener)
        : https().createServer({ ...options, ...tls, ...withClients(tls), minVersion: 'TLSv1.2' }, listener);
    this.server.maxConnections = limits.connections;
    this.#idleTime = limits.idleTime;
    // Clients that ask whether they may send get the answer before they do.
    this.server.on('checkContinue', (request, response) => {
      if (Number(request.headers['content-length'] ?? 0) <= limits.bodyBytes) response.writeContinue();
      listener(request, response);
    });
    this.server.on('checkExpectation', (request, response) => {
      request.resume();
      const body = '{"error":"expected no Expect but 100-continue"}';
      response.writeHead(417, {
        'content-type': 'application/json',
        'content-length': body.length,
        connection: 'close',
      });
      response.end(body);
    });
    this.server.on('clientError', refuse);
    // Without a listener the connection ends without a word.
    this.server.on('connect', (_, socket) => refuse({ code: 'CONNECT' }, socket as Socket));
    this.server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      const now = performance.now();
      this.#connections.set(socket, { requests: 0, idleSince: now, bytes: 0, stillSince: now });
      onConnections(this.#connections.size);
      socket.once('close', () => {
        this.#connections.delete(socket);
        onConnections(this.#connections.size);
      });
    });
  }

  /** Rejects where the address is taken or not ours. */
  listen(place: Place): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ ...place, backlog: 1024 }, () => {
        this.server.off('error', reject);
        this.#sweep = setInterval(() => this.#endStill(), Math.min(this.#idleTime, SWEEP)).unref();
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  setTls(tls: Certificates): void {
    if ('setSecureContext' in this.server) (this.server.setSecureContext as (context: object) => void)(tls);
  }

  /**
   * Takes no more connections, answers what still comes over those that are open, and ends each when it was idle for a
   * while; after `most` milliseconds all. The server's own `close` would cut connections that have a request on the wire.
   * Whoever answers has to end connections with `Connection: close` from before this on.
   */
  async close(most: number): Promise<void> {
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
    const start = performance.now();
    while (this.#connections.size > 0 && performance.now() - start < most) {
      this.#endIdle(start);
      await sleep(LOOK);
    }
    this.server.closeAllConnections();
    for (const socket of this.#connections.keys()) socket.destroy();
    await closed;
    clearInterval(this.#sweep);
    // Frees what looks after connections' times.
    this.server.close();
  }

  /** Ends connections over which nothing has come or gone for too long. */
  #endStill(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      if (bytes !== connection.bytes) {
        connection.bytes = bytes;
        connection.stillSince = now;
      } else if (now - connection.stillSince > this.#idleTime) socket.destroy();
    }
  }

  #endIdle(start: number): void {
    const now = performance.now();
    for (const [socket, { requests, idleSince }] of this.#connections) {
      if (requests === 0 && now - Math.max(idleSince, start) > LAST_IDLE) socket.destroySoon();
    }
  }
}

/** Clients need a certificate if the option says who signs them. */
function withClients({ ca }: Certificates) {
  return ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
}

const REASONS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  CONNECT: ['400 Bad Request', 'this is not a proxy'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
};

/** What is not a request, or does not come in time. What else it may hold is not looked at: the connection ends. */
function refuse(error: { readonly code?: string }, socket: Socket & { _httpMessage?: unknown }): void {
  // An answer that was begun must not have another one within.
  if (!socket.writable || (socket.bytesWritten > 0 && socket._httpMessage)) return void socket.destroy();
  const [status, message] = REASONS[error.code ?? ''] ?? ['400 Bad Request', 'the request is not well formed'];
  const body = JSON.stringify({ error: message });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(head + body);
  // The client may send on, and never close: it has a moment to read the answer.
  socket.resume();
  setTimeout(() => socket.destroy(), 500).unref();
}
