/** Ragged rows, with any number of pairs of an id and a weight: the caller's form and the engine's form. */
import { type FloatArray, isResizable, isTypedArray, lengthOf, type TypedArray } from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import type { Port } from './graph/lower.ts';
import { describe, quote } from './messages.ts';

/**
 * Rows of a ragged input (see {@link TensorInfo.ragged}): row r has the pairs from `offsets[r]` to before `offsets[r + 1]`. This
 * is a sparse matrix by rows, like scipy's `indices`, `data` and `indptr`.
 */
export interface RaggedRows {
  /** The ids of all rows, one row after another, from 0 to N − 1. An id may occur more than once in a row. */
  readonly ids: Int32Array | Uint32Array | BigInt64Array;
  /** As many as ids. Default: all 1. */
  readonly weights?: FloatArray;
  /** One more than the number of rows: 0 first, the number of ids last, never decreasing. */
  readonly offsets: Int32Array | readonly number[];
}

/** The same with offsets for the engine. */
export interface RaggedParts {
  readonly ids: RaggedRows['ids'];
  readonly weights?: FloatArray;
  readonly offsets: Int32Array;
}

/** The value for an input or output of a call. */
export type Given = TypedArray | RaggedParts;

const PARTS = ['ids', 'weights', 'offsets'] as const;
type Part = (typeof PARTS)[number];

const EXPECTED: Readonly<Record<Part, string>> = {
  ids: 'an Int32Array, Uint32Array or BigInt64Array',
  weights: 'a Float32Array or Float64Array',
  offsets: 'an Int32Array or an array of numbers',
};

/** Whether it looks like ragged rows and not like arrays by input name. */
export function isRaggedRows(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const { ids, offsets } = value as Partial<RaggedRows>;
  return isTypedArray(ids) || isTypedArray(offsets) || Array.isArray(offsets);
}

/** The caller's value for a ragged input, with properties read once. The engine checks lengths and numbers. */
export function raggedParts(value: unknown, port: Pick<Port, 'name'>): RaggedParts {
  const place = `input ${quote(port.name)}`;
  if (typeof value !== 'object' || value === null || isTypedArray(value) || Array.isArray(value)) {
    const message = `expected { ids, weights, offsets }, because its rows are pairs, found ${describe(value)}`;
    throw new ForwardpassError('INPUT', message, place);
  }
  const stranger = Object.keys(value).find((name) => !PARTS.some((part) => part === name));
  if (stranger !== undefined) {
    throw new ForwardpassError('INPUT', `expected only { ids, weights, offsets }, found ${quote(stranger)}`, place);
  }
  const { ids, weights, offsets } = value as Record<Part, unknown>;
  const parts = {
    ids: checked(ids, 'ids', place, [Int32Array, Uint32Array, BigInt64Array]) as RaggedRows['ids'],
    ...(weights !== undefined && {
      weights: checked(weights, 'weights', place, [Float32Array, Float64Array]) as FloatArray,
    }),
    offsets: Array.isArray(offsets)
      ? fromNumbers(offsets, `${place}.offsets`)
      : (checked(offsets, 'offsets', place, [Int32Array]) as Int32Array),
  };
  if (lengthOf(parts.offsets) === 0) {
    throw new ForwardpassError('INPUT', 'expected one number more than there are rows, found none', `${place}.offsets`);
  }
  if (parts.weights !== undefined && lengthOf(parts.weights) !== lengthOf(parts.ids)) {
    const message = `expected ${lengthOf(parts.ids)}, one for each id, found ${lengthOf(parts.weights)}`;
    throw new ForwardpassError('INPUT', message, `${place}.weights`);
  }
  return parts;
}

function checked(value: unknown, part: Part, place: string, types: readonly (new () => unknown)[]): unknown {
  if (!isTypedArray(value) || !types.some((Type) => value instanceof Type)) {
    throw new ForwardpassError('INPUT', `expected ${EXPECTED[part]}, found ${describe(value)}`, `${place}.${part}`);
  }
  if (!isResizable(value)) return value;
  throw new ForwardpassError('BUFFER', 'its ArrayBuffer is resizable; use one of fixed length', `${place}.${part}`);
}

function fromNumbers(numbers: readonly unknown[], place: string): Int32Array {
  let offsets: Int32Array;
  try {
    offsets = new Int32Array(numbers.length);
  } catch (cause) {
    throw new ForwardpassError('MEMORY', `not enough memory for ${numbers.length} numbers`, place, { cause });
  }
  for (let i = 0; i < offsets.length; i++) {
    const number = numbers[i];
    if (number !== (Number(number) | 0)) {
      throw new ForwardpassError('INPUT', `expected integers below 2^31, found ${describe(number)}`, `${place}[${i}]`);
    }
    offsets[i] = number as number;
  }
  return offsets;
}

/** The number of complete rows in the value for an input; 0 if the native call will reject it. */
export function rowsIn(given: unknown, port: Port): number {
  if (port.ragged) return Math.max(lengthOf((given as RaggedParts).offsets) - 1, 0);
  return isTypedArray(given) ? Math.floor(lengthOf(given) / port.width) : 0;
}

/** The arguments of the native call: a ragged input becomes ids, weights and offsets. */
export function argumentsOf(given: readonly Given[], inputs: readonly Port[]): readonly (TypedArray | undefined)[] {
  if (!inputs.some(({ ragged }) => ragged)) return given as readonly TypedArray[];
  return given.flatMap((buffer, i) => {
    if (!inputs[i]?.ragged) return [buffer as TypedArray];
    const { ids, weights, offsets } = buffer as RaggedParts;
    return [ids, weights, offsets];
  });
}
