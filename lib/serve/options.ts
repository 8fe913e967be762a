/** The options of `serve`, and their validation. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { checkLoadOptions, type LoadOptions, oneOf, refuseUnknown, wrong } from '../options.ts';
import type { Event } from './events.ts';
import { PROTOCOL_LIMITS, type ProtocolLimits } from './protocol.ts';

/** A model file or folder, or a URL; a folder of models; a model; or several of these by name. */
export type ServeSource = string | URL | Model | Readonly<Record<string, string | URL | Model>>;

/** Limits for clients. Requests beyond them get a status of 4xx, or 503 if the server is busy. */
export interface ServeLimits extends ProtocolLimits {
  /** Bytes of a body, before and after it is decompressed. Default: 32 MiB. */
  readonly bodyBytes: number;
  /** Bytes of a request's line and headers. Default: 16 KiB. */
  readonly headerBytes: number;
  /** Bytes of all bodies that each worker holds at a time. Default: 512 MiB. */
  readonly heldBytes: number;
  /** Connections of each worker. Default: 4,096. */
  readonly connections: number;
  /** Requests of each worker that wait for a run off the event loop, or for a batch. Default: 512. */
  readonly queue: number;
  /** Milliseconds for the headers of a request. Default: 10,000. */
  readonly headersTime: number;
  /** Milliseconds for a request, from its first byte to the last of its body. Default: 30,000. */
  readonly requestTime: number;
  /** Milliseconds that a connection may be idle, between two requests or within an answer. Default: 75,000. */
  readonly idleTime: number;
}

/** A share of the requests for a model that goes to another version of it. */
export interface Split {
  /** The version that gets a share of the requests without a version. */
  readonly version: string;
  /** The share, from 0 to 1. */
  readonly share: number;
}

/** Paths of PEM files. They are read again by `reload()`. */
export interface TlsFiles {
  /** The certificate, with intermediate certificates. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
  /** The CA certificates for client certificates: clients without a signed certificate are rejected. */
  readonly clientCa?: string;
}

/** The options of `serve`. All of them may be left out; docs/serving.md explains them. */
export interface ServeOptions {
  /** The name of a single model. Default: its file's name without the extension. */
  readonly name?: string;
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly host?: string;
  /** The port to listen on; 0 lets the system choose. Default: 8080. */
  readonly port?: number;
  /** Threads that answer requests, with one copy of the weights. Default: the calling thread answers. */
  readonly workers?: number;
  /** Host names of the server, besides those of its address; `*` allows all. See docs/serving.md. */
  readonly allowedHosts?: readonly string[];
  /**
   * Origins whose pages may send requests, such as `https://example.com`; `*` is every page. Default: only the server's own. They
   * send no cookies, and only their own tokens.
   */
  readonly cors?: readonly string[];
  /** The path of a file of tokens, one per line. Each request must contain one of them. */
  readonly tokenFile?: string;
  /** Serves over TLS with these files. Default: plain HTTP. */
  readonly tls?: TlsFiles;
  /** Limits that are not given keep their defaults. */
  readonly limits?: Partial<ServeLimits>;
  /** The options of `load`, for every model. */
  readonly load?: LoadOptions;
  /**
   * The path of a script that exports the `functions` of `load`, as its default or by their names in Python. Unlike
   * `load.functions`, it works with workers, because each imports the script.
   */
  readonly functions?: string | URL;
  /** Milliseconds between two checks for newer models. Default: 2,000. With `Infinity` only `reload()` checks. */
  readonly interval?: number;
  /** Milliseconds that a file must be unchanged before it is read. Default: 500. */
  readonly settle?: number;
  /** Whether a newer version must have the interface of the one it replaces. Default: true. */
  readonly sameInterface?: boolean;
  /** By model: a version that gets a share of the requests. */
  readonly split?: Readonly<Record<string, Split>>;
  /** By model: a version that also runs each request, to count differences from the version that answers. */
  readonly shadow?: Readonly<Record<string, string>>;
  /** Whether clients may load and unload models. */
  readonly control?: boolean;
  /**
   * Milliseconds to wait for further requests, which then run together, for models that take more than 50 µs per
   * request. 0 combines those that arrived at the same time. Default: each request runs alone.
   */
  readonly batchWindow?: number;
  /** Receives lines of JSON, one for each request. Default: no log. */
  readonly accessLog?: (lines: string) => void;
  /** Called when models are loaded, updated, removed or rejected, and when a worker ends unexpectedly. */
  readonly onEvent?: (event: Event) => void;
  /** Milliseconds for which a closing server still accepts connections, with 503 for readiness. Default: 0. */
  readonly drainDelay?: number;
  /** Milliseconds after which a closing server cuts open requests. Default: 30,000. */
  readonly drainTime?: number;
  /** The port for gRPC, which needs `@grpc/grpc-js`. */
  readonly grpcPort?: number;
}

