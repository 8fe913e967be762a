/** Decides which requests are answered: by host, origin, content type and token, without the body. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Answer, problem } from './protocol.ts';

export interface GuardOptions {
  /** The address to which the server is bound. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may send requests. */
  readonly cors: readonly string[];
}

/**
 * Web pages also run in browsers on this machine, and a server on the loopback address has no other protection. So a
 * page must not reach it by another name that resolves to it (DNS rebinding): the Host must be known. It also must not
 * post without a preflight request: see {@link refuseContent}.
 */
export class Guard {
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #origins: ReadonlySet<string>;
  /** The last accepted host, because most clients send the same. */
  #lastHost: string | undefined;
  #tokens: readonly Buffer[] | undefined;

  constructor({ host, allowedHosts, cors }: GuardOptions) {
    const isOpen = allowedHosts.includes('*') || (!isLoopback(host) && allowedHosts.length === 0);
    this.#origins = new Set(cors);
    this.#hosts = isOpen ? undefined : new Set([...allowedHosts, host.toLowerCase()]);
  }

  /** Sets the accepted tokens; undefined if no token is required. */
  set tokens(tokens: readonly string[] | undefined) {
    this.#tokens = tokens?.map(digest);
  }

  /** Rejects an unknown `Host` or `:authority`. A client that sends none is not a browser. */
  refuseHost(headers: IncomingHttpHeaders): Answer | undefined {
    if (this.#hosts === undefined || headers.host === undefined || headers.host === this.#lastHost) return undefined;
    const name = hostName(headers.host);
    if (isLoopback(name) || this.#hosts.has(name)) {
      this.#lastHost = headers.host;
      return undefined;
    }
    return problem(403, 'HOST', 'unknown Host; allow it with the option allowedHosts (--allow-host)');
  }

  /**
   * Rejects more than one `Host`, because proxies and the server could use different ones (Node's parser takes the
   * first), and a missing one in HTTP/1.1, which requires it.
   */
  refuseHosts({ rawHeaders, httpVersion }: IncomingMessage): Answer | undefined {
    let hosts = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i];
      if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
    }
    return hosts > 1 || (hosts === 0 && httpVersion === '1.1')
      ? problem(400, 'HOST', `expected one Host, found ${hosts === 0 ? 'none' : hosts}`)
      : undefined;
  }

  /** Checks the `authorization` header. All tokens are compared in constant time. */
  isAllowed(authorization: string | undefined): boolean {
    if (this.#tokens === undefined) return true;
    const given = digest(/^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '');
    let found = false;
    for (const token of this.#tokens) found = timingSafeEqual(token, given) || found;
    return found;
  }

  #mayAsk(origin: string): boolean {
    return this.#origins.has('*') || this.#origins.has(origin);
  }

  /** The headers that allow a page to read the answer; undefined if it must not, or if there is no page. */
  corsOf({ origin }: IncomingHttpHeaders): Readonly<Record<string, string>> | undefined {
    if (origin === undefined || this.#origins.size === 0) return undefined;
    if (this.#origins.has('*')) return CORS_FOR_ALL;
    return this.#mayAsk(origin) ? { ...CORS, 'access-control-allow-origin': origin } : VARIES;
  }

  /** The answer to a preflight request of a browser, which never contains a token. */
  preflight({ method, headers }: IncomingMessage): Answer | undefined {
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
    return headers.origin !== undefined && this.#mayAsk(headers.origin) ? PREFLIGHT : undefined;
  }

  /**
   * Pages may post forms, plain text and bodies without a type to any server without a preflight; browsers then send
   * the origin. `curl -d` and scripts send the same without an origin.
   */
  refuseContent(headers: IncomingHttpHeaders): Answer | undefined {
    const { origin, host } = headers;
    if (origin !== undefined && !this.#mayAsk(origin) && originHost(origin) !== host?.toLowerCase()) {
      return problem(403, 'ORIGIN', 'requests from pages of other origins are not answered');
    }
    const site = headers['sec-fetch-site'];
    if (origin === undefined && site !== undefined && site !== 'same-origin' && site !== 'none') {
      return problem(403, 'ORIGIN', 'requests from pages of other origins are not answered');
    }
    const given = headers['content-type'];
    if (given === undefined || given === '' || given === 'application/json') return undefined;
    const type = given.split(';', 1)[0].trim().toLowerCase();
    if (TYPES.has(type) || /^application\/[a-z0-9.+-]{1,64}\+json$/.test(type)) return undefined;
    return problem(
      415,
      'CONTENT_TYPE',
      'expected content-type: application/json, or application/octet-stream for tensors in binary',
    );
  }
}

/** Caches must keep answers separate by origin. */
const VARIES = Object.freeze({ vary: 'Origin' });
const CORS = Object.freeze({
  ...VARIES,
  'access-control-expose-headers': 'inference-header-content-length, retry-after',
});
const CORS_FOR_ALL = Object.freeze({ ...CORS, 'access-control-allow-origin': '*' });

const PREFLIGHT: Answer = {
  status: 204,
  headers: {
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': 'authorization, content-type, inference-header-content-length',
    'access-control-max-age': '600',
  },
  body: '',
};

const TYPES = new Set(['application/json', 'application/octet-stream', 'application/x-www-form-urlencoded']);

export const UNAUTHORIZED: Answer = {
  ...problem(401, 'UNAUTHORIZED', 'expected a valid token: authorization: Bearer TOKEN'),
  headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' },
};

/** One token per line; lines that begin with # are ignored. */
export function tokensIn(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Digests have one length, so comparing them does not reveal that of the token. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The host without the port, and an IPv6 address without brackets. */
function hostName(host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') : host.lastIndexOf(':');
  if (host.startsWith('[')) return host.slice(1, end < 0 ? undefined : end).toLowerCase();
  return (end < 0 ? host : host.slice(0, end)).toLowerCase();
}

function originHost(origin: string): string {
  const at = origin.indexOf('://');
  return at < 0 ? '' : origin.slice(at + 3).toLowerCase();
}

/** Whether it is an address or a name that always means this machine. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}
