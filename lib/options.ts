/** The options of `load` and `define`, and their validation. */
import { ForwardpassError } from './errors.ts';
import type { Member } from './formats/format.ts';
import { FORMATS, type Format } from './formats/registry.ts';
import { resolveActivation } from './graph/activations.ts';
import type { Activation, Architecture } from './graph/architecture.ts';
import { DEFAULT_LIMITS, type Limits } from './graph/limits.ts';
import type { Isa } from './isa.ts';
import { describe, didYouMean, listNames, quote } from './messages.ts';
import { reading } from './reading.ts';
import { checkFunctions } from './steps/functions.ts';
import type { StepFunctions } from './steps/types.ts';

export const PRECISION_NAMES = ['auto', 'f64', 'f32', 'bf16', 'int8'] as const;
export type PrecisionOption = (typeof PRECISION_NAMES)[number];

/** The options that `define` and `load` share. */
export interface ModelOptions {
  /**
   * Default: `auto`, the precision in which the model was saved. `bf16` and `int8` keep weights in a half or a quarter of the
   * bits of `f32`, in layers where that is faster, and compute the rest in `f32`: see docs/quantize.md.
   */
  readonly precision?: PrecisionOption;
  /**
   * The number of threads that a large run may use, including the calling one: 1 to 256, default 1. Rows are divided among them
   * if that is faster; results do not depend on it. All models of a JavaScript thread share the same helper threads.
   */
  readonly threads?: number;
  /** The instruction set, for tests and comparisons. Default: the best one that the processor has. */
  readonly isa?: Isa;
  /** The most that a model may need; limits that are not given keep their defaults. */
  readonly limits?: Partial<Limits>;
}

/** The options of `load`. All of them may be left out. */
export interface LoadOptions extends ModelOptions {
  /** The activation between layers, for files that contain only parameters. */
  readonly activation?: Activation;
  /** The activation after the last layer, for files that contain only parameters. */
  readonly outputActivation?: Activation;
  /** The network, for files that contain only parameters and are not a plain stack of layers. */
  readonly architecture?: Architecture;
  /** The signature of a TensorFlow SavedModel or Lite model. Default: `serving_default`, or the only one. */
  readonly signature?: string;
  /**
   * Which object of a scikit-learn or PyTorch file is the model, if the file has several: a dict's key, a position, or a path of
   * both with dots (`models.north`, `0.scaler`). A list chains scikit-learn estimators, each of which takes the result of the
   * one before: `['scaler', 'model']`.
   */
  readonly member?: Member;
  /**
   * The number of iterations of a boosted model to use, from the first: LightGBM's iterations, XGBoost's rounds, CatBoost's
   * trees, the stages of scikit-learn's `GradientBoosting*`, `HistGradientBoosting*` and `AdaBoost*`. 0 or less uses all. Default:
   * what the library uses, the best iteration if the fit stopped early, otherwise all.
   */
  readonly numIteration?: number;
  /**
   * JavaScript functions for custom steps, whose code is not in the file: by the Python name of each class or function,
   * a function of columns. `{ '__main__.add_ratio': ({ a, b }) => ({ a, b, ratio: … }) }`; see docs/own-steps.md.
   */
  readonly functions?: StepFunctions;
  /** The format. Default: detected from the content. */
  readonly format?: Format;
  /** Aborts the load. It does not affect a model that has been loaded. */
  readonly signal?: AbortSignal;
  /**
   * Request headers for http: and https: URLs, such as `{ authorization: 'Bearer …' }`. A redirect to another origin gets
   * none of them. Ignored for other sources.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Used for http: and https: URLs instead of the global `fetch`: for proxies, mutual TLS, signed requests. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Checked options, with all defaults filled in. */
export type CheckedOptions<O extends ModelOptions> = Omit<O, 'precision' | 'threads' | 'limits'> & {
  readonly threads: number;
  readonly precision: PrecisionOption;
  readonly limits: Limits;
  /** The limits that the caller sets. */
  readonly given: Partial<Limits>;
};

const MODEL_OPTIONS = ['precision', 'threads', 'isa', 'limits'];
export const LOAD_OPTIONS: readonly string[] = [
  ...MODEL_OPTIONS,
  'activation',
  'outputActivation',
  'architecture',
  'signature',
  'member',
  'numIteration',
  'functions',
  'format',
  'signal',
  'headers',
  'fetch',
];

export function checkLoadOptions(options: LoadOptions): CheckedOptions<LoadOptions> {
  return reading('OPTION', 'options', () => loadOptions(options));
}

function loadOptions(options: LoadOptions): CheckedOptions<LoadOptions> {
  const checked = check(options, LOAD_OPTIONS);
  const { architecture, activation, outputActivation, signature, member, numIteration, format, signal } = options;
  if (architecture !== undefined && (activation !== undefined || outputActivation !== undefined)) {
    const message = 'activations are part of the given architecture; put them in its layers';
    throw new ForwardpassError('OPTION', message, activation === undefined ? 'outputActivation' : 'activation');
  }
  if (activation !== undefined) resolveActivation(activation, 'activation');
  if (outputActivation !== undefined) resolveActivation(outputActivation, 'outputActivation');
  if (signature !== undefined && typeof signature !== 'string') throw wrong('a string', signature, 'signature');
  if (member !== undefined) checkMember(member);
  if (numIteration !== undefined && !Number.isSafeInteger(numIteration)) {
    throw wrong('an integer, where 0 or less means all iterations', numIteration, 'numIteration');
  }
  checkFunctions(options.functions);
  if (format !== undefined) oneOf(format, FORMATS, 'format');
  checkSignal(signal);
  if (options.headers !== undefined) checkHeaders(options.headers);
  if (options.fetch !== undefined && typeof options.fetch !== 'function')
    throw wrong('a function', options.fetch, 'fetch');
  return checked;
}

function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrong('an AbortSignal', signal, 'signal');
}

