/** The HTTP server: limits of time and size, answers to malformed requests, and closing without losing requests. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServeLimits } from './options.ts';
import { Request, toOrigin } from './request.ts';
import { Response } from './response.ts';

/** The contents of the TLS files, in PEM. With `ca`, clients must have a certificate that it signed. */
export interface Certificates {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

export interface ListenerOptions {
  readonly limits: ServeLimits;
  readonly tls?: Certificates;
  readonly onRequest: RequestListener;
  /** Called with the number of open connections when it changes. */
  readonly onConnections: (count: number) => void;
}

/** Only loaded for TLS, because it takes milliseconds. */
const https = (): typeof import('node:https') => createRequire(import.meta.url)('node:https');

/** Where to listen: an address, or a socket that already listens. */
export type Place = { readonly host: string; readonly port: number } | { readonly fd: number };

/** Milliseconds that a connection may be idle once the server closes, so that requests in transit still arrive. */
const LAST_IDLE = 2_000;
/** Milliseconds between checks of the connections that are still open then. */
const LOOK = 50;
/** Milliseconds between checks for idle connections. */
const SWEEP = 1_000;

interface Connection {
  /** The number of requests that wait for answers. */
  requests: number;
  /** The time when its last answer ended, or when it was opened. */
  idleSince: number;
  /** The bytes received and sent by the last check; and the time since which this number has not changed. */
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
      // Idle connections are found below, all at once; with this option, each request would set two timers.
      keepAliveTimeout: 0,
      connectionsCheckingInterval: 1_000,
      insecureHTTPParser: false,
      // The guard checks the Host, with a better message.
      requireHostHeader: false,
      noDelay: true,
      IncomingMessage: Request,
      ServerResponse: Response,
    };
    const connections = this.#connections;
    // One function for all responses: a closure would keep the request and its body alive.
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
    // Clients that send Expect: 100-continue get an error before they send the body.
    this.server.on('checkContinue', (request, response) => {
      if (Number(request.headers['content-length'] ?? 0) <= limits.bodyBytes) response.writeContinue();
      listener(request, response);
    });
    this.server.on('checkExpectation', (request, response) => {
      request.resume();
      const body = '{"error":"expected no Expect header other than 100-continue"}';
      response.writeHead(417, {
        'content-type': 'application/json',
        'content-length': body.length,
        connection: 'close',
      });
      response.end(body);
    });
    this.server.on('clientError', refuse);
    // Without a listener, the connection would be closed without an answer.
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

  /** Rejects if the address is in use or not available. */
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
   * Stops accepting connections, answers requests on open ones, and ends each after it was idle for a while, and all
   * after `most` milliseconds. The server's own `close` would cut connections with a request in transit. Before this is
   * called, answers must already send `Connection: close`.
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
    // Stops Node's timer that checks connections.
    this.server.close();
  }

  /** Ends connections without any traffic for too long. */
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

/** Requires client certificates if the option names their CA. */
function withClients({ ca }: Certificates) {
  return ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
}

const REASONS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  CONNECT: ['400 Bad Request', 'this is not a proxy'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
};

/** Answers a malformed or late request. The rest of its data is ignored, and the connection ends. */
function refuse(error: { readonly code?: string }, socket: Socket & { _httpMessage?: unknown }): void {
  // Another answer must not be written into one that has already begun.
  if (!socket.writable || (socket.bytesWritten > 0 && socket._httpMessage)) return void socket.destroy();
  const [status, message] = REASONS[error.code ?? ''] ?? ['400 Bad Request', 'the request is not well formed'];
  const body = JSON.stringify({ error: message });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(head + body);
  // The client may continue sending and never close; it gets a moment to read the answer.
  socket.resume();
  setTimeout(() => socket.destroy(), 500).unref();
}
