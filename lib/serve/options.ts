/** The options of `serve`, and the check that they are what they should be. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { checkLoadOptions, type LoadOptions, oneOf, refuseUnknown, wrong } from '../options.ts';
import type { Event } from './events.ts';
import { PROTOCOL_LIMITS, type ProtocolLimits } from './protocol.ts';

/** A model file or folder, or a URL; a folder of models; a model; or several of these by their names. */
export type ServeSource = string | URL | Model | Readonly<Record<string, string | URL | Model>>;

/** The most that a client may ask for. Requests beyond it get a status of 4xx, or 503 if the server is busy. */
export interface ServeLimits extends ProtocolLimits {
  /** Bytes of a body, before and after it is decompressed: 32 MiB unless given. */
  readonly bodyBytes: number;
  /** Bytes of a request's line and headers: 16 KiB unless given. */
  readonly headerBytes: number;
  /** Bytes of all bodies that are held at a time, of each worker: 512 MiB unless given. */
  readonly heldBytes: number;
  /** Connections of each worker: 4,096 unless given. */
  readonly connections: number;
  /** Requests of each worker that wait for a run off the event loop, or for a batch: 512 unless given. */
  readonly queue: number;
  /** Milliseconds for the headers of a request: 10,000 unless given. */
  readonly headersTime: number;
  /** Milliseconds for a request, from its first byte to the last of its body: 30,000 unless given. */
  readonly requestTime: number;
  /** Milliseconds that a connection may be idle, between two requests or within an answer: 75,000 unless given. */
  readonly idleTime: number;
}

/** A part of the requests for a model that goes to another version of it. */
export interface Split {
  /** Which version gets a part of the requests that name none. */
  readonly version: string;
  /** The part, from 0 to 1. */
  readonly share: number;
}

/** Paths of PEM files. They are read again by `reload()`. */
export interface TlsFiles {
  /** The certificate, with those between it and the root. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
  /** Those who signed clients' certificates: clients without one are turned away. */
  readonly clientCa?: string;
}

/** The options of `serve`. All of them may be left out; docs/serving.md explains them. */
export interface ServeOptions {
  /** The name of a single model. Default: its file's name without the extension. */
  readonly name?: string;
  /** `127.0.0.1` unless given. */
  readonly host?: string;
  /** 8080 unless given; 0 lets the system choose. */
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
  /** The path of a file of tokens, one a line, of which each request must show one. */
  readonly tokenFile?: string;
  /** Serves over TLS with these files; over plain HTTP unless given. */
  readonly tls?: TlsFiles;
  /** Those not given keep their defaults. */
  readonly limits?: Partial<ServeLimits>;
  /** The options of `load`, for every model. */
  readonly load?: LoadOptions;
  /**
   * The path of a script that exports the `functions` of `load`, as its default or by their names in Python. Unlike those, every
   * worker has them: each imports the script.
   */
  readonly functions?: string | URL;
  /** Milliseconds between two checks for newer models. Default: 2,000. With `Infinity` only `reload()` checks. */
  readonly interval?: number;
  /** Milliseconds that a file must be unchanged before it is read. Default: 500. */
  readonly settle?: number;
  /** Whether a newer version must have the interface of the one it replaces. Default: true. */
  readonly sameInterface?: boolean;
  /** By model: a version that gets a part of the requests. */
  readonly split?: Readonly<Record<string, Split>>;
  /** By model: a version that is run beside the one that answers. The differences are counted. */
  readonly shadow?: Readonly<Record<string, string>>;
  /** Whether clients may load and unload models. */
  readonly control?: boolean;
  /**
   * Milliseconds to wait for further requests, which then run as one, for models that take more than 50 µs a request. 0
   * takes those that came at the same time. Unless given, each runs by itself.
   */
  readonly batchWindow?: number;
  /** Where lines of JSON go, one for each request: nowhere unless given. */
  readonly accessLog?: (lines: string) => void;
  /** Called when models come, change, go or are refused, and when a worker ends. */
  readonly onEvent?: (event: Event) => void;
  /** Milliseconds during which a server that closes still takes connections, with 503 on readiness: 0 unless given. */
  readonly drainDelay?: number;
  /** Milliseconds after which a server that closes cuts what is left: 30,000 unless given. */
  readonly drainTime?: number;
  /** The port of gRPC, where `@grpc/grpc-js` is installed. */
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
    throw wrong('milliseconds from 1 on, or Infinity', interval, 'interval');
  checkLoadOptions(load);
  if (options.workers !== undefined && Object.keys(load.functions ?? {}).length > 0) {
    const message = 'have functions of their own: give the option functions, the path of a script that each imports';
    throw new ForwardpassError('OPTION', message, 'workers');
  }
  if (options.functions !== undefined && load.functions !== undefined) {
    throw new ForwardpassError('OPTION', 'is given beside load.functions; expected one of them', 'functions');
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
