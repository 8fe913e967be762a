/** One request and its answer, on its way to the client and into the logs. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessLog } from './access-log.ts';
import type { Served } from './catalog.ts';
import type { Metrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import { type Answer, JSON_TYPE } from './protocol.ts';
import { receive } from './request.ts';
import { Response } from './response.ts';
import type { RequestSpan } from './telemetry.ts';

/** What the answers of a server have in common. */
export interface Sender {
  readonly metrics: Metrics;
  readonly accessLog?: AccessLog;
  /** Whether answers end their connections. */
  readonly draining: boolean;
  /** Where answers wait for each other. */
  readonly outbox: Outbox;
  /** How long a connection of ours may be idle. */
  readonly idleSeconds: number;
}

/** Milliseconds in which a client may send the rest of what is not taken. */
const DRAIN_TIME = 1_000;

export class Exchange {
  readonly start = performance.now();
  readonly path: string;
  /** What follows the question mark. */
  readonly query: string;
  served?: Served;
  bytesIn = 0;
  /** Called once, when what was read of the request is not needed any more. */
  release?: () => void;
  span?: RequestSpan;
  /** Whether the connection ends with the answer. */
  isLast = false;
  /** Headers of the answer, whatever it is. */
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
    // Over a single connection there is nothing to wait for.
    if (this.sender.metrics.connections > 1) this.sender.outbox.put(this, answer);
    else this.write(answer);
    this.#log(answer, true);
  }

  /** To the connection. */
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
   * While the rest of the body still comes. Were the connection closed at once, the system would reset it, which may
   * overtake the answer.
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

  /** Before the body was read. */
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
      // Behind a server of HTTP/2, whose connections are its own affair, and which takes headers one by one.
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
