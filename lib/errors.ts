/**
 * Every failure of forwardpass is a {@link ForwardpassError}. Its `code` is for programs, its message for people: what
 * was expected, what was found. Its `place` says where, if there is a place.
 */
import { shown } from './messages.ts';

/**
 * What kind of failure a {@link ForwardpassError} is, for programs. [docs/errors.md](../docs/errors.md) says when each
 * comes, and what to do.
 *
 * @useDeclaredType
 */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Each code, and what it means. A test provokes every one of them. */
export const ERROR_CODES = {
  SOURCE: 'the model could not be read from its source',
  UNKNOWN_FORMAT: 'the bytes are not a model file of any supported format',
  TRUNCATED: 'the file ends before what it declares',
  MALFORMED: 'the file contradicts itself or its format',
  UNSAFE: 'the file asks for something that a model must never ask for',
  UNSUPPORTED_OP: 'the model has an operation that is unknown, or not an operation on rows',
  UNSUPPORTED_DTYPE: 'a tensor has an element type that is not supported in its place',
  UNSUPPORTED_VERSION: 'the file has a version that is not supported',
  ARCHITECTURE: 'the file contains only parameters, or the architecture given does not fit them',
  SHAPE: 'two shapes that must agree do not',
  DANGLING: 'a name is used that nothing defines',
  DUPLICATE: 'a name is defined twice',
  CYCLE: 'the graph depends on its own result',
  LIMIT: 'the file exceeds a limit; limits can be raised with the `limits` option',
  OPTION: 'an option or argument has a value that is not allowed',
  INPUT: 'the values to run are of the wrong type, length or name',
  BUFFER: 'a buffer is detached, resizable, shared, or overlaps another',
  ID: 'an id is not an integer within its table',
  FUNCTION: 'a function of the option `functions` failed, or returned an unexpected value',
  DIVERGED: 'learning from some rows would have made a parameter infinite or NaN; nothing was learned from them',
  NOT_A_CLASSIFIER: 'class probabilities were requested from a model that has none',
  CHECKSUM: 'the bytes do not match the digest that was given or recorded',
  REJECTED: 'a new version of a watched model must not replace the one in use',
  DISPOSED: 'the model was used after dispose()',
  HANDLE: 'a handle names no model that this thread can attach to',
  ISA: 'the instruction set asked for is unknown or not available on this processor',
  NATIVE: 'the native addon could not be found or loaded',
  PLAN: 'the engine rejected a plan; this is a defect of forwardpass, please report it',
  MEMORY: 'memory for the model or its results could not be allocated',
  ABORTED: 'loading or a run was aborted by its signal',
} as const;

/** The parts of an error that JSON and messages between threads keep. */
export interface ErrorRecord {
  /** Always `ForwardpassError`, also after JSON. */
  readonly name: 'ForwardpassError';
  /** What kind of failure it is. */
  readonly code: ErrorCode;
  /** The whole message, including the place. */
  readonly message: string;
  /** Where: see {@link ForwardpassError.place}. */
  readonly place?: string;
}

/** The most characters of a place and of a message. Both may contain names from files, which can have any length. */
const MOST_OF_PLACE = 300;
const MOST_OF_MESSAGE = 2000;

/** Every error of forwardpass. The message begins with the place; the stack begins with the name and the code. */
export class ForwardpassError extends Error {
  /** Always `ForwardpassError`. */
  declare readonly name: 'ForwardpassError';
  /** Where: `layers[2].weight`, `node Conv_3`, `tensor fc1.bias`, a path. Not enumerable: the message says it. */
  declare readonly place?: string;

  constructor(
    /** What kind of failure it is, for programs. */
    readonly code: ErrorCode,
    message: string,
    place?: string,
    options?: ErrorOptions,
  ) {
    const where = place === undefined ? undefined : shown(place, MOST_OF_PLACE);
    const text = shown(message, MOST_OF_MESSAGE, true);
    super(where === undefined ? text : `${where}: ${text}`, options);
    hide(this, 'place', where);
    // Structured clones keep the stack, which begins with the error's name at the time of the first read.
    hide(this, 'name', `${NAME} [${code}]`);
    Error.captureStackTrace?.(this, new.target);
    hide(this, 'stack', this.stack);
    Reflect.deleteProperty(this, 'name');
  }

  /**
   * Restores the error from what `toJSON` returned, or from the copy that `postMessage` and pools make of an error: its code is
   * read from the stack, and its place is then only in the message. Undefined if `value` was not a ForwardpassError.
   */
  static from(value: unknown): ForwardpassError | undefined {
    if (value instanceof ForwardpassError) return value;
    if (typeof value !== 'object' || value === null) return undefined;
    const { name, code, message, place, stack, cause } = value as Record<string, unknown>;
    const known = name === NAME ? code : codeOf(stack);
    if (!isCode(known) || typeof message !== 'string') return undefined;
    const isPlaced = typeof place === 'string' && message.startsWith(`${place}: `);
    const text = isPlaced ? message.slice(place.length + 2) : message;
    const options = cause === undefined ? undefined : { cause };
    const error = new ForwardpassError(known, text, isPlaced ? place : undefined, options);
    if (typeof stack === 'string') hide(error, 'stack', stack);
    return error;
  }

  /** The parts that JSON and messages between threads keep: code, place and message, without the stack. */
  toJSON(): ErrorRecord {
    const { code, message, place } = this;
    return { name: NAME, code, message, ...(place !== undefined && { place }) };
  }
}

const NAME = 'ForwardpassError';
hide(ForwardpassError.prototype, 'name', NAME);

function hide(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: false, writable: true, configurable: true });
}

function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}

function codeOf(stack: unknown): string | undefined {
  return typeof stack === 'string' ? /^ForwardpassError \[([A-Z_]+)\]:/.exec(stack)?.[1] : undefined;
}
