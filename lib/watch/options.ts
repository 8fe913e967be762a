/** The options of `watch`, and their validation. */
import type { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import {
  type CheckedOptions,
  checkLoadOptions,
  LOAD_OPTIONS,
  type LoadOptions,
  oneOf,
  refuseUnknown,
  wrong,
} from '../options.ts';
import type { ModelSource } from '../source.ts';

/** A version of a watched model. */
export interface ModelVersion {
  /** Where its bytes came from. */
  readonly from: 'source' | 'cache' | 'fallback';
  /** The SHA-256 of the file, or of the main one of several, in hexadecimal. Absent for a fallback. */
  readonly sha256?: string;
  /** The ETag that the server sent. */
  readonly etag?: string;
  /** When the file was changed, according to the file system or the server. */
  readonly modified?: Date;
}

/** The options of `watch`. Those of `load` apply to every version; `signal` closes the live model. */
export interface WatchOptions extends LoadOptions {
  /**
   * Milliseconds between two checks. Default: 2,000 for files, 60,000 ± 10 % for URLs. With `Infinity` only `check()` checks.
   */
  readonly interval?: number;
  /**
   * Milliseconds that a server may be silent, and that a file which changes while it is read at the start is read again. Default:
   * 30,000.
   */
  readonly timeout?: number;
  /** Milliseconds that a file must be unchanged before it is read. Default: 500. */
  readonly settle?: number;
  /**
   * The SHA-256 that the bytes must have, in hexadecimal: a string that pins a version; a function that is called at every check;
   * or `'sidecar'`, a file of the same name with `.sha256` appended, as sha256sum writes it. Not for the fallback.
   */
  readonly sha256?: string | (() => string | Promise<string>);
  /** A folder that keeps the last good version of a URL, for starts without the network. Created if it does not exist. */
  readonly cache?: string;
  /** A model to start with if neither the source nor the cache has a good one: anything that `load` takes. */
  readonly fallback?: ModelSource;
  /**
   * `source` (default) reads the source first. `cache` starts with the cached version, without waiting for the network, and checks
   * for a newer version at once.
   */
  readonly startFrom?: 'source' | 'cache';
  /**
   * Whether inputs, outputs, classes and feature names must stay the same. Default: true. One floating type may replace another.
   */
  readonly sameInterface?: boolean;
  /**
   * Checks a version before it is used; `current` is the model in use, undefined at the start. If it returns false or throws, the
   * version is rejected. Each version is checked once. Neither model may be kept after the call.
   */
  readonly validate?: (candidate: Model, current: Model | undefined) => unknown;
  /** Whether waiting for the next check keeps the process alive. Default: false. */
  readonly persistent?: boolean;
  /** Called when a new version has replaced the one in use. */
  readonly onUpdate?: (model: Model, version: ModelVersion) => void;
  /** Called once for each rejected version. Default: a warning of the process. */
  readonly onReject?: (error: ForwardpassError, version: ModelVersion) => void;
  /** Called when a check or the cache failed, for another reason than the last time. */
  readonly onError?: (error: ForwardpassError) => void;
}

/** Checked options with all defaults filled in, except `interval`, whose default depends on the source. */
export type CheckedWatchOptions = Omit<WatchOptions, keyof LoadOptions | Defaulted> &
  Required<Pick<WatchOptions, Defaulted>> & { readonly load: CheckedOptions<LoadOptions> };
type Defaulted = 'timeout' | 'settle' | 'startFrom' | 'sameInterface' | 'persistent';

const FUNCTIONS = ['validate', 'onUpdate', 'onReject', 'onError'] as const;
const FLAGS = ['sameInterface', 'persistent'] as const;
const STARTS = ['source', 'cache'] as const;
const DURATIONS = ['interval', 'timeout', 'settle'] as const;
const OTHERS = ['sha256', 'cache', 'fallback', 'startFrom'] as const;
const WATCH_OPTIONS: readonly string[] = [...DURATIONS, ...OTHERS, ...FLAGS, ...FUNCTIONS];

/** The longest time that a timer can wait. */
const LONGEST = 2 ** 31 - 1;

export function checkWatchOptions(options: WatchOptions): CheckedWatchOptions {
  if (typeof options !== 'object' || options === null) throw wrong('an object', options, 'options');
  refuseUnknown(options, [...WATCH_OPTIONS, ...LOAD_OPTIONS], 'options');
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const load = checkLoadOptions(Object.fromEntries(given.filter(([name]) => LOAD_OPTIONS.includes(name))));
  for (const name of DURATIONS) checkDuration(options[name], name);
  for (const name of FLAGS) checkKind(options[name], 'boolean', 'true or false', name);
  for (const name of FUNCTIONS) checkKind(options[name], 'function', 'a function', name);
  checkKind(options.cache, 'string', 'the path of a folder', 'cache');
  if (options.cache === '') throw wrong('the path of a folder', options.cache, 'cache');
  return {
    timeout: 30_000,
    settle: 500,
    sameInterface: true,
    persistent: false,
    ...Object.fromEntries(given.filter(([name]) => WATCH_OPTIONS.includes(name))),
    startFrom: oneOf(options.startFrom ?? 'source', STARTS, 'startFrom'),
    sha256: checkDigest(options.sha256),
    load,
  };
}

function checkDuration(value: unknown, name: (typeof DURATIONS)[number]): void {
  if (value === undefined || (name === 'interval' && value === Number.POSITIVE_INFINITY)) return;
  const least = name === 'settle' ? 0 : 1;
  if (typeof value === 'number' && value >= least && value <= LONGEST) return;
  throw wrong(`milliseconds from ${least} to ${LONGEST}${name === 'interval' ? ', or Infinity' : ''}`, value, name);
}

function checkKind(value: unknown, kind: string, expected: string, name: string): void {
  if (value !== undefined && typeof value !== kind) throw wrong(expected, value, name);
}

function checkDigest(value: unknown): CheckedWatchOptions['sha256'] {
  if (value === undefined || value === 'sidecar') return value;
  if (typeof value === 'function') return value as () => string;
  if (typeof value === 'string' && isDigest(value)) return value.toLowerCase();
  throw wrong("64 hexadecimal digits, 'sidecar' or a function", value, 'sha256');
}

export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text);
}
