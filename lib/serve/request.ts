/**
 * Requests whose bodies go directly from the parser to their receiver. The streams of node:http cost several
 * microseconds each for events, ticks and listeners, for bodies that mostly arrive in one part.
 */
import { IncomingMessage } from 'node:http';

/** The receiver of a body. Either `end` or `gone` is called, once. */
export interface Receiver {
  /** Called with the next part. */
  part(bytes: Uint8Array): void;
  /** Called after the last part. */
  end(): void;
  /** Called if the client disconnected before the end. */
  gone(): void;
}

/** Without a receiver, the body is discarded. */
export class Request extends IncomingMessage {
  #receiver: Receiver | undefined;
  /** The cached result of {@link headers}. */
  knownHeaders: IncomingMessage['headers'] | undefined;

  /** Sets the receiver from now on, instead of any earlier one. */
  receive(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  /** Called by the parser, with null at the end. Returns true if it may continue. */
  override push(part: Uint8Array | null): boolean {
    if (part !== null) {
      this.#receiver?.part(part);
      return true;
    }
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.end();
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.gone();
    super._destroy(error, callback);
  }

  /** Called by node:http to discard an unread body, which in the stream is always empty. */
  _dump(): void {}
}

const accessor = (name: string) => Object.getOwnPropertyDescriptor(IncomingMessage.prototype, name);
const parsed = accessor('headers')?.get as (this: IncomingMessage) => IncomingMessage['headers'];

Object.defineProperties(Request.prototype, {
  /** Tells node:http that the stream has ended; otherwise it would wait for that before it releases the request. */
  readableEnded: {
    get(this: Request) {
      return this.complete;
    },
  },
  headers: {
    get(this: Request) {
      this.knownHeaders ??= headersOf(this);
      return this.knownHeaders;
    },
    set(this: Request, headers: IncomingMessage['headers']) {
      this.knownHeaders = headers;
    },
  },
});

let last: { readonly raw: readonly string[]; readonly headers: IncomingMessage['headers'] } | undefined;

/**
 * Reuses the parsed headers of the last request, because most clients send the same headers except for the length of
 * the body.
 */
function headersOf(request: Request): IncomingMessage['headers'] {
  const raw = request.rawHeaders;
  const length = last === undefined ? undefined : lengthIfAlike(raw, last.raw);
  if (last === undefined || length === undefined) {
    const headers = parsed.call(request);
    last = { raw, headers: { ...headers } };
    return headers;
  }
  return length === '' ? { ...last.headers } : { ...last.headers, 'content-length': length };
}

const CONTENT_LENGTH = /^content-length$/i;

/** The content length if only that differs, or an empty string if nothing does; undefined if anything else differs. */
function lengthIfAlike(raw: readonly string[], known: readonly string[]): string | undefined {
  if (raw.length !== known.length) return undefined;
  let length = '';
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i] !== known[i]) return undefined;
    if (raw[i + 1] === known[i + 1]) continue;
    if (length !== '' || !CONTENT_LENGTH.test(raw[i])) return undefined;
    length = raw[i + 1];
  }
  return length;
}

const ABSOLUTE = /^https?:\/\/([^/?#@\s]+)([/?]\S*)?$/i;

/**
 * Normalizes a target in absolute form, as sent to proxies (`GET http://host/path`): the path becomes the URL, and its
 * host replaces the Host header (RFC 9112, 3.2.2).
 */
export function toOrigin(request: IncomingMessage): void {
  const [, host, path = '/'] = ABSOLUTE.exec(request.url ?? '') ?? [];
  if (host === undefined) return;
  request.url = path.startsWith('/') ? path : `/${path}`;
  request.headers.host = host;
}

/** Receives the body of a request from any server. */
export function receive(request: IncomingMessage, receiver: Receiver): void {
  if (request instanceof Request) {
    request.receive(receiver);
    return;
  }
  let isOver = false;
  const over = (tell: () => void) => {
    if (!isOver) tell();
    isOver = true;
  };
  request.on('data', (bytes: Uint8Array) => receiver.part(bytes));
  request.on('end', () => over(() => receiver.end()));
  request.on('close', () => over(() => receiver.gone()));
}
