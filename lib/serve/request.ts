/**
 * Requests whose bodies go from the parser to whoever reads them. As streams, which is what node:http makes of them, they take
 * events, ticks and listeners of several microseconds each, for bodies that mostly come in one part.
 */
import { IncomingMessage } from 'node:http';

/** Who reads a body. Either `end` or `gone` is called, once. */
export interface Receiver {
  /** The next part. */
  part(bytes: Uint8Array): void;
  /** All parts were there. */
  end(): void;
  /** The client went away before. */
  gone(): void;
}

/** Without a receiver, what comes is passed over. */
export class Request extends IncomingMessage {
  #receiver: Receiver | undefined;
  /** What {@link headers} gave before. */
  knownHeaders: IncomingMessage['headers'] | undefined;

  /** From now on; instead of another, if there is one. */
  receive(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  /** Called by the parser, with null at the end. True says that it may go on. */
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

  /** Of node:http, which passes over by it what nobody has read: as a stream, where nothing ever comes. */
  _dump(): void {}
}

const accessor = (name: string) => Object.getOwnPropertyDescriptor(IncomingMessage.prototype, name);
const parsed = accessor('headers')?.get as (this: IncomingMessage) => IncomingMessage['headers'];

Object.defineProperties(Request.prototype, {
  /** Said to node:http, which otherwise waits for the end of a stream before it forgets the request. */
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

/** Most clients send the same headers again and again, but for the length of the body: what was made of the last ones is theirs, too. */
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

/** The length that they say otherwise, or an empty string where they say the same; undefined where they differ in something else. */
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
 * Of a target as proxies are sent it, `GET http://host/path`, what others say of it: its path, and as Host the one in it, which is
 * the one that counts (RFC 9112, 3.2.2).
 */
export function toOrigin(request: IncomingMessage): void {
  const [, host, path = '/'] = ABSOLUTE.exec(request.url ?? '') ?? [];
  if (host === undefined) return;
  request.url = path.startsWith('/') ? path : `/${path}`;
  request.headers.host = host;
}

/** The body of a request, whichever server it comes from. */
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
