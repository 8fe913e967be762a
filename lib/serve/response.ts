/** Answers that are written at once: their head by hand, and with the body in one string. */
import { type IncomingMessage, ServerResponse } from 'node:http';

/** Longer ones are left to node:http, which waits for clients that read slowly. */
const LONGEST = 16_384;

export class Response<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  /** Of node:http: what it has written, or will write, before the body; and whether it has. */
  declare _header: string | null;
  declare _headerSent: boolean;

  /**
   * An answer of status 200 and of JSON, after which the connection stays. False where that is not all there is to it, and
   * nothing was done: then it goes the way of all others. `bytes` is the length of the body in UTF-8.
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

/** Whether node:http notes what was sent where it has up to now: were it not so, it would send a second head. */
function knowsHeaders(response: Response): boolean {
  return response._header === null && response._headerSent === false && !response.headersSent;
}

let second = 0;
let text = '';

/** Now, as headers say it. */
function date(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
}
