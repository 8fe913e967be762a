/** One request and its answer, which is sent to the client and logged. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessLog } from './access-log.ts';
import type { Served } from './catalog.ts';
import type { Metrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import { type Answer, JSON_TYPE } from './protocol.ts';
import { receive } from './request.ts';
import { Response } from './response.ts';
import type { RequestSpan } from './telemetry.ts';

/** What all answers of a server share. */
export interface Sender {
  readonly metrics: Metrics;
  readonly accessLog?: AccessLog;
  /** Whether answers end their connections. */
  readonly draining: boolean;
  /** Collects answers that are sent together. */
  readonly outbox: Outbox;
  /** How long a connection may be idle. */
  readonly idleSeconds: number;
}

/** Milliseconds in which a client may send the rest of a rejected body. */
const DRAIN_TIME = 1_000;

export class Exchange {
  readonly start = performance.now();
  readonly path: string;
  /** The query, after the question mark. */
  readonly query: string;
  served?: Served;
  bytesIn = 0;
  /** Called once, when the bytes of the request are not needed any more. */
  release?: () => void;
  span?: RequestSpan;
  /** Whether the connection ends with the answer. */
  isLast = false;
  /** Headers for any answer. */
  further?: Readonly<Record<string, string>>;

  constructor(
    private readonly sender: Sender,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    url: string,
  ) {
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? '' : url.slice(mark + 1);
  }

  get seconds(): number {
    return (performance.now() - this.start) / 1e3;
  }

  send(answer: Answer): void {
    const { response } = this;
    this.#letGo();
    if (response.destroyed || response.headersSent) {
      this.#log(answer, false);
      return;
    }
    // With a single connection, there is nothing to wait for.
    if (this.sender.metrics.connections > 1) this.sender.outbox.put(this, answer);
    else this.write(answer);
    this.#log(answer, true);
  }

  /** Writes an answer to the connection. */
  write(answer: Answer): void {
    const { response, sender } = this;
    if (response.destroyed) return;
    const { status, headers, body } = answer;
    const isLast = this.isLast || sender.draining;
    const isPlain = status === 200 && headers === JSON_TYPE && this.further === undefined && !isLast;
    if (isPlain && typeof body === 'string' && response instanceof Response) {
      if (response.sendJson(body, lengthOf(body), sender.idleSeconds)) return;
    }
    this.#writeHead(answer, isLast);
    response.end(body);
  }

  /**
   * Answers while the rest of the body is still arriving. If the connection were closed at once, the system would reset
   * it, and the reset could overtake the answer.
   */
  sendAndDrain(answer: Answer): void {
    const { request, response } = this;
    if (request.complete) {
      this.send(answer);
      return;
    }
    this.#letGo();
    if (response.destroyed) return;
    this.#writeHead(answer, true);
    response.write(answer.body);
    this.#log(answer, true);
    const end = () => {
      clearTimeout(timer);
      response.end();
    };
    const timer = setTimeout(end, DRAIN_TIME);
    receive(request, { part() {}, end, gone: end });
  }

  /** Answers before the body was read. */
  sendUnread(answer: Answer): void {
    if (this.isLast) this.sendAndDrain(answer);
    else this.send(answer);
  }

  #letGo(): void {
    this.release?.();
    this.release = undefined;
  }

  #writeHead({ status, headers, body }: Answer, isLast: boolean): void {
    const all: (string | number)[] = [];
    for (const name in headers) all.push(name, headers[name]);
    for (const name in this.further) all.push(name, this.further[name]);
    if (status !== 204) all.push('content-length', lengthOf(body));
    if (this.request.httpVersionMajor === 1) {
      if (isLast) all.push('connection', 'close');
      else if (this.response instanceof Response && this.response.shouldKeepAlive) {
        all.push('keep-alive', `timeout=${this.sender.idleSeconds}`);
      }
      this.response.writeHead(status, all);
    } else {
      // Behind an HTTP/2 server, which manages its own connections and takes headers one by one.
      for (let i = 0; i < all.length; i += 2) this.response.setHeader(String(all[i]), all[i + 1]);
      this.response.writeHead(status);
    }
  }

  #log({ status, rows, code, body }: Answer, isSent: boolean): void {
    const { sender, served, request, path, bytesIn } = this;
    sender.metrics.answered(status);
    const { name: model, version } = served ?? {};
    this.span?.end(status, { model, version, rows });
    if (sender.accessLog === undefined) return;
    const { method = '', socket } = request;
    const bytesOut = isSent ? lengthOf(body) : 0;
    const about = { model, version, rows, code, remote: socket.remoteAddress };
    sender.accessLog.add({ method, path, status, milliseconds: this.seconds * 1e3, bytesIn, bytesOut, ...about });
  }
}

function lengthOf(body: Answer['body']): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}