function checkHeaders(headers: unknown): void {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers) || headers instanceof Headers) {
    const found = headers instanceof Headers ? ' (Object.fromEntries(headers) makes one)' : '';
    throw wrong(`an object of strings by header name${found}`, headers, 'headers');
  }
  for (const [name, value] of Object.entries(headers)) {
    const place = `headers[${quote(name)}]`;
    if (typeof value !== 'string') throw wrong('a string', value, place);
    try {
      new Headers([[name, value]]);
    } catch (cause) {
      // The cause's message would repeat the value, which may be a secret.
      throw new ForwardpassError('OPTION', 'is not a valid header name with a valid value', place, { cause });
    }
  }
}

function checkMember(member: unknown): void {
  const names: readonly unknown[] = Array.isArray(member) ? member : [member];
  if (names.length === 0) throw wrong('at least one member', member, 'member');
  for (const [i, name] of names.entries()) {
    const isPosition = typeof name === 'number' && Number.isSafeInteger(name) && name >= 0;
    if (typeof name === 'string' || isPosition) continue;
    throw wrong(
      'a key, a position of at least 0, or a list of these',
      name,
      names === member ? `member[${i}]` : 'member',
    );
  }
}

export function checkModelOptions(options: ModelOptions): CheckedOptions<ModelOptions> {
  return reading('OPTION', 'options', () => check(options, MODEL_OPTIONS));
}

function check<O extends ModelOptions>(options: O, known: readonly string[]): CheckedOptions<O> {
  if (typeof options !== 'object' || options === null) throw wrong('an object', options, 'options');
  refuseUnknown(options, known, 'options');
  const precision = oneOf(options.precision ?? 'auto', PRECISION_NAMES, 'precision');
  const given = checkLimits(options.limits);
  const limits = { ...DEFAULT_LIMITS, ...given };
  return { ...options, precision, threads: checkThreads(options.threads), limits, given };
}

/** The option of {@link Model.runAsync}. */
export interface RunOptions {
  /**
   * Rejects the promise with ABORTED. A run that has started continues in the background, and may still write to the arrays
   * that the caller passed.
   */
  readonly signal?: AbortSignal;
}

export function checkRunOptions(options: RunOptions): RunOptions {
  return reading('OPTION', 'options', () => {
    if (typeof options !== 'object' || options === null) throw wrong('an object', options, 'options');
    refuseUnknown(options, ['signal'], 'options');
    const { signal } = options;
    checkSignal(signal);
    return { signal };
  });
}

/** The option of {@link Model.attach}. */
export interface AttachOptions {
  /** Like {@link ModelOptions.threads}, for the thread that attaches: default 1, whatever the sharing thread uses. */
  readonly threads?: number;
}

export function checkAttachOptions(options: AttachOptions): Required<AttachOptions> {
  return reading('OPTION', 'options', () => {
    if (typeof options !== 'object' || options === null) throw wrong('an object', options, 'options');
    refuseUnknown(options, ['threads'], 'options');
    return { threads: checkThreads(options.threads) };
  });
}

const MOST_THREADS = 256;

function checkThreads(threads = 1): number {
  if (Number.isSafeInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw wrong(`an integer from 1 to ${MOST_THREADS}`, threads, 'threads');
}

function checkLimits(limits: Partial<Limits> = {}): Partial<Limits> {
  if (typeof limits !== 'object' || limits === null) throw wrong('an object of numbers', limits, 'limits');
  refuseUnknown(limits, Object.keys(DEFAULT_LIMITS), 'limits');
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (typeof value !== 'number' || !(value >= 0)) throw wrong('a number of 0 or more', value, `limits.${name}`);
  }
  return Object.fromEntries(given);
}

export function oneOf<T extends string>(value: unknown, choices: readonly T[], place: string): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const words = typeof value === 'string' ? didYouMean(value, choices) : '';
  const message = `expected one of ${listNames(choices)}, found ${describe(value)}${words}`;
  throw new ForwardpassError('OPTION', message, place);
}

export function refuseUnknown(options: object, known: readonly string[], place: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const words = didYouMean(name, known) || `; expected one of ${listNames(known)}`;
    throw new ForwardpassError('OPTION', `unknown option ${quote(name)}${words}`, place);
  }
}

export function wrong(expected: string, found: unknown, place: string): ForwardpassError {
  return new ForwardpassError('OPTION', `expected ${expected}, found ${describe(found)}`, place);
}
