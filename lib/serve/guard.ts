/** Whom the server answers: by host, origin, content type and token. What it says here needs no body. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Answer, problem } from './protocol.ts';

export interface GuardOptions {
  /** What the server is bound to. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may ask. */
  readonly cors: readonly string[];
}

/**
 * Pages of the web run in browsers on this machine, too, and a server on its loopback has no other lock. So a page may
 * not reach it by another name that resolves to it (DNS rebinding): the Host must be one of ours. Nor may it post without
 * asking first: see {@link refuseContent}.
 */
export class Guard {
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #origins: ReadonlySet<string>;
  /** The last that was one: most clients give the same. */
  #lastHost: string | undefined;
  #tokens: readonly Buffer[] | undefined;

  constructor({ host, allowedHosts, cors }: GuardOptions) {
    const isOpen = allowedHosts.includes('*') || (!isLoopback(host) && allowedHosts.length === 0);
    this.#origins = new Set(cors);
    this.#hosts = isOpen ? undefined : new Set([...allowedHosts, host.toLowerCase()]);
  }

  /** Of the lines of a file; undefined where none is asked for. */
  set tokens(tokens: readonly string[] | undefined) {
    this.#tokens = tokens?.map(digest);
  }

  /** Whether the `Host` or `:authority` is one of ours. A client that gives none is not a browser. */
  refuseHost(headers: IncomingHttpHeaders): Answer | undefined {
    if (this.#hosts === undefined || headers.host === undefined || headers.host === this.#lastHost) return undefined;
    const name = hostName(headers.host);
    if (isLoopback(name) || this.#hosts.has(name)) {
      this.#lastHost = headers.host;
      return undefined;
    }
    return problem(
      403,
      'HOST',
      'the Host is not one that this server answers to; see the option allowedHosts (--allow-host)',
    );
  }

  /**
   * More than one `Host`, of which proxies before the server and the server itself could take another (Node's parser takes
   * the first); or none where HTTP/1.1 wants one.
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

  /** `authorization` as it came. Every token is compared, in the same time whatever it has in common with ours. */
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

  /** What says to the browser that the page may see the answer; undefined where it may not, or there is no page. */
  corsOf({ origin }: IncomingHttpHeaders): Readonly<Record<string, string>> | undefined {
    if (origin === undefined || this.#origins.size === 0) return undefined;
    if (this.#origins.has('*')) return CORS_FOR_ALL;
    return this.#mayAsk(origin) ? { ...CORS, 'access-control-allow-origin': origin } : VARIES;
  }

  /** The answer to a browser that asks for a page whether it may send a request: without a token, which it never shows. */
  preflight({ method, headers }: IncomingMessage): Answer | undefined {
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
    return headers.origin !== undefined && this.#mayAsk(headers.origin) ? PREFLIGHT : undefined;
  }

  /**
   * A page may post forms, plain text, and what has no type, to any server without asking it first; browsers then say
   * from where. `curl -d` and scripts send the same, and say nothing of the kind.
   */
  refuseContent(headers: IncomingHttpHeaders): Answer | undefined {
    const { origin, host } = headers;
    if (origin !== undefined && !this.#mayAsk(origin) && originHost(origin) !== host?.toLowerCase()) {
      return problem(403, 'ORIGIN', 'requests of pages from elsewhere are not answered');
    }
    const site = headers['sec-fetch-site'];
    if (origin === undefined && site !== undefined && site !== 'same-origin' && site !== 'none') {
      return problem(403, 'ORIGIN', 'requests of pages from elsewhere are not answered');
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

/** Caches keep an answer for the origin that it was for. */
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
  ...problem(401, 'UNAUTHORIZED', 'expected a known token: authorization: Bearer TOKEN'),
  headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' },
};

/** One token a line; what begins with # is none. */
export function tokensIn(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** All of one length, so that comparing them tells nothing of it. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Without the port, and an IPv6 address without its brackets. */
function hostName(host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') : host.lastIndexOf(':');
  if (host.startsWith('[')) return host.slice(1, end < 0 ? undefined : end).toLowerCase();
  return (end < 0 ? host : host.slice(0, end)).toLowerCase();
}

function originHost(origin: string): string {
  const at = origin.indexOf('://');
  return at < 0 ? '' : origin.slice(at + 3).toLowerCase();
}

/** Of an address or a name that leads nowhere else. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}
