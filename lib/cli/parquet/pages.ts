/**
 * The pages of one column of a row group, checked before hyparquet decodes them: it trusts the headers of pages, and a
 * file of a kilobyte could make it allocate gigabytes, or loop for hours.
 */

import * as zlib from 'node:zlib';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { snappyUncompress } from 'hyparquet';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { ForwardpassError } from '../../errors.ts';
import { checkDeltas, checkRuns, PageFault } from './runs.ts';
import { ThriftCheck, type ThriftFields } from './thrift.ts';

/** The limits for one page, in bytes and in values. */
const LARGEST_PAGE = 1 << 28;
const MOST_VALUES = 1 << 24;

/** Numbers from the format's enumerations. */
const PAGE = { data: 0, index: 1, dictionary: 2, dataV2: 3 } as const;
const ENCODING = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  deltaBinary: 5,
  deltaLength: 6,
  deltaBytes: 7,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;

export interface ColumnPages {
  /** The name of the compression in the format. */
  readonly codec: string;
  /** The physical type. */
  readonly type: string;
  /** The length of elements of fixed length. */
  readonly typeLength?: number;
  /** Whether values may be null; levels then say which are. */
  readonly isOptional: boolean;
}

type Unpack = (bytes: Uint8Array, length: number) => Uint8Array;

/** The decompressed bytes of pages, by position in the chunk. */
export type Unpacked = ReadonlyMap<number, Uint8Array>;

/**
 * Checks the pages of a chunk that contain rows from `start` to `end`; returns their decompressed bytes. Throws
 * `MALFORMED`, `LIMIT`, `UNSUPPORTED_VERSION`.
 */
export function checkPages(
  chunk: Uint8Array,
  column: ColumnPages,
  [first, last]: readonly [first: number, last: number],
  place: string,
): Unpacked {
  const unpack = unpackerOf(column.codec, place);
  const unpacked = new Map<number, Uint8Array>();
  let hasDictionary = false;
  let rows = 0;
  try {
    for (let at = 0; at < chunk.length - 1; ) {
      const check = new ThriftCheck(chunk, place, at);
      const header = check.struct();
      const [kind, size, packedSize] = [1, 2, 3].map((field) => numberOf(header, field));
      at = check.at + packedSize;
      if (at > chunk.length) throw new PageFault(`a page of ${packedSize} bytes`);
      if (size > LARGEST_PAGE) throw new ForwardpassError('LIMIT', `has a page of ${size} bytes`, place);
      const details = structOf(header, kind === PAGE.data ? 5 : kind === PAGE.dictionary ? 7 : 8);
      const count = numberOf(details, 1);
      if (count > MOST_VALUES) throw new ForwardpassError('LIMIT', `has a page of ${count} values`, place);
      if (kind !== PAGE.dictionary) {
        rows += count;
        if (rows < first) continue;
        if (rows - count >= last) break;
      }
      const start = check.at + (kind === PAGE.dataV2 ? levelBytes(details, packedSize) : 0);
      const packed = chunk.subarray(start, at);
      const isPacked = unpack !== undefined && !(kind === PAGE.dataV2 && details.get(7) === false);
      const body = isPacked ? unpack(packed, size - (start - check.at)) : packed;
      if (isPacked) unpacked.set(start, body);
      if (kind === PAGE.dictionary) {
        if (count > body.length) throw new PageFault(`a dictionary of ${count} values in ${body.length} bytes`);
        hasDictionary = true;
      } else {
        checkValues(kind, details, body, chunk.subarray(check.at, start), column, hasDictionary);
      }
    }
    return unpacked;
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    const what = cause instanceof PageFault ? `it has ${cause.message}` : libraryFault(cause);
    throw new ForwardpassError('MALFORMED', `the Parquet file is damaged: ${what}`, place, { cause });
  }
}