const DEFAULT_LIMITS: ServeLimits = {
  ...PROTOCOL_LIMITS,
  bodyBytes: 32 * 2 ** 20,
  headerBytes: 16_384,
  heldBytes: 512 * 2 ** 20,
  connections: 4_096,
  queue: 512,
  headersTime: 10_000,
  requestTime: 30_000,
  idleTime: 75_000,
};

type Defaulted =
  | 'host'
  | 'port'
  | 'allowedHosts'
  | 'cors'
  | 'load'
  | 'interval'
  | 'settle'
  | 'sameInterface'
  | 'split'
  | 'shadow'
  | 'control'
  | 'drainDelay'
  | 'drainTime';

export type CheckedServeOptions = Omit<ServeOptions, Defaulted | 'limits' | 'functions'> &
  Required<Pick<ServeOptions, Defaulted>> & {
    readonly limits: ServeLimits;
    /** The script's URL. */
    readonly functions?: string;
  };

const KINDS = {
  name: ['string', 'a string'],
  host: ['string', 'a host name or an address'],
  tokenFile: ['string', 'a path'],
  sameInterface: ['boolean', 'true or false'],
  control: ['boolean', 'true or false'],
  accessLog: ['function', 'a function'],
  onEvent: ['function', 'a function'],
} as const;

const NUMBERS = {
  port: [0, 65_535],
  grpcPort: [0, 65_535],
  workers: [1, 256],
  settle: [0, 2 ** 31 - 1],
  batchWindow: [0, 1_000],
  drainDelay: [0, 2 ** 31 - 1],
  drainTime: [0, 2 ** 31 - 1],
} as const;

const OTHERS = ['allowedHosts', 'cors', 'tls', 'limits', 'load', 'functions', 'interval', 'split', 'shadow'];
const SERVE_OPTIONS: readonly string[] = [...Object.keys(KINDS), ...Object.keys(NUMBERS), ...OTHERS];
const TLS_FILES = ['cert', 'key', 'clientCa'] as const;

export function checkServeOptions(options: ServeOptions): CheckedServeOptions {
  if (typeof options !== 'object' || options === null) throw wrong('an object', options, 'options');
  refuseUnknown(options, SERVE_OPTIONS, 'options');
  for (const [name, [kind, expected]] of entriesOf(KINDS)) {
    if (options[name] !== undefined && typeof options[name] !== kind) throw wrong(expected, options[name], name);
  }
  for (const [name, [least, most]] of entriesOf(NUMBERS)) {
    const value = options[name];
    if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) continue;
    throw wrong(`an integer from ${least} to ${most}`, value, name);
  }
  const { interval = 2_000, load = {}, host = '127.0.0.1' } = options;
  if (!(typeof interval === 'number' && interval >= 1))
    throw wrong('at least 1 millisecond, or Infinity', interval, 'interval');
  checkLoadOptions(load);
  if (options.workers !== undefined && Object.keys(load.functions ?? {}).length > 0) {
    const message = 'cannot share functions: pass the option functions, the path of a script that each worker imports';
    throw new ForwardpassError('OPTION', message, 'workers');
  }
  if (options.functions !== undefined && load.functions !== undefined) {
    throw new ForwardpassError('OPTION', 'expected either functions or load.functions, found both', 'functions');
  }
  if (load.signal !== undefined) throw wrong('no signal; close the server instead', load.signal, 'load.signal');
  return {
    port: 8080,
    settle: 500,
    sameInterface: true,
    control: false,
    drainDelay: 0,
    drainTime: 30_000,
    ...given(options),
    ...{ interval, load, host },
    functions: checkScript(options.functions),
    tls: checkTls(options.tls),
    allowedHosts: checkHosts(options.allowedHosts),
    cors: checkOrigins(options.cors),
    split: checkSplits(options.split),
    shadow: checkShadows(options.shadow),
    limits: checkLimits(options.limits),
  };
}

