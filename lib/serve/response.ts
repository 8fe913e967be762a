/** Answers whose head and body are written together as one string. */
import { type IncomingMessage, ServerResponse } from 'node:http';

/** Longer answers are left to node:http, which handles slow clients. */
const LONGEST = 16_384;

export class Response<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  /** Internals of node:http: the head that it has written or will write, and whether it has. */
  declare _header: string | null;
  declare _headerSent: boolean;

  /**
   * Sends a JSON answer with status 200 that keeps the connection open. Returns false without doing anything if the
   * answer needs more; it must then be sent in the usual way. `bytes` is the length of the body in UTF-8.
   */
  sendJson(body: string, bytes: number, idleSeconds: number): boolean {
    const { socket, req } = this;
    if (socket === null || bytes > LONGEST || socket.writableLength > 0 || !this.shouldKeepAlive) return false;
    if (req.httpVersionMinor !== 1 || req.method === 'HEAD' || !knowsHeaders(this)) return false;
    const head = `${HEAD}${bytes}\r\nDate: ${date()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${idleSeconds}\r\n\r\n`;
    this._header = head;
    this._headerSent = true;
    socket.write(head + body, bytes === body.length ? 'latin1' : 'utf8');
    this.end();
    return true;
  }
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ';

/** Whether node:http still has these internals; otherwise it would send a second head. */
function knowsHeaders(response: Response): boolean {
  return response._header === null && response._headerSent === false && !response.headersSent;
}

let second = 0;
let text = '';

/** The current time, as in the Date header. */
function date(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
}