function checkValues(
  kind: number,
  details: ThriftFields,
  body: Uint8Array,
  levels: Uint8Array,
  { type, typeLength = 0, isOptional }: ColumnPages,
  hasDictionary: boolean,
): void {
  const count = numberOf(details, 1);
  let at = 0;
  let valueCount = count;
  if (kind === PAGE.dataV2) {
    valueCount -= numberOf(details, 2);
    if (valueCount < 0 || numberOf(details, 3) > count) throw new PageFault('more nulls or rows than values');
    if (isOptional) checkRuns(levels, numberOf(details, 6), levels.length, 1, count);
  } else if (isOptional) {
    const length = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0, true);
    at = 4 + length;
    if (at > body.length) throw new PageFault(`levels of ${length} bytes`);
    valueCount = checkRuns(body, 4, at, 1, count);
  }
  const encoding = numberOf(details, kind === PAGE.dataV2 ? 4 : 2);
  switch (encoding) {
    case ENCODING.plain:
      return;
    case ENCODING.plainDictionary:
    case ENCODING.rleDictionary:
      if (!hasDictionary || type === 'BOOLEAN') throw new PageFault('a page that refers to a missing dictionary');
      // With a width of 0 bits all values are the first of the dictionary; only version 2 pages still have runs then.
      if (valueCount > 0 && (body[at] > 0 || kind === PAGE.dataV2)) {
        checkRuns(body, at + 1, body.length, body[at], valueCount);
      }
      return;
    case ENCODING.rle:
      // Only booleans have runs, after their length.
      if (type !== 'BOOLEAN') throw new PageFault(`runs of ${type}`);
      checkRuns(body, at + 4, body.length, 1, valueCount);
      return;
    case ENCODING.byteStreamSplit: {
      const width = type === 'DOUBLE' || type === 'INT64' ? 8 : type === 'FIXED_LEN_BYTE_ARRAY' ? typeLength : 4;
      if (valueCount * width > body.length - at) throw new PageFault(`${valueCount} values in ${body.length} bytes`);
      return;
    }
    case ENCODING.deltaBinary:
    case ENCODING.deltaLength:
      if (valueCount > 0) checkDeltas(body, at, valueCount);
      return;
    case ENCODING.deltaBytes:
      if (valueCount > 0) checkPrefixes(body, at, valueCount);
      return;
    default:
      throw new PageFault(`the unknown encoding ${encoding}`);
  }
}

/** Checks values that share a prefix with the previous one: their total length must not exceed that of a page. */
function checkPrefixes(body: Uint8Array, at: number, count: number): void {
  const suffixes = checkDeltas(body, at, count);
  checkDeltas(body, suffixes, count);
  const lengthsAt = (offset: number) => {
    const lengths = new Int32Array(count);
    deltaBinaryUnpack({ view: new DataView(body.buffer, body.byteOffset, body.byteLength), offset }, count, lengths);
    return lengths;
  };
  let total = 0;
  for (const lengths of [lengthsAt(at), lengthsAt(suffixes)]) {
    for (const length of lengths) {
      if (length < 0) throw new PageFault('a value of negative length');
      total += length;
    }
  }
  if (total > LARGEST_PAGE) throw new PageFault(`values of ${total} bytes in one page`);
}

/** The size of the levels, which precede the values and are never compressed. */
function levelBytes(details: ThriftFields, packedSize: number): number {
  const length = numberOf(details, 5) + numberOf(details, 6);
  if (length > packedSize) throw new PageFault(`levels of ${length} bytes`);
  return length;
}

function numberOf(fields: ThriftFields, field: number): number {
  const value = fields.get(field);
  if (typeof value !== 'number' || value < 0) throw new PageFault('a page header with a missing number');
  return value;
}

function structOf(fields: ThriftFields, field: number): ThriftFields {
  const value = fields.get(field);
  if (!(value instanceof Map)) throw new PageFault('a page whose header does not say what it holds');
  return value;
}

/** The decompressor of a codec; undefined if nothing is compressed. It returns exactly the stated length or throws. */
function unpackerOf(codec: string, place: string): Unpack | undefined {
  switch (codec) {
    case 'UNCOMPRESSED':
      return undefined;
    case 'SNAPPY':
      return (bytes, length) => {
        const output = new Uint8Array(length);
        snappyUncompress(bytes, output);
        return output;
      };
    case 'GZIP':
      return exactly((bytes, options) => gunzipSync(bytes, options));
    case 'BROTLI':
      return exactly((bytes, options) => brotliDecompressSync(bytes, options));
    case 'ZSTD':
      if ('zstdDecompressSync' in zlib) return exactly(zlib.zstdDecompressSync as Decompress);
      throw unsupported('is compressed by zstd, which needs Node 22.15 or 23.8', place);
    default:
      throw unsupported(`is compressed by ${codec}, which is not supported`, place);
  }
}

function unsupported(what: string, place: string): ForwardpassError {
  return new ForwardpassError('UNSUPPORTED_VERSION', `${what}; write it with compression='snappy' or 'gzip'`, place);
}

type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

function exactly(decompress: Decompress): Unpack {
  return (bytes, length) => {
    if (length <= 0) return new Uint8Array(0);
    const output = decompress(bytes, { maxOutputLength: length });
    if (output.length !== length) throw new PageFault(`a page of ${output.length} bytes instead of ${length}`);
    return output;
  };
}

/** The library's message for a damaged file, or a general one for its internal errors. */
export function libraryFault(cause: unknown): string {
  if (cause instanceof TypeError || cause instanceof RangeError) return 'its parts do not fit together';
  return cause instanceof Error ? cause.message : String(cause);
}