function entriesOf<T extends object>(table: T): [keyof T, T[keyof T]][] {
  return Object.entries(table) as [keyof T, T[keyof T]][];
}

function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function checkScript(script: unknown): string | undefined {
  if (script === undefined) return undefined;
  if (script instanceof URL) return script.href;
  if (typeof script !== 'string' || script === '') throw wrong('the path of a script, or its URL', script, 'functions');
  return pathToFileURL(resolve(script)).href;
}

function checkTls(tls: unknown): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  if (typeof tls !== 'object' || tls === null) throw wrong('paths of PEM files: cert, key and clientCa', tls, 'tls');
  refuseUnknown(tls, TLS_FILES, 'tls');
  for (const name of TLS_FILES) {
    const value = (tls as Record<string, unknown>)[name];
    if (typeof value === 'string' || (name === 'clientCa' && value === undefined)) continue;
    throw wrong('the path of a PEM file', value, `tls.${name}`);
  }
  return tls as TlsFiles;
}

function checkHosts(hosts: readonly unknown[] = []): readonly string[] {
  if (!Array.isArray(hosts)) throw wrong('an array of host names', hosts, 'allowedHosts');
  return hosts.map((host, i) => {
    const isName = typeof host === 'string' && (host === '*' || isIP(host) !== 0 || /^[a-z0-9_.-]+$/i.test(host));
    if (!isName) throw wrong('a host name without a port', host, `allowedHosts[${i}]`);
    return host.toLowerCase();
  });
}

function checkOrigins(origins: readonly unknown[] = []): readonly string[] {
  if (!Array.isArray(origins)) throw wrong('an array of origins', origins, 'cors');
  return origins.map((origin, i) => {
    if (origin === '*' || (typeof origin === 'string' && originOf(origin) === origin)) return origin;
    throw wrong("an origin such as 'https://example.com', or '*'", origin, `cors[${i}]`);
  });
}

function originOf(text: string): string | undefined {
  try {
    const { protocol, origin } = new URL(text);
    return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
  } catch {
    return undefined;
  }
}

function checkSplits(splits: unknown = {}): Readonly<Record<string, Split>> {
  if (typeof splits !== 'object' || splits === null) throw wrong('an object by model', splits, 'split');
  for (const [name, split] of Object.entries(splits as Record<string, Partial<Split> | undefined>)) {
    const { version, share } = split ?? {};
    if (typeof version !== 'string') throw wrong('the name of a version', version, `split.${name}.version`);
    if (typeof share === 'number' && share >= 0 && share <= 1) continue;
    throw wrong('a number from 0 to 1', share, `split.${name}.share`);
  }
  return splits as Readonly<Record<string, Split>>;
}

function checkShadows(shadows: unknown = {}): Readonly<Record<string, string>> {
  if (typeof shadows !== 'object' || shadows === null) throw wrong('an object by model', shadows, 'shadow');
  for (const [name, version] of Object.entries(shadows)) {
    if (typeof version !== 'string') throw wrong('the name of a version', version, `shadow.${name}`);
  }
  return shadows as Readonly<Record<string, string>>;
}

function checkLimits(limits: Partial<ServeLimits> = {}): ServeLimits {
  if (typeof limits !== 'object' || limits === null) throw wrong('an object of numbers', limits, 'limits');
  for (const [name, value] of Object.entries(limits)) {
    oneOf(name as keyof ServeLimits, Object.keys(DEFAULT_LIMITS) as (keyof ServeLimits)[], 'limits');
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      throw wrong('an integer of at least 1', value, `limits.${name}`);
    }
  }
  return { ...DEFAULT_LIMITS, ...given(limits) };
}
