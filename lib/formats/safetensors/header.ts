/**
 * The header: a u64 length, then JSON with the element type, shape and data range of each tensor. It is used only after
 * all of it has been checked.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { formatShape } from '../../graph/shapes.ts';
import { describe, quote } from '../../messages.ts';
import { DTYPES, type StoredDType } from '../containers/elements.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import { duplicateKey } from '../containers/json-keys.ts';
import type { Reader } from '../format.ts';
import { LENGTH_BYTES } from './signature.ts';

/** The same limit as in the reference implementation. */
export const LONGEST_HEADER = 100_000_000;

export interface StoredTensor {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** In the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface Header {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

export async function readHeader(file: Reader, budget: Budget): Promise<Header> {
  const length = await readLength(file);
  const bytes = await file.read(LENGTH_BYTES, length);
  const { tensors, metadata } = parseHeader(bytes, budget);
  if (tensors.size > budget.limits.nodes) {
    throw new ForwardpassError(
      'LIMIT',
      `${tensors.size} tensors, over the limit nodes = ${budget.limits.nodes}`,
      'header',
    );
  }
  let elements = 0;
  const start = LENGTH_BYTES + length;
  const placed = [...tensors].map(([name, declared]) => ({ name, ...checkTensor(name, declared) }));
  for (const { shape } of placed) elements += countOf(shape) ?? 0;
  if (elements > budget.limits.parameters) {
    throw new ForwardpassError(
      'LIMIT',
      `${elements} elements, over the limit parameters = ${budget.limits.parameters}`,
      'header',
    );
  }
  checkCoverage(placed, file.size - start);
  const stored = placed.map(({ name, begin, end, dtype, shape }) => {
    return [name, { dtype, shape, offset: start + begin, byteLength: end - begin }] as const;
  });
  return { tensors: new Map(stored), metadata };
}

async function readLength(file: Reader): Promise<number> {
  const head = await file.read(0, LENGTH_BYTES);
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  if (length > LONGEST_HEADER) {
    throw new ForwardpassError(
      'LIMIT',
      `${length} bytes long, more than the ${LONGEST_HEADER} that the format allows`,
      'header',
    );
  }
  if (Number(length) > file.size - LENGTH_BYTES) {
    const message = `${length} bytes long, but only ${file.size - LENGTH_BYTES} follow in the file`;
    throw new ForwardpassError('TRUNCATED', message, 'header');
  }
  return Number(length);
}

function parseHeader(
  bytes: Uint8Array,
  budget: Budget,
): { tensors: Map<string, unknown>; metadata: Map<string, string> } {
  if (bytes[0] !== 0x7b) throw malformed("expected '{' as its first byte");
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw malformed('is not valid UTF-8', cause);
  }
  spendOnJson(text, budget, 'header');
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw malformed(`is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw malformed(`has the key ${quote(twice)} twice in one object`);
  const tensors = new Map<string, unknown>(Object.entries(header as object));
  const metadata = checkMetadata(tensors.get('__metadata__'));
  tensors.delete('__metadata__');
  return { tensors, metadata };
}

function checkMetadata(metadata: unknown = {}): Map<string, string> {
  if (!isObject(metadata))
    throw malformed(`expected an object of strings, found ${describe(metadata)}`, undefined, '__metadata__');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw malformed(`expected strings only, found ${describe(value)} for ${quote(key)}`, undefined, '__metadata__');
    }
  }
  return new Map(Object.entries(metadata) as [string, string][]);
}

interface Declared {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function checkTensor(name: string, declared: unknown): Declared {
  const place = `tensor ${name}`;
  if (!isObject(declared)) throw malformed(`expected an object, found ${describe(declared)}`, undefined, place);
  const { dtype, shape, data_offsets: offsets } = declared;
  if (!isWholes(shape)) throw malformed(`expected a shape of integers, found ${describe(shape)}`, undefined, place);
  if (!isWholes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    const found = isWholes(offsets) ? formatShape(offsets) : describe(offsets);
    throw malformed(`expected data_offsets [begin, end], found ${found}`, undefined, place);
  }
  const type = checkDType(dtype, place);
  const [begin, end] = offsets;
  const bytes = (countOf(shape) ?? Number.NaN) * DTYPES[type].bytes;
  if (!Number.isSafeInteger(bytes))
    throw malformed(`has more elements than can be counted: ${formatShape(shape)}`, undefined, place);
  if (end - begin !== bytes) {
    const takes = `${type} of shape ${formatShape(shape)} takes ${bytes} bytes`;
    throw malformed(`${takes}, but its data_offsets hold ${end - begin}`, undefined, place);
  }
  return { dtype: type, shape, begin, end };
}

function checkDType(dtype: unknown, place: string): StoredDType {
  if (typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype)) return dtype as StoredDType;
  if (typeof dtype !== 'string') throw malformed(`expected a dtype, found ${describe(dtype)}`, undefined, place);
  const message = `elements of type ${quote(dtype)} are not supported; expected one of ${Object.keys(DTYPES).join(', ')}`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
}

/** Ranges follow each other without gap or overlap, from the data's first byte to its last. */
function checkCoverage(placed: readonly (Declared & { name: string })[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of placed.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const message = `begins at byte ${begin} of the data, but the data before it ends at ${covered}`;
      throw malformed(message, undefined, `tensor ${name}`);
    }
    if (end > dataBytes) {
      const message = `ends at byte ${end} of the data, but the file holds ${dataBytes}`;
      throw new ForwardpassError('TRUNCATED', message, `tensor ${name}`);
    }
    covered = end;
  }
  if (covered !== dataBytes) throw malformed(`${dataBytes - covered} bytes follow the last tensor`, undefined, 'data');
}

/** Undefined if the product is too large to be exact. */
function countOf(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWholes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function malformed(message: string, cause?: unknown, place = 'header'): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, place, cause === undefined ? undefined : { cause });
}
