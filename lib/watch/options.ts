/** The options of `watch`, and the check that they are what they should be. */
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
  /** Of the file, or the main one of several, in hexadecimal. Of a fallback it is not known. */
  readonly sha256?: string;
  /** As the server gave it. */
  readonly etag?: string;
  /** When the file was changed, as the file system or the server says. */
  readonly modified?: Date;
}

/** The options of `load` hold for every version; `signal` closes the live model. */
export interface WatchOptions extends LoadOptions {
  /**
   * Milliseconds between two checks: 2,000 for files and 60,000 for URLs, those give or take a tenth, unless given.
   * `Infinity` checks only when `check()` is called.
   */
  readonly interval?: number;
  /**
   * For how many milliseconds a server may be silent; and for how many, at the start, a file that is written or
   * exchanged while it is read is read again: 30,000 unless given.
   */
  readonly timeout?: number;
  /** How many milliseconds a file must have been left alone before it is read: 500 unless given. */
  readonly settle?: number;
  /**
   * The SHA-256 that the bytes must have, in hexadecimal: one that pins a version; or a function that is asked at every
   * check; or `'sidecar'`, where it stands in a file of the same name with `.sha256` after it, as sha256sum writes it.
   * Not for the fallback.
   */
  readonly sha256?: string | (() => string | Promise<string>);
  /** A folder that keeps the last good version of a URL for starts without the network. Made when it is not there. */
  readonly cache?: string;
  /** A model to start with when neither the source nor the cache gives a good one: whatever `load` takes. */
  readonly fallback?: ModelSource;
  /**
   * `source` asks the source first, unless given; `cache` starts with what the cache has kept, without waiting for the
   * network, and checks at once for a newer version.
   */
  readonly startFrom?: 'source' | 'cache';
  /**
   * Whether inputs, outputs, classes and feature names must stay as they are, which they must unless this is false. Of
   * floating types each may take another's place, as arrays may.
   */
  readonly sameInterface?: boolean;
  /**
   * Looks at a version before it is used; `current` is the model in use, undefined at the start. A version is refused
   * when this gives false or throws, and judged once. Neither model may be kept.
   */
  readonly validate?: (candidate: Model, current: Model | undefined) => unknown;
  /** Whether waiting for the next check keeps the process alive, which it does not unless asked. */
  readonly persistent?: boolean;
  /** Called when a new version has taken the place of the one in use. */
  readonly onUpdate?: (model: Model, version: ModelVersion) => void;
  /** Called once for each version that was refused; without it, that is a warning of the process. */
  readonly onReject?: (error: ForwardpassError, version: ModelVersion) => void;
  /** Called when a check failed, or the cache did, for another reason than the last time. */
  readonly onError?: (error: ForwardpassError) => void;
}

/** Nothing is missing that has a default of its own; that of `interval` is the source's. */
export type CheckedWatchOptions = Omit<WatchOptions, keyof LoadOptions | Defaulted> &
  Required<Pick<WatchOptions, Defaulted>> & { readonly load: CheckedOptions<LoadOptions> };
type Defaulted = 'timeout' | 'settle' | 'startFrom' | 'sameInterface' | 'persistent';

const FUNCTIONS = ['validate', 'onUpdate', 'onReject', 'onError'] as const;
const FLAGS = ['sameInterface', 'persistent'] as const;
const STARTS = ['source', 'cache'] as const;
const DURATIONS = ['interval', 'timeout', 'settle'] as const;
const OTHERS = ['sha256', 'cache', 'fallback', 'startFrom'] as const;
const WATCH_OPTIONS: readonly string[] = [...DURATIONS, ...OTHERS, ...FLAGS, ...FUNCTIONS];

/** What a timer can wait. */
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
