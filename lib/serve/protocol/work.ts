/** Runs the rows of requests. */
import type { FloatArray, TypedArray } from '../../buffers.ts';
import type { FlatRows } from '../../rows.ts';
import type { Results, ServedModel, Work } from './types.ts';

/** Runs synchronously, on this thread. */
export function runWork(served: ServedModel, work: Work): Results {
  return served.model.runRows(work.rows);
}

/** Copies the rows, for running later or off the event loop. */
export function keptWork(work: Work): Work {
  const { rows } = work;
  if (!rows.isLent) return work;
  const arrays = rows.arrays.map((array) => (array as TypedArray).slice());
  return { ...work, rows: { ...rows, arrays, isLent: false } };
}

/** Copies the results, for later use. */
export function keptResults({ outputs, deciding }: Results): Results {
  const copy = (array: FloatArray): FloatArray => array.slice();
  return { outputs: outputs.map(copy), deciding: deciding.map(copy) };
}

/** Runs off the event loop. */
export function runWorkAsync(served: ServedModel, work: Work): Promise<Results> {
  return served.model.runRowsAsync(work.rows);
}

/**
 * Runs several requests in one call if possible. If it fails, each runs separately, so that bad rows only fail their
 * own request.
 */
export function runTogether(served: ServedModel, works: readonly Work[]): (Results | Error)[] {
  const joined = works.length > 1 ? joinedOf(works) : undefined;
  if (joined !== undefined) {
    try {
      return splitFor(works, runWork(served, joined), joined.count);
    } catch {
      // The runs below show which rows are bad.
    }
  }
  return works.map((work) => {
    try {
      return runWork(served, work);
    } catch (error) {
      return error as Error;
    }
  });
}

/** The combined rows; undefined if their arrays have different types, or are ragged. */
function joinedOf(works: readonly Work[]): Work | undefined {
  const [first, ...others] = works;
  const isAlike = (array: FlatRows['arrays'][number], input: number) =>
    ArrayBuffer.isView(array) && others.every(({ rows }) => rows.arrays[input].constructor === array.constructor);
  if (!first.rows.arrays.every(isAlike)) return undefined;
  const arrays = first.rows.arrays.map((_, input) =>
    concatenated(works.map(({ rows }) => rows.arrays[input] as TypedArray)),
  );
  const count = works.reduce((total, work) => total + work.count, 0);
  // `cell` is only used for error messages, and failed requests run again separately.
  return { count, rows: { arrays, isRecord: false, cell: () => ({ value: undefined, place: 'rows' }) } };
}

function concatenated(arrays: readonly TypedArray[]): TypedArray {
  const length = arrays.reduce((total, array) => total + array.length, 0);
  const All = arrays[0].constructor as new (length: number) => TypedArray;
  const all = new All(length);
  let at = 0;
  for (const array of arrays) {
    (all as { set(from: TypedArray, at: number): void }).set(array, at);
    at += array.length;
  }
  return all;
}

function splitFor(works: readonly Work[], { outputs, deciding }: Results, total: number): Results[] {
  let row = 0;
  return works.map(({ count }) => {
    const first = row;
    row += count;
    const part = <A extends Float32Array | Float64Array>(array: A) => {
      const width = array.length / Math.max(total, 1);
      return array.subarray(first * width, row * width) as A;
    };
    const own = outputs.map(part);
    return { outputs: own, deciding: deciding === outputs ? own : deciding.map(part) };
  });
}
