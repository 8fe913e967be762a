/**
 * Every failure of forwardpass is a {@link ForwardpassError}. Its `code` is for programs, its message for
 * people: what was expected, what was found. Its `place` says where, when there is a where.
 */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Each code, and what it says of the failure. A test provokes every one of them. */
export const ERROR_CODES = {
  SOURCE: 'the model could not be read from where it was said to be',
  UNKNOWN_FORMAT: 'the bytes are not a model file of any format that is read here',
  TRUNCATED: 'the file ends before what it declares',
  MALFORMED: 'the file contradicts itself or its format',
  UNSAFE: 'the file asks for something that a model must never ask for',
  UNSUPPORTED_OP: 'the model holds an operation that is not a row operation, or is not known here',
  UNSUPPORTED_DTYPE: 'a tensor has an element type that is not supported in its place',
  UNSUPPORTED_VERSION: 'the file is of a version that is not read here',
  ARCHITECTURE: 'the file holds parameters alone, or the architecture given does not fit them',
  SHAPE: 'two shapes that must agree do not',
  DANGLING: 'a name is used that nothing defines',
  DUPLICATE: 'a name is defined twice',
  CYCLE: 'the graph feeds on its own result',
  LIMIT: 'the file exceeds a limit; limits can be raised with the `limits` option',
  OPTION: 'an option or argument has a value that is not allowed',
  INPUT: 'the values to run are of the wrong type, length or name',
  BUFFER: 'a buffer is detached, resizable, shared, or overlaps another',
  ID: 'an id is not a whole number within its table',
  NOT_A_CLASSIFIER: 'class probabilities were asked of a model that gives none',
  CHECKSUM: 'the bytes are not the ones whose digest was given or recorded',
  REJECTED: 'a new version of a watched model may not take the place of the one in use',
  DISPOSED: 'the model was used after dispose()',
  HANDLE: 'a handle names no model that this thread can attach to',
  ISA: 'the instruction set asked for is unknown or not available on this processor',
  NATIVE: 'the native addon could not be found or loaded',
  PLAN: 'the engine refused a plan; this is a defect of forwardpass, please report it',
  MEMORY: 'memory for the model or its results could not be allocated',
  ABORTED: 'loading was aborted by its signal',
} as const;

export class ForwardpassError extends Error {
  override readonly name = 'ForwardpassError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Where: `layers[2].weight`, `node Conv_3`, `tensor fc1.bias`, a path. */
    readonly place?: string,
    options?: ErrorOptions,
  ) {
    super(place === undefined ? message : `${place}: ${message}`, options);
  }
}
